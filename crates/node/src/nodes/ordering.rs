//! What the other nodes of a site are to serve: what is deployed at the seat, and is not bound to
//! it.

use std::collections::BTreeMap;

use swell_api::site_joining::SiteContact;
use swell_site::route::Route;
use swell_site::site::Site;

use crate::deploy::deployer::Deployer;
use crate::nodes::bound::{Bound, elsewhere};
use crate::nodes::wire::{Order, Ordered, OrderedWay};
use crate::registry::{Function, Registry};
use crate::sites::contact::told;
use crate::sites::metering::workload;

/// What the other nodes should have carried out.
#[derive(Debug, Clone)]
pub struct Current {
    /// Which order it is: of two the larger is the newer one.
    pub revision: u64,
    /// That.
    pub order: Order,
    /// By which order nodes have a function as it is now.
    pub since: BTreeMap<String, u64>,
    /// Functions that stay at the seat, with the reasons.
    pub bound: BTreeMap<String, &'static str>,
}

impl Current {
    /// An order to have nothing.
    pub fn nothing(seat: SiteContact) -> Self {
        let order = Order { seat, key: String::new(), functions: BTreeMap::new() };
        Self { revision: 0, order, since: BTreeMap::new(), bound: BTreeMap::new() }
    }

    /// The next one, where what should be is other than before. `now_ms` is the time of day: so
    /// orders after a restart of the seat are newer than those before.
    pub fn next(&self, order: Order, bound: BTreeMap<String, &'static str>, now_ms: u64) -> Self {
        if self.order == order && self.revision > 0 {
            return Self { bound, ..self.clone() };
        }
        let revision = now_ms.max(self.revision + 1);
        let since = order.functions.iter().map(|(name, ordered)| {
            let former = self.order.functions.get(name).filter(|former| same(former, ordered));
            let since = former.and_then(|_| self.since.get(name)).copied();
            (name.clone(), since.unwrap_or(revision))
        });
        let since = since.collect();
        Self { revision, order, since, bound }
    }
}

/// Whether what is there is the same, wherever calls of it go.
fn same(one: &Ordered, other: &Ordered) -> bool {
    let plain = |of: &Ordered| Ordered { way: OrderedWay::Here, ..of.clone() };
    plain(one) == plain(other)
}

/// What should be, and which functions stay at the seat. May wait for a disk.
pub fn compose(
    site: &Site,
    (seat, key): (&SiteContact, &str),
    (registry, deployer): (&Registry, &Deployer),
    bound: &Bound,
) -> (Order, BTreeMap<String, &'static str>) {
    let contacts = site.contacts();
    let way = |function: &Function| {
        let contact = |of| contacts.get(&of).map(told);
        Some(match site.route_of(&function.name, Some(workload(function))) {
            Route::Here => OrderedWay::Here,
            Route::Share { site, per_mille } => OrderedWay::Share(contact(site)?, per_mille),
            Route::There(site) => OrderedWay::There(contact(site)?),
        })
    };
    let (mut functions, mut stays) = (BTreeMap::new(), BTreeMap::new());
    for function in registry.all() {
        let name = function.name.to_string();
        let mut versions = function.versions.iter();
        if let Some(why) = versions.find_map(|version| bound.why(&version.spec)) {
            stays.insert(name, why);
            continue;
        }
        let Some(mut lineage) = deployer.lineage(&name) else { continue };
        for kept in &mut lineage.versions {
            kept.spec = elsewhere(&kept.spec);
        }
        let way = way(&function).unwrap_or(OrderedWay::Here);
        functions.insert(name, Ordered { lineage, way });
    }
    (Order { seat: seat.clone(), key: key.to_string(), functions }, stays)
}

#[cfg(test)]
mod tests {
    use swell_api::spec::{BackendName, FunctionSpec};

    use super::*;
    use crate::deploy::adopt::{Kept, Lineage};
    use crate::store::record::Head;

    fn seat() -> SiteContact {
        let (name, gateway) = ("oslo".to_string(), "http://10.0.0.5:7070".to_string());
        SiteContact { name, gateway, state: String::new(), resource: String::new(), flow: None }
    }

    fn order(memory: u64, way: OrderedWay) -> Order {
        let spec = FunctionSpec {
            memory_bytes: memory,
            ..FunctionSpec::plain("shop", BackendName::Modelled)
        };
        let versions = vec![Kept { version: 1, deployed_at_ms: 0, spec }];
        let lineage = Lineage { head: Head::default(), versions };
        let functions = [("shop".to_string(), Ordered { lineage, way })].into();
        Order { seat: seat(), key: String::new(), functions }
    }

    #[test]
    fn orders_grow_and_say_since_when_each_function_is_as_it_is() {
        let bound = BTreeMap::new;
        let first = Current::nothing(seat()).next(order(1, OrderedWay::Here), bound(), 1_000);
        assert_eq!((first.revision, first.since["shop"]), (1_000, 1_000));
        let same = first.next(order(1, OrderedWay::Here), bound(), 2_000);
        assert_eq!(same.revision, 1_000);
        let elsewhere = first.next(order(1, OrderedWay::There(seat())), bound(), 900);
        assert_eq!((elsewhere.revision, elsewhere.since["shop"]), (1_001, 1_000));
        let other = elsewhere.next(order(2, OrderedWay::Here), bound(), 3_000);
        assert_eq!((other.revision, other.since["shop"]), (3_000, 3_000));
        let restarted = Current::nothing(seat()).next(order(2, OrderedWay::Here), bound(), 4_000);
        assert!(restarted.revision > other.revision);
        let none = Order { seat: seat(), key: String::new(), functions: BTreeMap::new() };
        assert_eq!(Current::nothing(seat()).next(none, bound(), 5).revision, 5, "zero is no order");
    }
}
