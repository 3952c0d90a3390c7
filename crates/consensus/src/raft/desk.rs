//! Where what other sites ask comes in.
//!
//! The channel vouches for who asks, and here is checked that it asks for itself: entries come
//! from who leads by their vote, a candidate is who asks to be voted for, and nobody speaks for
//! another site. A vote is not refused for want of membership: a site that is behind may not know
//! a new voter yet, and the only majority may need its vote; a stranger whose log is older than
//! a majority's is not elected anyway.

use openraft::async_runtime::watch::WatchReceiver;
use openraft::raft::AppendEntriesRequest;
use swell_core::council::entry::{Command, Entry};
use swell_core::council::image::restore;
use swell_core::ids::SiteId;

use crate::log::Change;
use crate::raft::seat::{Obstacle, Seat};
use crate::raft::wire::{Reply, Request, decode, encode};
use crate::types::{LogId, Snapshot, SnapshotMeta, Types, Vote, node};

/// Answers what other sites ask.
#[derive(Clone)]
pub struct Desk {
    seat: Seat,
}

impl Desk {
    pub(crate) fn new(seat: Seat) -> Self {
        Self { seat }
    }

    /// The answer to a message of that site.
    pub async fn answer(&self, from: SiteId, message: &[u8]) -> Vec<u8> {
        let reply = match decode::<Request>(message) {
            Ok(request) => self.reply(from, request).await.unwrap_or_else(Reply::from),
            Err(why) => Reply::Refused(why),
        };
        if let Reply::Refused(why) = &reply {
            tracing::warn!(site = from.0, "a message was refused: {why}");
        }
        encode(&reply)
    }

    async fn reply(&self, from: SiteId, request: Request) -> Result<Reply, Obstacle> {
        let raft = &self.seat.raft;
        match request {
            Request::Append(rpc) => {
                check_leader(from, &rpc.vote)?;
                self.check_decided(&rpc)?;
                self.seat.vitals.hear();
                raft.append_entries(rpc).await.map(Reply::Append).map_err(fell)
            }
            Request::Vote(rpc) => {
                check_own(from, &rpc.vote)?;
                raft.vote(rpc).await.map(Reply::Vote).map_err(fell)
            }
            Request::PreVote(rpc) => {
                check_own(from, &rpc.vote)?;
                raft.pre_vote(rpc).await.map(Reply::Vote).map_err(fell)
            }
            Request::Transfer(rpc) => {
                check_leader(from, rpc.from_leader())?;
                raft.handle_transfer_leader(rpc).await.map(Reply::Transfer).map_err(fell)
            }
            Request::Snapshot { vote, meta, image } => self.install(from, vote, meta, image).await,
            Request::Propose(said) => {
                self.check_member(from)?;
                said.iter().try_for_each(|entry| check_said(from, entry))?;
                said.iter().try_for_each(|entry| self.check_concern(entry))?;
                check_together(&said)?;
                self.seat.commit(said).await.map(|()| Reply::Committed)
            }
            Request::ReadIndex => {
                self.check_member(from)?;
                self.seat.read_index().await.map(Reply::ReadIndex)
            }
            Request::Change(change) => {
                // Whoever let it have a certificate lets it join.
                if !matches!(&change, Change::Join { site, .. } if *site == from) {
                    self.check_member(from)?;
                }
                self.seat.change(change).await.map(|()| Reply::Changed)
            }
        }
    }

    async fn install(
        &self,
        from: SiteId,
        vote: Vote,
        meta: SnapshotMeta,
        image: Vec<u8>,
    ) -> Result<Reply, Obstacle> {
        check_leader(from, &vote)?;
        self.seat.vitals.hear();
        restore(&image).map_err(|error| Obstacle::Refused(error.to_string()))?;
        let snapshot = Snapshot { meta, snapshot: image };
        let installed = self.seat.raft.install_full_snapshot(vote, snapshot).await;
        installed.map(|response| Reply::Snapshot(response.vote)).map_err(fell)
    }

    /// What was decided stays so. A leader that knows otherwise was elected by sites that lost
    /// their logs: whoever followed it would take back what was done on the word of a majority.
    fn check_decided(&self, rpc: &AppendEntriesRequest<Types>) -> Result<(), Obstacle> {
        let metrics = self.seat.raft.metrics();
        let Some(applied) = metrics.borrow_watched().last_applied else { return Ok(()) };
        let told = rpc.prev_log_id.into_iter().chain(rpc.entries.iter().map(|it| it.log_id));
        let mut known = told.filter(|id| id.index <= applied.index);
        let is_other = |id: LogId| id > applied || (id.index == applied.index && id != applied);
        let Some(other) = known.find(|id| is_other(*id)) else { return Ok(()) };
        let why = format!(
            "the leader has another entry {} than was decided here: sites have lost their logs and \
             decided anew; see which ones did, and let all others leave and join again",
            other.index
        );
        self.seat.vitals.end(why.clone());
        Err(Obstacle::Stopped(why))
    }

    /// Who admits a site says what it bears and what it is called; from then on only the site
    /// itself says so anew. A join may be said again in the same words. Only who leads knows what
    /// was said before, and puts it into the log.
    fn check_concern(&self, entry: &Entry) -> Result<(), Obstacle> {
        let (Command::Admit { site, .. } | Command::Introduce { site, .. }) = &entry.command else {
            return Ok(());
        };
        if *site == entry.from || !self.seat.is_leader() {
            return Ok(());
        }
        let is_other = self.seat.replica.read(|state| {
            let known = state.members.get(site).filter(|member| member.lot.is_some());
            known.is_some_and(|member| match &entry.command {
                Command::Admit { capacity, .. } => member.capacity != *capacity,
                Command::Introduce { name, .. } => member.name != *name,
                _ => false,
            })
        });
        if !is_other {
            return Ok(());
        }
        let why = "only the site itself says what it bears and what it is called, once it has \
                   joined: change it there";
        Err(Obstacle::Refused(why.to_owned()))
    }

    fn check_member(&self, from: SiteId) -> Result<(), Obstacle> {
        let sites = self.seat.membership().sites;
        if sites.contains_key(&from) {
            return Ok(());
        }
        if sites.is_empty() {
            // It has just started, and knows nobody yet.
            return Err(Obstacle::NotLeader(None));
        }
        Err(Obstacle::NotMember)
    }
}

fn check_leader(from: SiteId, vote: &Vote) -> Result<(), Obstacle> {
    if !vote.is_committed() {
        return Err(Obstacle::Refused(format!("site {} was not elected", from.0)));
    }
    check_own(from, vote)
}

fn check_own(from: SiteId, vote: &Vote) -> Result<(), Obstacle> {
    let speaker = vote.leader_id().voted_for;
    if speaker == node(from) {
        return Ok(());
    }
    Err(Obstacle::Refused(format!("site {} speaks for site {speaker}", from.0)))
}

fn check_said(from: SiteId, entry: &Entry) -> Result<(), Obstacle> {
    if entry.from != from {
        let why = format!("site {} speaks for site {}", from.0, entry.from.0);
        return Err(Obstacle::Refused(why));
    }
    let why = match entry.command {
        Command::Tick { .. } => "only the leader tells the time",
        Command::AdoptRules(_) => "only who founds a cluster says by which rules it goes",
        _ => return Ok(()),
    };
    Err(Obstacle::Refused(why.to_owned()))
}

/// One message, or a proposal and the vote on it.
fn check_together(said: &[Entry]) -> Result<(), Obstacle> {
    let is_fine = match said {
        [_] => true,
        [proposal, vote] => vote.command.votes_on() == Some(proposal.message()),
        _ => false,
    };
    let why = || "only a proposal and the vote on it come together".to_owned();
    if is_fine { Ok(()) } else { Err(Obstacle::Refused(why())) }
}

fn fell(error: impl std::fmt::Display) -> Obstacle {
    Obstacle::Stopped(error.to_string())
}

impl From<Obstacle> for Reply {
    fn from(obstacle: Obstacle) -> Self {
        match obstacle {
            Obstacle::NotLeader(leader) => Reply::NotLeader(leader),
            Obstacle::Refused(why) => Reply::Refused(why),
            Obstacle::NotMember => Reply::NotMember,
            Obstacle::Unable(why) => Reply::Unable(why),
            Obstacle::Stopped(why) => Reply::Unable(format!("the log has stopped there: {why}")),
        }
    }
}
