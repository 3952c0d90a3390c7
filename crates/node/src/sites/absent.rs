//! A function that is not here: may it be that another site serves it?

use std::sync::atomic::Ordering;

use swell_site::route::Route;

use crate::sites::elsewhere::Elsewhere;

impl Elsewhere {
    /// Whether a function that is not here, and for which there is no way now, may be served at
    /// another site.
    pub fn may_serve(&self, name: &str) -> bool {
        let awaits_orders = self.is_follower.load(Ordering::Acquire) && self.ways.read().is_none();
        let site = self.site.read().clone();
        let is_routed = || site.is_some_and(|site| site.route_of(name, None) != Route::Here);
        self.settling.is_on() || awaits_orders || is_routed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn until_a_node_knows_the_others_a_function_may_be_theirs() {
        let elsewhere = Elsewhere::default();
        assert!(!elsewhere.may_serve("shop"), "it is alone");
        elsewhere.expect(true);
        assert!(elsewhere.may_serve("shop"), "its site is not up yet");
        elsewhere.expect(false);
        assert!(!elsewhere.may_serve("shop"), "it is none any more");
        elsewhere.await_orders();
        assert!(elsewhere.may_serve("shop"), "its seat has told it nothing yet");
        elsewhere.follow(None);
        assert!(!elsewhere.may_serve("shop"));
    }
}
