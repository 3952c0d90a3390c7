//! The node around a site: its board, the boards of others, and its calendar.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use swell_forecast::calendar::occasion::Occasion;
use swell_link::client::Client;
use swell_site::board::{Board, Contact};
use swell_site::neighbours::{Neighbours, Reading};

use crate::foresight::ground::Ground;
use crate::live::world::Live;
use crate::registry::Registry;
use crate::sites::contact::state_of;
use crate::sites::metering::{cards, reading};

/// Followed series of these names are what the site bears as a whole: thousandths of a processor,
/// MiB, kbit/s, operations a second.
pub const MEASURED: [&str; 4] = ["site-cpu", "site-memory", "site-network", "site-io"];
/// Where a board is read, on the channel of state monitoring.
pub const BOARD: &str = "/v1/board";
/// The longest board: ten thousand workloads with long names.
const BOARD_BYTES_MAX: usize = 8 << 20;
/// How long it may take.
const BOARD_MAX: Duration = Duration::from_secs(5);

/// The node around a site.
pub struct Surroundings {
    /// Where this site is found.
    pub contact: Contact,
    /// What is deployed.
    pub registry: Arc<Registry>,
    /// What runs.
    pub live: Arc<Live>,
    /// What is announced.
    pub ground: Arc<Ground>,
    /// The channel of state monitoring.
    pub client: Client,
}

impl Surroundings {
    fn measured(&self, name: &str) -> Option<u64> {
        let value = self.ground.followed.as_ref()?.latest(name)?;
        (value.is_finite() && value >= 0.0).then_some(value as u64)
    }
}

impl Neighbours for Surroundings {
    fn own(&self, contacts: Vec<Contact>) -> Board {
        let mut reading = reading(&self.registry, &self.live);
        reading.measured = MEASURED.map(|name| self.measured(name));
        let (contact, cards) = (self.contact.clone(), cards(&self.registry));
        Board { contact, cards, reading, contacts }
    }

    fn read<'a>(&'a self, contact: &'a Contact) -> Reading<'a> {
        Box::pin(async move {
            let to = state_of(contact);
            let asked = self.client.post(&to, BOARD, Bytes::new(), BOARD_BYTES_MAX, BOARD_MAX);
            let bytes = asked.await.map_err(|error| error.to_string())?;
            serde_json::from_slice(&bytes).map_err(|error| error.to_string())
        })
    }

    fn occasions(&self) -> Vec<Occasion> {
        self.ground.calendar.all()
    }
}
