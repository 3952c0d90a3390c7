//! The node around a site: its board, the boards of others, and its calendar.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use swell_consensus::monitoring::state_channel::StateChannel;
use swell_core::council::words::Loads;
use swell_core::ids::SiteId;
use swell_core::time::Span;
use swell_forecast::calendar::occasion::Occasion;
use swell_link::client::Client;
use swell_outlook::board::{Board, Contact};
use swell_outlook::crew::NodeReading;
use swell_outlook::naming::site_id;
use swell_outlook::oddities::Noticed;
use swell_site::neighbours::{Neighbours, Reading, RoundTrip};

use crate::clock::wall_ms;
use crate::flow::flows::Flows;
use crate::foresight::ground::Ground;
use crate::nodes::crew::Crew;
use crate::registry::Registry;
use crate::sites::contact::resource_of;
use crate::sites::elsewhere::Elsewhere;
use crate::sites::meter::Meter;
use crate::sites::metering::cards;
use crate::sites::noticing;

/// Followed series of these names are what the site bears as a whole: thousandths of a processor,
/// MiB, kbit/s, operations a second.
pub const MEASURED: [&str; 4] = ["site-cpu", "site-memory", "site-network", "site-io"];
/// A measure that is older than so many steps counts no more.
const STALE_STEPS: u64 = 3;
/// Where a board is read, on the channel of state monitoring.
pub const BOARD: &str = "/v1/board";
/// Where a site says, on the resource channel, that it is there, and nothing else.
pub const THERE: &str = "/v1/there";
/// The longest answer to that.
const ANSWER_BYTES_MAX: usize = 1 << 10;
/// Where nothing is asked and nothing answered, to see how long that takes.
pub const ECHO: &str = "/v1/echo";
/// The longest board: ten thousand workloads with long names.
const BOARD_BYTES_MAX: usize = 8 << 20;
/// The most announcements that others are told, and how long after they are over.
const OCCASIONS_MAX: usize = 128;
const OVER_MS: u64 = 24 * 3_600_000;
/// How long it may take.
const BOARD_MAX: Duration = Duration::from_secs(5);

/// The node around a site.
pub struct Surroundings {
    /// Where this site is found.
    pub contact: Contact,
    /// What is deployed.
    pub registry: Arc<Registry>,
    /// What is announced.
    pub ground: Arc<Ground>,
    /// Flows between functions.
    pub flows: Arc<Flows>,
    /// What was used here.
    pub meter: Arc<Meter>,
    /// What this node bears.
    pub capacity: Loads,
    /// What was passed on to other sites.
    pub elsewhere: Arc<Elsewhere>,
    /// The other nodes of this site.
    pub crew: Arc<Crew>,
    /// The channel of state monitoring.
    pub channel: StateChannel,
    /// The resource channel, to other sites.
    pub client: Client,
}

impl Surroundings {
    fn measured(&self, name: &str) -> Option<u64> {
        let (at_ms, value) = self.ground.followed.as_ref()?.latest(name)?;
        let is_stale = at_ms + STALE_STEPS * self.ground.step_ms() < wall_ms();
        (!is_stale && value.is_finite() && value >= 0.0).then_some(value as u64)
    }
}

impl Neighbours for Surroundings {
    fn own(&self, contacts: Vec<Contact>) -> Board {
        let mut reading = self.meter.reading(&self.capacity);
        reading.measured = MEASURED.map(|name| self.measured(name));
        let contact = self.contact.clone();
        let cards = cards(&self.registry, &self.flows.specs());
        let reading = self.crew.reading(reading);
        let (passed, nodes) = (self.crew.passed(self.elsewhere.passed()), self.crew.cards());
        let occasions = shared(self.ground.calendar.all(), wall_ms());
        Board { contact, cards, reading, contacts, passed, occasions, nodes }
    }

    fn nodes(&self) -> Vec<NodeReading> {
        self.crew.readings(|| self.meter.reading(&self.capacity))
    }

    fn read<'a>(&'a self, contact: &'a Contact) -> Reading<'a> {
        Box::pin(async move {
            let site = site_id(&contact.name);
            let asked = self.channel.ask(site, &contact.state, BOARD, BOARD_BYTES_MAX, BOARD_MAX);
            let bytes = asked.await?;
            let mut board: Board =
                serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
            board.occasions.retain(|occasion| occasion.check().is_ok());
            board.occasions.truncate(OCCASIONS_MAX);
            Ok(board)
        })
    }

    fn round_trip<'a>(&'a self, contact: &'a Contact) -> RoundTrip<'a> {
        Box::pin(async move {
            let (site, begun) = (site_id(&contact.name), Instant::now());
            let asked = self.channel.ask(site, &contact.state, ECHO, 0, BOARD_MAX).await;
            asked.ok().map(|_| begun.elapsed())
        })
    }

    fn resource_trip<'a>(&'a self, contact: &'a Contact) -> RoundTrip<'a> {
        Box::pin(async move {
            let (to, begun) = (resource_of(contact), Instant::now());
            let asked =
                self.client.post(&to, THERE, Bytes::new(), ANSWER_BYTES_MAX, BOARD_MAX).await;
            asked.ok().map(|_| begun.elapsed())
        })
    }

    fn there(&self) -> Option<BTreeSet<SiteId>> {
        Some(self.channel.there().borrow().keys().copied().collect())
    }

    fn know(&self, contacts: &BTreeMap<SiteId, Contact>) {
        let at = |(site, contact): (&SiteId, &Contact)| (*site, contact.state.clone());
        self.channel.know(contacts.iter().map(at).collect());
    }

    fn on_noticed(&self, noticed: Vec<Noticed>, slot: Span) {
        for one in &noticed {
            let what = noticing::told(one, slot).what;
            tracing::warn!(%what, "a workload is out of the ordinary");
        }
        self.ground.alarms.raise(noticed.iter().map(|one| noticing::event(one, slot)).collect());
    }

    fn occasions(&self) -> Vec<Occasion> {
        self.ground.calendar.all()
    }
}

/// What of a calendar others are told: what is to come, and what explains the past that they look
/// at. Of too much, what begins last is left out.
fn shared(mut occasions: Vec<Occasion>, now_ms: u64) -> Vec<Occasion> {
    occasions.retain(|occasion| occasion.repeats.is_some() || occasion.end_ms + OVER_MS > now_ms);
    occasions.sort_by_key(|occasion| occasion.start_ms);
    occasions.truncate(OCCASIONS_MAX);
    occasions
}
