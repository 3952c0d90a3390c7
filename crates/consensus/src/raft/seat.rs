//! A site's seat in the cluster: what it does itself when it leads, and why it cannot when not.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::TryStreamExt;
use openraft::async_runtime::watch::WatchReceiver;
use openraft::error::{ClientWriteError, Fatal, ForwardToLeader, RaftError};
use openraft::impls::BasicNode;
use openraft::raft::ReadPolicy;
use openraft::{ChangeMembers, Raft, ServerState};
use swell_core::council::entry::Entry;
use swell_core::council::frame::BYTES_MAX;
use swell_core::ids::SiteId;

use crate::log::{Change, Membership};
use crate::numbering::{Number, Numbering};
use crate::raft::network::Network;
use crate::raft::vitals::Vitals;
use crate::replica::Replica;
use crate::storage::log_store::LogStore;
use crate::storage::machine::Machine;
use crate::types::{Said, Types, node, site};

/// What an entry of the log takes beside what a site says.
const AROUND: usize = 256;

/// A site's seat.
#[derive(Clone)]
pub(crate) struct Seat {
    pub(crate) raft: Raft<Types, Machine>,
    pub(crate) replica: Arc<Replica>,
    pub(crate) store: LogStore,
    pub(crate) network: Network,
    pub(crate) numbering: Arc<Numbering>,
    pub(crate) vitals: Vitals,
}

/// Why something is not done here and now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Obstacle {
    /// Another leads, or nobody.
    NotLeader(Option<u64>),
    /// It makes no sense, as told.
    Refused(String),
    /// Who asks is no member.
    NotMember,
    /// Not now, as told.
    Unable(String),
    /// The log has stopped, as told.
    Stopped(String),
}

impl Seat {
    pub(crate) fn site(&self) -> SiteId {
        self.replica.site()
    }

    pub(crate) fn is_leader(&self) -> bool {
        self.raft.metrics().borrow_watched().state == ServerState::Leader
    }

    /// Who leads, and where it is reached.
    pub(crate) fn leader(&self) -> Option<(u64, String)> {
        let metrics = self.raft.metrics();
        let metrics = metrics.borrow_watched();
        let leader = metrics.current_leader?;
        let place = metrics.membership_config.get_node(&leader)?;
        Some((leader, place.addr.clone()))
    }

    pub(crate) fn membership(&self) -> Membership {
        let metrics = self.raft.metrics();
        let members = Arc::clone(&metrics.borrow_watched().membership_config);
        let named = |(node, place): (&u64, &BasicNode)| Some((site(*node)?, place.addr.clone()));
        Membership {
            voters: members.voter_ids().filter_map(site).collect(),
            sites: members.nodes().filter_map(named).collect(),
        }
    }

    /// Whether who keeps the log is changing.
    pub(crate) fn is_changing(&self) -> bool {
        let metrics = self.raft.metrics();
        let metrics = metrics.borrow_watched();
        metrics.membership_config != metrics.committed_membership_config
            || metrics.membership_config.get_joint_config().len() > 1
    }

    /// The vote of this site on a proposal that is about to be put into the log.
    pub(crate) fn own_vote(&self, proposal: &Entry) -> Option<(Entry, Number)> {
        self.replica.own_vote(proposal, &self.numbering)
    }

    /// Puts entries into the log in one go, with this site's vote where another proposes, if this
    /// site leads; comes back when they were applied here.
    pub(crate) async fn commit(&self, said: Vec<Entry>) -> Result<(), Obstacle> {
        said.iter().try_for_each(check_length)?;
        let proposal = said.first().filter(|first| self.is_leader() && first.from != self.site());
        // The number is under way until all of it is applied.
        let (vote, _number) = proposal.and_then(|it| self.own_vote(it)).unzip();
        let written = self.raft.client_write_many(said.into_iter().chain(vote).map(Said)).await;
        let mut written = written.map_err(stopped)?;
        while let Some(result) = written.try_next().await.map_err(stopped)? {
            result.map_err(|error| unwritten(RaftError::APIError(error)))?;
        }
        Ok(())
    }

    /// The log's index that has to be applied to read what was decided before now.
    pub(crate) async fn read_index(&self) -> Result<u64, Obstacle> {
        match self.raft.get_read_linearizer(ReadPolicy::ReadIndex).await {
            Ok(linearizer) => Ok(linearizer.read_log_id().index()),
            Err(RaftError::Fatal(fatal)) => Err(Obstacle::Stopped(fatal.to_string())),
            Err(error) => match error.forward_to_leader() {
                Some(to) => Err(Obstacle::NotLeader(to.leader_id)),
                None => Err(Obstacle::Unable(error.to_string())),
            },
        }
    }

    /// Changes who keeps the log, if this site leads.
    pub(crate) async fn change(&self, change: Change) -> Result<(), Obstacle> {
        let membership = self.membership();
        let done = match change {
            Change::Join { site, address } => {
                check_address(&address)?;
                let place = BasicNode::new(address);
                if membership.sites.contains_key(&site) {
                    let places = ChangeMembers::SetNodes(BTreeMap::from([(node(site), place)]));
                    self.raft.change_membership(places, true).await
                } else {
                    self.raft.add_learner(node(site), place, true).await
                }
            }
            Change::Voters(voters) => {
                if voters.is_empty() {
                    return Err(Obstacle::Refused("a log needs at least one voter".to_owned()));
                }
                if let Some(site) = voters.iter().find(|it| !membership.sites.contains_key(it)) {
                    let why = format!("site {} has not joined: let it join first", site.0);
                    return Err(Obstacle::Refused(why));
                }
                let voters: BTreeSet<u64> = voters.into_iter().map(node).collect();
                self.raft.change_membership(voters, true).await
            }
            Change::Leave { site } => {
                if membership.voters.contains(&site) {
                    let why = format!("site {} is a voter: choose other voters first", site.0);
                    return Err(Obstacle::Refused(why));
                }
                let gone = ChangeMembers::RemoveNodes(BTreeSet::from([node(site)]));
                self.raft.change_membership(gone, true).await
            }
        };
        done.map(|_| ()).map_err(unwritten)
    }
}

/// Refuses an entry that is too long for the log.
pub(crate) fn check_length(entry: &Entry) -> Result<(), Obstacle> {
    let length = postcard::experimental::serialized_size(entry).unwrap_or(usize::MAX);
    if length.saturating_add(AROUND) <= BYTES_MAX {
        return Ok(());
    }
    let most = BYTES_MAX - AROUND;
    Err(Obstacle::Refused(format!("it has {length} bytes, and the log takes {most}: say less")))
}

fn check_address(address: &str) -> Result<(), Obstacle> {
    let is_fine = address.rsplit_once(':').is_some_and(|(host, port)| {
        !host.is_empty() && port.parse::<u16>().is_ok_and(|port| port != 0)
    });
    let why = || format!("`{address}` is no address: give it as `host:port`");
    if is_fine { Ok(()) } else { Err(Obstacle::Refused(why())) }
}

fn stopped(fatal: Fatal<Types>) -> Obstacle {
    Obstacle::Stopped(fatal.to_string())
}

fn unwritten(error: RaftError<Types, ClientWriteError<Types>>) -> Obstacle {
    match error {
        RaftError::Fatal(fatal) => Obstacle::Stopped(fatal.to_string()),
        RaftError::APIError(
            ClientWriteError::ForwardToLeader(ForwardToLeader { leader_id, .. })
            | ClientWriteError::LogEntryDiscarded(ForwardToLeader { leader_id, .. }),
        ) => Obstacle::NotLeader(leader_id),
        RaftError::APIError(error) => Obstacle::Unable(error.to_string()),
    }
}
