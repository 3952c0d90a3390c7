//! A node of a site that has not the seat: it reports to it, hears what to serve, and serves that
//! whatever becomes of the seat.
//!
//! Nothing here goes by a clock or by a broker: what does so has its triggers at the seat. So a node
//! that is cut off may serve on; it only cannot know whether the site still serves what it has.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::Mutex;
use swell_api::site_joining::SiteContact;
use swell_core::council::words::{Loads, Metric};
use swell_link::client::{Address, Client};
use swell_link::error::LinkError;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::clock::wall_ms;
use crate::grouping::power;
use crate::live::world::Live;
use crate::nodes::applying::Applying;
use crate::nodes::fellows::Fellows;
use crate::nodes::kept::{Kept, MemberKept};
use crate::nodes::watching::running;
use crate::nodes::ways::Ways;
use crate::nodes::wire::{
    EVERY, LEAVE, MESSAGE_MAX, Order, REPORT, Reported, Told, named, seat_name,
};
use crate::registry::Registry;
use crate::sites::contact::loads;
use crate::sites::elsewhere::Elsewhere;
use crate::sites::meter::Meter;

/// How long the seat may take to answer.
const ANSWER_MAX: Duration = Duration::from_secs(3);
/// After so long without a word of the seat a node takes itself to be cut off.
const SILENT: Duration = Duration::from_secs(4);

/// What such a node is made of.
pub struct Parts {
    /// Where functions are called at it.
    pub gateway: String,
    /// The data folder.
    pub data: PathBuf,
    /// What is deployed.
    pub registry: Arc<Registry>,
    /// What runs.
    pub live: Arc<Live>,
    /// What was used here.
    pub meter: Arc<Meter>,
    /// Passes calls on to other sites.
    pub elsewhere: Arc<Elsewhere>,
    /// Reports to the seat; calls go over connections of their own, so that they delay no report.
    pub client: Client,
    /// Carries calls.
    pub calls: Client,
}

/// What it heard, and did about it.
#[derive(Debug, Clone, Default)]
pub struct Heard {
    /// When the seat was heard last.
    pub at: Option<Instant>,
    /// What should have been carried out.
    pub told: u64,
    /// What was.
    pub revision: u64,
    /// What is not well.
    pub trouble: Option<String>,
    /// Functions that it could not have, with the reasons.
    pub without: Vec<(String, String)>,
    /// Where the site's gateway is.
    pub seat: Option<SiteContact>,
}

/// A node of a site that has not the seat.
pub struct Member {
    /// What it is made of.
    pub parts: Parts,
    /// The other nodes.
    pub fellows: Arc<Fellows>,
    life: u64,
    kept: Mutex<MemberKept>,
    heard: Mutex<Heard>,
    orders: watch::Sender<Option<(u64, u64, Arc<Order>)>>,
}

impl Member {
    /// Such a node.
    pub fn new(parts: Parts, kept: MemberKept) -> Arc<Self> {
        let (fellows, heard) = Default::default();
        let orders = watch::Sender::new(None);
        Arc::new(Self { parts, fellows, life: wall_ms(), kept: Mutex::new(kept), heard, orders })
    }

    /// Who it is.
    pub fn kept(&self) -> MemberKept {
        self.kept.lock().clone()
    }

    /// What it heard.
    pub fn heard(&self) -> Heard {
        self.heard.lock().clone()
    }

    /// Whether it hears the seat.
    pub fn is_cut_off(&self) -> bool {
        self.heard.lock().at.is_none_or(|at| at.elapsed() >= SILENT)
    }

    /// What it can bear.
    pub fn capacity(&self) -> Loads {
        loads(&self.kept.lock().capacity)
    }

    /// Thousandths of a processor that it can bear.
    pub fn cpu_milli(&self) -> u64 {
        self.capacity().of(Metric::Cpu)
    }

    /// What its site is called, and so the node that has the seat.
    fn site(&self) -> String {
        self.kept.lock().invitation.site.clone()
    }

    /// The seat.
    pub fn seat(&self) -> Address {
        let kept = self.kept.lock();
        let invitation = &kept.invitation;
        Address { name: seat_name(&invitation.site), at: invitation.seat.clone() }
    }

    /// Reports, and follows, until told to stop.
    pub async fn run(self: Arc<Self>, applying: Applying, stop: CancellationToken) {
        let follows = self.clone().follow(applying, stop.clone());
        let reports = async {
            let mut again = tokio::time::interval(EVERY);
            again.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
            let mut carried_out = 0;
            loop {
                tokio::select! {
                    _ = again.tick() => {}
                    // What was carried out is reported at once.
                    () = self.carried_out(carried_out) => {}
                    () = stop.cancelled() => return,
                }
                carried_out = self.heard.lock().revision;
                self.report().await;
            }
        };
        tokio::join!(follows, reports);
    }

    async fn carried_out(&self, before: u64) {
        while self.heard.lock().revision == before {
            tokio::time::sleep(EVERY / 10).await;
        }
    }

    async fn report(&self) {
        let said = serde_json::to_vec(&self.as_reported()).unwrap_or_default();
        let seat = self.seat();
        let asked =
            self.parts.client.post(&seat, REPORT, said.into(), MESSAGE_MAX, ANSWER_MAX).await;
        match asked.map(|answer| serde_json::from_slice::<Told>(&answer)) {
            Ok(Ok(told)) => self.hear(told),
            Ok(Err(error)) => self.note(format!("the seat answers oddly: {error}")),
            Err(LinkError::Refused { status: 403, .. }) => self.note(
                "its site does not count this node among its own any more; it serves what it has: \
                 let it leave with `swell site node leave --forget`"
                    .to_string(),
            ),
            Err(error) => self.note(named(error, &self.site()).to_string()),
        }
    }

    fn as_reported(&self) -> Reported {
        let Parts { gateway, registry, live, meter, elsewhere, .. } = &self.parts;
        let (kept, heard) = (self.kept(), self.heard());
        Reported {
            life: self.life,
            lot: kept.lot,
            gateway: gateway.clone(),
            at: kept.at,
            capacity: kept.capacity,
            revision: heard.revision,
            without: heard.without.into_iter().collect(),
            busy: power::busy(registry),
            running: running(registry),
            memory_left: live.memory_left().get(),
            reading: meter.reading(&loads(&kept.capacity)),
            passed: elsewhere.passed(),
        }
    }

    fn hear(&self, told: Told) {
        if let Some(why) = forgotten(self.kept.lock().index, told.index) {
            return self.note(why);
        }
        self.fellows.set(told.others);
        let mut heard = self.heard.lock();
        let alone = "the seat reaches no majority of the sites: nothing moves until it does";
        heard.trouble = (!told.is_deciding).then(|| alone.to_string());
        (heard.at, heard.told) = (Some(Instant::now()), told.revision);
        if let Some(order) = told.order {
            // Where calls go is heard at once, what is there takes its time.
            heard.seat = Some(order.seat.clone());
            self.parts.elsewhere.follow(Some(Ways::of(&order)));
            drop(heard);
            self.orders.send_replace(Some((told.revision, told.index, Arc::new(order))));
        }
    }

    fn note(&self, why: String) {
        let mut heard = self.heard.lock();
        if heard.trouble.as_ref() != Some(&why) {
            tracing::warn!(%why, "this node does not follow its site now");
            heard.trouble = Some(why);
        }
    }

    async fn follow(self: Arc<Self>, mut applying: Applying, stop: CancellationToken) {
        let mut orders = self.orders.subscribe();
        loop {
            tokio::select! {
                changed = orders.changed() => if changed.is_err() { return },
                () = stop.cancelled() => return,
            }
            let Some((revision, index, order)) = orders.borrow_and_update().clone() else {
                continue;
            };
            let done = tokio::select! {
                done = applying.apply(&order) => done,
                () = stop.cancelled() => return,
            };
            let without = applying.without.iter();
            let without = without.map(|(name, (why, _))| (name.clone(), why.clone())).collect();
            self.heard.lock().without = without;
            match done.and_then(|()| self.keep(index)) {
                // Until then the seat sends it again with each report.
                Ok(()) => self.heard.lock().revision = revision,
                Err(why) => self.note(why),
            }
        }
    }

    fn keep(&self, index: u64) -> Result<(), String> {
        let mut kept = self.kept.lock();
        let next = MemberKept { index: index.max(kept.index), ..kept.clone() };
        if next != *kept {
            next.save(&self.parts.data).map_err(|error| error.to_string())?;
            *kept = next;
        }
        Ok(())
    }

    /// Tells the seat that this node leaves.
    pub async fn part(&self) -> Result<(), LinkError> {
        let seat = self.seat();
        let parted = self.parts.client.post(&seat, LEAVE, Default::default(), 1 << 10, ANSWER_MAX);
        parted.await.map(drop).map_err(|error| named(error, &self.site()))
    }
}

/// Why a seat is not followed that knows so many entries of the log, by a node that followed one
/// that knew so many: an old copy of it must not undo what was decided since.
fn forgotten(known: u64, told: u64) -> Option<String> {
    (told < known).then(|| {
        format!(
            "the seat has forgotten what was decided: it knows {told} entries of the log, and this \
             node followed one that knew {known}; it serves what it has"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seat_that_has_forgotten_is_not_followed() {
        assert_eq!(forgotten(17, 17), None);
        assert_eq!(forgotten(17, 18), None);
        assert!(forgotten(17, 16).is_some_and(|why| why.contains("knows 16 entries")));
    }
}
