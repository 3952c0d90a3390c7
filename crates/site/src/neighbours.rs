//! What a site asks of the node around it: its own board, the boards of others, and what is
//! announced.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use swell_core::ids::SiteId;
use swell_core::time::Span;
use swell_forecast::calendar::occasion::Occasion;

use swell_outlook::board::{Board, Contact};
use swell_outlook::crew::NodeReading;
use swell_outlook::oddities::Noticed;

/// A board on its way, or why it does not come.
pub type Reading<'a> = Pin<Box<dyn Future<Output = Result<Board, String>> + Send + 'a>>;

/// A question on its way there and back.
pub type RoundTrip<'a> = Pin<Box<dyn Future<Output = Option<Duration>> + Send + 'a>>;

/// The node around a site, and its channel to others.
pub trait Neighbours: Send + Sync + 'static {
    /// The board of this site; `contacts` are the other sites that it knows of.
    fn own(&self, contacts: Vec<Contact>) -> Board;

    /// The nodes of this site, where it has others besides the one that has its seat.
    fn nodes(&self) -> Vec<NodeReading> {
        Vec::new()
    }

    /// Reads the board of another site, over the channel of state monitoring.
    fn read<'a>(&'a self, contact: &'a Contact) -> Reading<'a>;

    /// Asks another site for nothing, and tells how long that took; nothing where it did not answer.
    fn round_trip<'a>(&'a self, _contact: &'a Contact) -> RoundTrip<'a> {
        Box::pin(std::future::ready(None))
    }

    /// The same over the resource channel, which carries the log and what moves.
    fn resource_trip<'a>(&'a self, _contact: &'a Contact) -> RoundTrip<'a> {
        Box::pin(std::future::ready(None))
    }

    /// Who is there besides this site, by the gossip of sites; nothing where there is none. It
    /// suspects, and decides nothing.
    fn there(&self) -> Option<BTreeSet<SiteId>>;

    /// Sites that were heard of, and where they may be asked.
    fn know(&self, contacts: &BTreeMap<SiteId, Contact>);

    /// Something is out of the ordinary about workloads that this site has authority over; slots
    /// are that long. May wait for the disk.
    fn on_noticed(&self, _noticed: Vec<Noticed>, _slot: Span) {}

    /// What is announced, by calendars.
    fn occasions(&self) -> Vec<Occasion>;
}
