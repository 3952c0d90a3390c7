//! Where calls go from a node whose site has its seat at another one.

use std::collections::BTreeMap;

use swell_outlook::board::Contact;

use crate::nodes::wire::{Order, OrderedWay};
use crate::sites::contact::taken;
use crate::sites::seal::Key;

/// Where calls go from a node whose site has its seat at another one, as it was told.
#[derive(Debug, Clone, PartialEq)]
pub struct Ways {
    seat: Contact,
    key: Option<Key>,
    functions: BTreeMap<String, OrderedWay>,
}

impl Ways {
    /// By that order.
    pub fn of(order: &Order) -> Self {
        let functions = order.functions.iter();
        let functions = functions.map(|(name, ordered)| (name.clone(), ordered.way.clone()));
        let (seat, key) = (taken(&order.seat), Key::of(&order.key));
        Self { seat, key, functions: functions.collect() }
    }

    /// What calls are sealed with that are passed on.
    pub fn key(&self) -> Option<&Key> {
        self.key.as_ref()
    }

    /// The seat.
    pub fn seat(&self) -> &Contact {
        &self.seat
    }

    /// The site for a function, and how many thousandths of its calls go there. What is not known
    /// here is served by the seat, or it knows who does.
    pub fn of_function(&self, name: &str, is_here: bool) -> Option<(Contact, u16)> {
        match self.functions.get(name) {
            Some(OrderedWay::Share(to, per_mille)) => Some((taken(to), *per_mille)),
            Some(OrderedWay::There(to)) => Some((taken(to), 1_000)),
            Some(OrderedWay::Here) | None if is_here => None,
            Some(OrderedWay::Here) | None => Some((self.seat.clone(), 1_000)),
        }
    }
}

#[cfg(test)]
mod tests {
    use swell_api::site_joining::SiteContact;

    use super::*;

    #[test]
    fn a_node_goes_by_what_its_seat_told() {
        let at = |name: &str| {
            let name = name.to_string();
            let (gateway, state, resource) = Default::default();
            SiteContact { name, gateway, state, resource, flow: None }
        };
        let functions = [
            ("shop", OrderedWay::Here),
            ("till", OrderedWay::There(at("lima"))),
            ("half", OrderedWay::Share(at("lima"), 500)),
        ];
        let functions = functions.map(|(name, way)| (name.to_string(), way)).into();
        let ways = Ways { seat: taken(&at("oslo")), key: None, functions };
        for (name, is_here, expected) in [
            ("shop", true, None),
            ("shop", false, Some(("oslo", 1_000))),
            ("till", true, Some(("lima", 1_000))),
            ("half", true, Some(("lima", 500))),
            ("cart", false, Some(("oslo", 1_000))),
            ("cart", true, None),
        ] {
            let goes = ways.of_function(name, is_here);
            let goes = goes.as_ref().map(|(to, per_mille)| (to.name.as_str(), *per_mille));
            assert_eq!(goes, expected, "{name} {is_here}");
        }
    }
}
