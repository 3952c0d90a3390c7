//! This node among the nodes of its site: what it is there, and what the rest of the node asks of
//! that.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use parking_lot::RwLock;
use swell_outlook::board::{NodeCard, Passes};
use swell_outlook::crew::NodeReading;
use swell_outlook::sums::Reading;
use swell_site::choice::Fullness;
use tokio::time::{Instant, sleep};

use crate::grouping::callee::Callee;
use crate::grouping::power;
use crate::live::world::Live;
use crate::nodes::fellows::Need;
use crate::nodes::member::Member;
use crate::nodes::passing::Leaving;
use crate::nodes::seat::Seat;
use crate::registry::Function;

/// How often it is looked whether other nodes follow.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// What this node is among the nodes of its site.
#[derive(Clone, Default)]
pub enum Role {
    /// There are no others.
    #[default]
    Alone,
    /// It has the seat.
    Seat(Arc<Seat>),
    /// Another one has the seat.
    Member(Arc<Member>),
}

/// This node among the nodes of its site.
pub struct Crew {
    live: Arc<Live>,
    role: RwLock<Role>,
    callee: OnceLock<Arc<dyn Callee>>,
}

impl Crew {
    /// A node alone.
    pub fn new(live: Arc<Live>) -> Arc<Self> {
        Arc::new(Self { live, role: RwLock::default(), callee: OnceLock::new() })
    }

    /// What it is.
    pub fn role(&self) -> Role {
        self.role.read().clone()
    }

    /// It is that from now on.
    pub fn set(&self, role: Role) {
        *self.role.write() = role;
    }

    /// The seat, if it is here.
    pub fn seat(&self) -> Option<Arc<Seat>> {
        match &*self.role.read() {
            Role::Seat(seat) => Some(seat.clone()),
            Role::Alone | Role::Member(_) => None,
        }
    }

    /// What it is as a node whose site has its seat elsewhere.
    pub fn member(&self) -> Option<Arc<Member>> {
        match &*self.role.read() {
            Role::Member(member) => Some(member.clone()),
            Role::Alone | Role::Seat(_) => None,
        }
    }

    /// Calls that others pass on are run by this gateway.
    pub fn run_by(&self, callee: Arc<dyn Callee>) {
        // It is told once.
        let _ = self.callee.set(callee);
    }

    /// Who runs calls that others pass on.
    pub fn callee(&self) -> Option<Arc<dyn Callee>> {
        self.callee.get().cloned()
    }

    /// Where a call goes, if another node of the site has more room for it.
    /// `busy` are the calls that this one works on.
    pub fn leaving(&self, function: &Function, busy: u32) -> Option<Leaving> {
        let role = self.role();
        let (fellows, client, cpu_milli, since) = match &role {
            Role::Alone => return None,
            Role::Seat(seat) if seat.fellows.is_empty() => return None,
            Role::Seat(seat) => {
                let since = *seat.current().since.get(&*function.name)?;
                (&seat.fellows, &seat.parts.client, seat.parts.own.0[0], since)
            }
            // Who has carried out the same as this one has what it has.
            Role::Member(member) => {
                let since = member.heard().revision;
                (&member.fellows, &member.parts.calls, member.cpu_milli(), since)
            }
        };
        let is_at_hand = self.live.counts(function.leading().id).idle > 0;
        let has_room = is_at_hand || power::has_room(function, &self.live, self.live.memory_left());
        let here = Fullness { cpu_milli, busy, has_room };
        let memory_bytes = function.leading().spec.memory_bytes;
        let need = Need { function: &function.name, since, memory_bytes };
        let (to, node, passed) = fellows.choose(here, need)?;
        Some(Leaving { client: client.clone(), fellows: fellows.clone(), to, node, passed })
    }

    /// What the site used, where `own` is what this node did.
    pub fn reading(&self, own: Reading) -> Reading {
        match self.seat() {
            Some(seat) => seat.reading(own),
            None => own,
        }
    }

    /// What the site passed on to others, where `own` is what this node did.
    pub fn passed(&self, own: Passes) -> Passes {
        match self.seat() {
            Some(seat) => seat.passed(own),
            None => own,
        }
    }

    /// The nodes of the site and what each used; none where there is one.
    pub fn readings(&self, own: impl FnOnce() -> Reading) -> Vec<NodeReading> {
        self.seat().map(|seat| seat.readings(own())).unwrap_or_default()
    }

    /// The nodes of the site for others to see; none where there is one.
    pub fn cards(&self) -> Vec<NodeCard> {
        self.seat().map(|seat| seat.cards()).unwrap_or_default()
    }

    /// Waits until the other nodes have these functions, or cannot have them, for a while at most:
    /// who has not got them by then gets no calls of them until it has.
    pub async fn followed(&self, names: &[String], within: Duration) {
        let Some(seat) = self.seat() else { return };
        let deadline = Instant::now() + within;
        while !seat.is_followed(names) && Instant::now() < deadline {
            sleep(LOOK_EVERY).await;
        }
    }

    /// Calls of these functions that run or wait at other nodes; one if that is not known.
    pub fn running(&self, names: &[String]) -> u32 {
        self.seat().map_or(0, |seat| seat.running(names).unwrap_or(1))
    }
}
