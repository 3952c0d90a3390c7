//! Where minds can live, and the loop that runs them there.
//!
//! The loop is the same for a live node, a simulation and a replay; only the world
//! differs. Whoever implements [`World`] owns time.

use crate::action::Action;
use crate::event::Event;
use crate::ids::SiteId;
use crate::journal::Journal;
use crate::site::Site;
use crate::time::Instant;

/// The source of news and the receiver of orders.
pub trait World {
    /// The next piece of news: the earliest event, or [`Event::WokeUp`] for the given site
    /// if the time it asks for comes first. `None` ends the run.
    ///
    /// Invariant: time never goes back from one call to the next.
    fn next(&mut self, wake: Option<(Instant, SiteId)>) -> Option<(Instant, SiteId, Event)>;

    /// Carries out the orders of a site and empties the list.
    fn perform(&mut self, now: Instant, site: SiteId, actions: &mut Vec<Action>);
}

/// Runs minds in a world until it has no more news. `SiteId` is the index into `sites`.
pub fn run<W: World, J: Journal>(sites: &mut [Site], world: &mut W, journal: &mut J) {
    let mut actions = Vec::new();
    while step(sites, world, journal, &mut actions).is_some() {}
}

/// Takes in one piece of news and carries out what follows; tells when that was.
/// `actions` is room to work in, empty before and after.
pub fn step<W: World, J: Journal>(
    sites: &mut [Site],
    world: &mut W,
    journal: &mut J,
    actions: &mut Vec<Action>,
) -> Option<Instant> {
    let (now, id, event) = world.next(earliest(sites))?;
    journal.event(now, id, &event);
    sites[id.index()].handle(now, event, actions);
    journal.actions(actions);
    world.perform(now, id, actions);
    debug_assert!(actions.is_empty(), "a world carries out every order");
    Some(now)
}

fn earliest(sites: &[Site]) -> Option<(Instant, SiteId)> {
    let wakes = sites.iter().enumerate();
    wakes.filter_map(|(index, site)| Some((site.next_wakeup()?, SiteId(index as u32)))).min()
}
