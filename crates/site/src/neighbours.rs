//! What a site asks of the node around it: its own board, the boards of others, and what is
//! announced.

use std::future::Future;
use std::pin::Pin;

use swell_forecast::calendar::occasion::Occasion;

use crate::board::{Board, Contact};

/// A board on its way, or why it does not come.
pub type Reading<'a> = Pin<Box<dyn Future<Output = Result<Board, String>> + Send + 'a>>;

/// The node around a site, and its channel to others.
pub trait Neighbours: Send + Sync + 'static {
    /// The board of this site; `contacts` are the other sites that it knows of.
    fn own(&self, contacts: Vec<Contact>) -> Board;

    /// Reads the board of another site, over the channel of state monitoring.
    fn read<'a>(&'a self, contact: &'a Contact) -> Reading<'a>;

    /// What is announced, by calendars.
    fn occasions(&self) -> Vec<Occasion>;
}
