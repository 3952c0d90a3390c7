//! The log of one site of a cluster in memory.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use swell_core::council::entry::{Command, Entry};
use swell_core::council::image::{restore, save};
use swell_core::council::rules::Rules;
use swell_core::council::state::State;
use swell_core::ids::SiteId;
use tokio::sync::{broadcast, watch};
use tokio::time::{sleep, timeout};

use crate::log::{
    Answer, Change, Committed, Decided, Leadership, Log, LogError, Membership, Metrics, Opinion,
    Standing,
};
use crate::memory::order::MemoryCluster;
use crate::numbering::Numbering;
use crate::replica::Replica;

/// How long a site that reaches nobody waits before it tries again.
const AGAIN: Duration = Duration::from_millis(20);

/// The log of one site.
#[derive(Debug)]
pub struct MemoryLog {
    cluster: Arc<MemoryCluster>,
    replica: Arc<Replica>,
    numbering: Arc<Numbering>,
    leadership: watch::Receiver<Leadership>,
}

impl MemoryLog {
    /// A cluster of these sites, all of them voters, and the log at each in the same order.
    /// Needs a tokio runtime, as all tenants do.
    pub fn cluster(sites: &[SiteId], rules: Rules) -> (Arc<MemoryCluster>, Vec<Arc<MemoryLog>>) {
        let (cluster, replicas) = MemoryCluster::new(sites, rules);
        let log = |replica| Self::new(Arc::clone(&cluster), replica);
        let logs = replicas.into_iter().map(log).collect();
        (cluster, logs)
    }

    fn new(cluster: Arc<MemoryCluster>, replica: Arc<Replica>) -> Arc<Self> {
        let site = replica.site();
        let mut changes = cluster.lead();
        let (told, leadership) = watch::channel(changes.borrow_and_update().seen_by(site));
        tokio::spawn(async move {
            loop {
                tokio::select! {
                    changed = changes.changed() => if changed.is_err() { return },
                    () = told.closed() => return,
                }
                let seen = changes.borrow_and_update().seen_by(site);
                told.send_replace(seen);
            }
        });
        Arc::new(Self { cluster, replica, numbering: Numbering::new(1), leadership })
    }

    async fn say(&self, command: Command) -> Result<Decided, LogError> {
        let from = self.site();
        let lead = self.cluster.lead().borrow().seen_by(from);
        if matches!(command, Command::Tick { .. }) && !lead.is_ours {
            return Err(LogError::NotLeader { leader: lead.leader });
        }
        let number = self.numbering.take().await;
        let (incarnation, sequence) = (self.numbering.incarnation(), number.sequence());
        let decided = self.replica.expect(incarnation, sequence);
        let entry = Entry { from, incarnation, sequence, command };
        let (vote, _number) = self.replica.own_vote(&entry, &self.numbering).unzip();
        let said: Vec<Entry> = [Some(entry), vote].into_iter().flatten().collect();
        while !self.cluster.commit(from, &said) {
            sleep(AGAIN).await;
        }
        decided.await.unwrap_or(Err(LogError::Overtaken))
    }

    async fn reach(&self) -> u64 {
        while !self.cluster.is_with_majority(self.site()) {
            sleep(AGAIN).await;
        }
        *self.replica.applied().borrow()
    }
}

impl Log for MemoryLog {
    fn site(&self) -> SiteId {
        self.replica.site()
    }

    fn propose(&self, command: Command, within: Duration) -> Answer<'_, Decided> {
        Box::pin(async move {
            timeout(within, self.say(command)).await.unwrap_or(Err(LogError::TimedOut))
        })
    }

    fn barrier(&self, within: Duration) -> Answer<'_, u64> {
        Box::pin(async move { timeout(within, self.reach()).await.or(Err(LogError::TimedOut)) })
    }

    fn read(&self, look: &mut dyn FnMut(&State)) {
        self.replica.read(look);
    }

    fn applied(&self) -> watch::Receiver<u64> {
        self.replica.applied()
    }

    fn entries(&self) -> broadcast::Receiver<Arc<Committed>> {
        self.replica.entries()
    }

    fn appended(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.replica.appended()
    }

    fn vote_along(&self, opinion: Opinion) {
        self.replica.vote_along(opinion);
    }

    fn leadership(&self) -> watch::Receiver<Leadership> {
        self.leadership.clone()
    }

    fn transfer(&self, to: SiteId) -> Answer<'_, ()> {
        Box::pin(async move { self.cluster.transfer(self.site(), to) })
    }

    fn membership(&self) -> Membership {
        self.cluster.membership()
    }

    fn change(&self, change: Change, _within: Duration) -> Answer<'_, ()> {
        Box::pin(async move { self.cluster.change(self.site(), change) })
    }

    fn compact(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            let image = self.replica.read(save);
            let state = restore(&image).map_err(|error| LogError::Stopped(error.to_string()))?;
            self.replica.replace(state);
            Ok(())
        })
    }

    fn standing(&self) -> Standing {
        let is_heard = self.cluster.is_with_majority(self.site());
        if is_heard { Standing::Deciding } else { Standing::CutOff }
    }

    fn forgetful(&self) -> BTreeSet<SiteId> {
        BTreeSet::new()
    }

    fn metrics(&self) -> Metrics {
        let applied = *self.replica.applied().borrow();
        Metrics {
            leadership: *self.leadership.borrow(),
            last: self.cluster.len(),
            committed: applied,
            ..Metrics::default()
        }
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async move { Ok(()) })
    }
}
