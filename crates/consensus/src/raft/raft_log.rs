//! The log of one site, kept by a majority of the cluster.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use openraft::Raft;
use openraft::async_runtime::watch::WatchReceiver;
use openraft::error::{InitializeError, RaftError};
use openraft::impls::BasicNode;
use swell_core::council::entry::{Command, Entry};
use swell_core::council::state::State;
use swell_core::ids::SiteId;
use tokio::sync::{Mutex, broadcast, watch};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::log::{
    Answer, Change, Committed, Decided, Leadership, Log, LogError, Membership, Metrics, Opinion,
    Standing,
};
use crate::numbering::Numbering;
use crate::raft::carrier::{Carrier, Urgency};
use crate::raft::desk::Desk;
use crate::raft::network::Network;
use crate::raft::reign::Reign;
use crate::raft::seat::{Obstacle, Seat, check_length};
use crate::raft::settings::Settings;
use crate::raft::vitals::Vitals;
use crate::raft::watching::{leadership, standing, stopped, watch_leadership};
use crate::raft::wire::{Reply, Request};
use crate::replica::Replica;
use crate::storage::log_store::LogStore;
use crate::storage::machine::Machine;
use crate::storage::open::Opened;
use crate::storage::writer::Run;
use crate::types::{node, site};

/// How long until something that could not be done is tried again.
const AGAIN: Duration = Duration::from_millis(50);
/// How long one attempt to have something done by the leader may take.
const ATTEMPT: Duration = Duration::from_secs(2);

/// The log of one site.
pub struct RaftLog {
    seat: Seat,
    leadership: watch::Receiver<Leadership>,
    handing_over: Arc<Mutex<()>>,
    patience: Duration,
}

impl RaftLog {
    /// Starts the log of a site on what was opened, and reaches others through `carrier`. What
    /// they ask goes to [`RaftLog::desk`].
    pub async fn start(
        owner: SiteId,
        opened: Opened,
        run: Run,
        settings: &Settings,
        carrier: Arc<dyn Carrier>,
    ) -> Result<Arc<Self>, LogError> {
        if let Some(problem) = settings.rules.problem() {
            return Err(LogError::Refused(format!("these rules cannot be followed: {problem}")));
        }
        let config = settings.config()?;
        let stopped = |why: &dyn std::fmt::Display| LogError::Stopped(why.to_string());
        let store = LogStore::new(opened, run).map_err(|error| stopped(&error))?;
        let replica = Replica::new(owner, State::new(settings.rules));
        let numbering = Numbering::new(store.incarnation());
        replica.speak_by(&numbering);
        store.tell(&replica);
        let machine = Machine::new(Arc::clone(&replica), store.clone());
        let vitals = Vitals::new();
        let network = Network::new(owner, carrier, vitals.clone());
        let raft = Raft::new(node(owner), config, network.clone(), store.clone(), machine).await;
        let raft = raft.map_err(|error| stopped(&error))?;
        let seat = Seat { raft, replica, store, network, numbering, vitals };
        tokio::spawn(keep_out(seat.clone()));
        let log = Arc::new(Self {
            leadership: watch_leadership(&seat),
            handing_over: Arc::default(),
            patience: settings.election_max * 2,
            seat,
        });
        tokio::spawn(hand_over(Arc::downgrade(&log), settings.tenure));
        Ok(log)
    }

    /// Founds a cluster of these sites, all of them voters. Done at one site, or at all with the
    /// same sites; a cluster that exists already stays as it is.
    pub async fn found(&self, sites: &BTreeMap<SiteId, String>) -> Result<(), LogError> {
        let place = |(site, address): (&SiteId, &String)| (node(*site), BasicNode::new(address));
        let places: BTreeMap<u64, BasicNode> = sites.iter().map(place).collect();
        match self.seat.raft.initialize(places).await {
            Ok(()) | Err(RaftError::APIError(InitializeError::NotAllowed(_))) => Ok(()),
            Err(RaftError::APIError(error)) => Err(LogError::Refused(error.to_string())),
            Err(RaftError::Fatal(fatal)) => Err(LogError::Stopped(fatal.to_string())),
        }
    }

    /// Where messages of other sites are answered.
    pub fn desk(&self) -> Desk {
        Desk::new(self.seat.clone())
    }

    async fn say(&self, command: Command) -> Result<Decided, LogError> {
        let from = self.site();
        if let Command::AdoptRules(rules) = &command
            && let Some(problem) = rules.problem()
        {
            return Err(LogError::Refused(format!("these rules cannot be followed: {problem}")));
        }
        let is_tick = matches!(command, Command::Tick { .. });
        if is_tick && !self.seat.is_leader() {
            return Err(LogError::NotLeader { leader: leadership(&self.seat).leader });
        }
        let numbering = &self.seat.numbering;
        let number = numbering.take().await;
        let (incarnation, sequence) = (numbering.incarnation(), number.sequence());
        let entry = Entry { from, incarnation, sequence, command };
        check_length(&entry).map_err(told)?;
        let (vote, _number) = self.seat.own_vote(&entry).unzip();
        let said: Vec<Entry> = [Some(entry), vote].into_iter().flatten().collect();
        let mut decided = self.seat.replica.expect(incarnation, sequence);
        let submit = async {
            loop {
                match self.submit(&said).await {
                    // Committed; it is applied here when this site hears of it. Should that
                    // take long, it is said again, which changes nothing.
                    Ok(()) => sleep(ATTEMPT).await,
                    Err(Obstacle::NotLeader(leader)) if is_tick => {
                        return LogError::NotLeader { leader: leader.and_then(site) };
                    }
                    Err(Obstacle::NotLeader(_) | Obstacle::Unable(_)) => sleep(AGAIN).await,
                    Err(obstacle) => return told(obstacle),
                }
            }
        };
        tokio::select! {
            biased;
            decided = &mut decided => decided.unwrap_or(Err(LogError::Overtaken)),
            error = submit => Err(error),
        }
    }

    async fn submit(&self, said: &[Entry]) -> Result<(), Obstacle> {
        if self.seat.is_leader() {
            return self.seat.commit(said.to_vec()).await;
        }
        if said.iter().any(|entry| matches!(entry.command, Command::Tick { .. })) {
            return Err(Obstacle::NotLeader(self.seat.leader().map(|(leader, _)| leader)));
        }
        match self.ask_leader(Request::Propose(said.to_vec())).await? {
            Reply::Committed => Ok(()),
            other => Err(strange(&other)),
        }
    }

    async fn read_index(&self) -> Result<u64, Obstacle> {
        if self.seat.is_leader() {
            return self.seat.read_index().await;
        }
        match self.ask_leader(Request::ReadIndex).await? {
            Reply::ReadIndex(index) => Ok(index),
            other => Err(strange(&other)),
        }
    }

    async fn make_change(&self, change: &Change) -> Result<(), Obstacle> {
        if self.seat.is_leader() {
            return self.seat.change(change.clone()).await;
        }
        match self.ask_leader(Request::Change(change.clone())).await? {
            Reply::Changed => Ok(()),
            other => Err(strange(&other)),
        }
    }

    async fn ask_leader(&self, request: Request) -> Result<Reply, Obstacle> {
        if let Some(why) = stopped(&self.seat) {
            return Err(Obstacle::Stopped(why));
        }
        let Some((leader, address)) = self.seat.leader() else {
            return Err(Obstacle::NotLeader(None));
        };
        let network = &self.seat.network;
        let asked = network.ask(leader, &address, Urgency::Usual, &request, ATTEMPT).await;
        match asked.map_err(|error| Obstacle::Unable(error.to_string()))? {
            Reply::NotLeader(leader) => Err(Obstacle::NotLeader(leader)),
            Reply::Refused(why) => Err(Obstacle::Refused(why)),
            Reply::NotMember => Err(Obstacle::NotMember),
            Reply::Unable(why) => Err(Obstacle::Unable(why)),
            reply => Ok(reply),
        }
    }

    async fn catch_up(&self) -> Result<u64, LogError> {
        let index = loop {
            match self.read_index().await {
                Ok(index) => break index,
                Err(Obstacle::NotLeader(_) | Obstacle::Unable(_)) => sleep(AGAIN).await,
                Err(obstacle) => return Err(told(obstacle)),
            }
        };
        let applied =
            self.seat.raft.wait(None).applied_index_at_least(Some(index), "barrier").await;
        applied.map_err(|error| LogError::Stopped(error.to_string()))?;
        Ok(*self.seat.replica.applied().borrow())
    }

    async fn pass_on(&self, to: SiteId) -> Result<(), LogError> {
        let only_one = self.handing_over.try_lock();
        let Ok(_only_one) = only_one else {
            return Err(LogError::Refused("leadership is being handed over already".to_owned()));
        };
        if !self.seat.is_leader() {
            return Err(LogError::NotLeader { leader: leadership(&self.seat).leader });
        }
        if to == self.site() {
            return Ok(());
        }
        if !self.seat.membership().voters.contains(&to) {
            let why = format!("site {} is no voter: choose one that is", to.0);
            return Err(LogError::Refused(why));
        }
        if self.seat.is_changing() {
            let why = "the sites that keep the log are changing: try again when they have";
            return Err(LogError::Refused(why.to_owned()));
        }
        let triggered = self.seat.raft.trigger().transfer_leader(node(to)).await;
        triggered.map_err(|fatal| LogError::Stopped(fatal.to_string()))?;
        let mut leadership = self.leadership.clone();
        let led = leadership.wait_for(|now| now.leader == Some(to));
        match timeout(self.patience, led).await {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) => Err(LogError::Stopped("it was closed".to_owned())),
            Err(_) => Err(LogError::TimedOut),
        }
    }

    async fn snapshot_now(&self) -> Result<(), LogError> {
        let stopped = |why: &dyn std::fmt::Display| LogError::Stopped(why.to_string());
        let raft = &self.seat.raft;
        let applied = raft.metrics().borrow_watched().last_applied;
        let Some(applied) = applied else { return Ok(()) };
        raft.trigger().snapshot().await.map_err(|fatal| stopped(&fatal))?;
        let covered = |metrics: &openraft::RaftMetrics<_>| metrics.snapshot >= Some(applied);
        let wait = raft.wait(Some(self.patience));
        wait.metrics(covered, "snapshot").await.map_err(|_| LogError::TimedOut)?;
        raft.trigger().purge_log(applied.index).await.map_err(|fatal| stopped(&fatal))
    }
}

/// Stops a log that must not go on.
async fn keep_out(seat: Seat) {
    tokio::select! {
        () = seat.vitals.until_ended() => {}
        why = seat.replica.until_halted() => seat.vitals.end(why),
    }
    tracing::error!(site = seat.site().0, why = ?seat.vitals.ended(), "the log has stopped");
    let _ = seat.raft.shutdown().await;
}

/// Hands leadership over when it is time, as long as the log is there.
async fn hand_over(log: std::sync::Weak<RaftLog>, tenure: Duration) {
    let mut reign = Reign::default();
    let Some(mut applied) = log.upgrade().map(|log| log.applied()) else { return };
    while applied.changed().await.is_ok() {
        applied.mark_unchanged();
        let Some(log) = log.upgrade() else { return };
        if let Some(to) = reign.on_applied(&log.seat, tenure, Instant::now()) {
            match log.pass_on(to).await {
                Ok(()) => tracing::info!(site = to.0, "handed over to who predicts best"),
                Err(error) => tracing::info!(site = to.0, "could not hand over: {error}"),
            }
        }
    }
}

fn strange(reply: &Reply) -> Obstacle {
    Obstacle::Unable(format!("the answer is to another question: {reply:?}"))
}

fn told(obstacle: Obstacle) -> LogError {
    match obstacle {
        Obstacle::NotLeader(leader) => LogError::NotLeader { leader: leader.and_then(site) },
        Obstacle::Refused(why) => LogError::Refused(why),
        Obstacle::NotMember => LogError::NotMember,
        Obstacle::Unable(_) => LogError::TimedOut,
        Obstacle::Stopped(why) => LogError::Stopped(why),
    }
}

impl Log for RaftLog {
    fn site(&self) -> SiteId {
        self.seat.site()
    }

    fn propose(&self, command: Command, within: Duration) -> Answer<'_, Decided> {
        Box::pin(async move {
            timeout(within, self.say(command)).await.unwrap_or(Err(LogError::TimedOut))
        })
    }

    fn barrier(&self, within: Duration) -> Answer<'_, u64> {
        Box::pin(async move {
            timeout(within, self.catch_up()).await.unwrap_or(Err(LogError::TimedOut))
        })
    }

    fn read(&self, look: &mut dyn FnMut(&State)) {
        self.seat.replica.read(look);
    }

    fn applied(&self) -> watch::Receiver<u64> {
        self.seat.replica.applied()
    }

    fn entries(&self) -> broadcast::Receiver<Arc<Committed>> {
        self.seat.replica.entries()
    }

    fn appended(&self) -> broadcast::Receiver<Arc<Entry>> {
        self.seat.replica.appended()
    }

    fn vote_along(&self, opinion: Opinion) {
        self.seat.replica.vote_along(opinion);
    }

    fn leadership(&self) -> watch::Receiver<Leadership> {
        self.leadership.clone()
    }

    fn transfer(&self, to: SiteId) -> Answer<'_, ()> {
        Box::pin(self.pass_on(to))
    }

    fn membership(&self) -> Membership {
        self.seat.membership()
    }

    fn change(&self, change: Change, within: Duration) -> Answer<'_, ()> {
        Box::pin(async move {
            let deadline = Instant::now() + within;
            loop {
                match timeout_at(deadline, self.make_change(&change)).await {
                    Ok(Ok(())) => return Ok(()),
                    Ok(Err(Obstacle::NotLeader(_) | Obstacle::Unable(_))) => sleep(AGAIN).await,
                    Ok(Err(obstacle)) => return Err(told(obstacle)),
                    Err(_) => return Err(LogError::TimedOut),
                }
            }
        })
    }

    fn compact(&self) -> Answer<'_, ()> {
        Box::pin(self.snapshot_now())
    }

    fn standing(&self) -> Standing {
        standing(&self.seat, self.patience)
    }

    fn forgetful(&self) -> BTreeSet<SiteId> {
        self.seat.vitals.forgetful()
    }

    fn metrics(&self) -> Metrics {
        let metrics = self.seat.raft.metrics();
        let metrics = metrics.borrow_watched();
        let index = |id: Option<crate::types::LogId>| id.map_or(0, |id| id.index);
        Metrics {
            leadership: *self.leadership.borrow(),
            last: metrics.last_log_index.unwrap_or(0),
            committed: index(metrics.local_committed),
            snapshot: index(metrics.snapshot),
            purged: index(metrics.purged),
            syncs: self.seat.store.syncs(),
            sent: self.seat.network.sent(),
        }
    }

    fn close(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            let closed = self.seat.raft.shutdown().await;
            closed.map_err(|error| LogError::Stopped(error.to_string()))
        })
    }
}
