//! What a site asks of the node around it: its own board, the boards of others, and what is
//! announced.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;

use swell_core::ids::SiteId;
use swell_forecast::calendar::occasion::Occasion;

use swell_outlook::board::{Board, Contact};
use swell_outlook::crew::NodeReading;

/// A board on its way, or why it does not come.
pub type Reading<'a> = Pin<Box<dyn Future<Output = Result<Board, String>> + Send + 'a>>;

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

    /// Who is there besides this site, by the gossip of sites; nothing where there is none. It
    /// suspects, and decides nothing.
    fn there(&self) -> Option<BTreeSet<SiteId>>;

    /// Sites that were heard of, and where they may be asked.
    fn know(&self, contacts: &BTreeMap<SiteId, Contact>);

    /// What is announced, by calendars.
    fn occasions(&self) -> Vec<Occasion>;
}
