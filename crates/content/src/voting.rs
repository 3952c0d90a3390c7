//! Who votes in a group, for people: what the data store has in office, and how it is changed.

use std::time::Duration;

use swell_core::cachegroup::action::{Input, Outcome};
use swell_core::cachegroup::change::Unchanged;
use swell_core::cachegroup::names::{GroupId, NodeId};
use swell_core::cachegroup::store_message::{StoreReply, StoreRequest};
use swell_core::cachegroup::store_table::GroupRow;
use swell_core::cachegroup::voters::VOTERS_MAX;

use crate::answer::ContentError;
use crate::contents::{Contents, unavailable};
use crate::naming::group_of;
use crate::objects::seam::ObjectError;

/// How long a leader is waited for before it is asked again.
const TURN: Duration = Duration::from_millis(500);

/// Who votes in a group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Electorate {
    /// Counts the lists the group has had; 0 if nobody has led it yet.
    pub number: u64,
    /// Who votes, in the order in which they stand.
    pub voters: Vec<String>,
    /// Who would by the settings of this node.
    pub by_settings: Vec<String>,
    /// The latest reign.
    pub epoch: u64,
    /// Whose it is.
    pub leader: Option<String>,
}

/// Why voters are not changed, told apart by what the caller would do next.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum VotersError {
    /// The list makes no sense.
    #[error("{0}")]
    Senseless(String),
    /// It is not the time.
    #[error("{0}")]
    Conflict(String),
    /// Nobody answered who could do it.
    #[error("{0}")]
    Unavailable(String),
    /// The data store.
    #[error("{0}")]
    Store(ContentError),
}

impl From<ObjectError> for VotersError {
    fn from(error: ObjectError) -> Self {
        Self::Store(unavailable(error))
    }
}

impl Contents {
    async fn row(&self, group: GroupId) -> Result<GroupRow, VotersError> {
        let shared = self.shared();
        shared.join(&mut shared.mind.lock(), group);
        let row = shared.store.group(group).await?;
        shared.tell(Input::Stored(StoreReply::Group { group, row: row.clone() }), None);
        Ok(row)
    }

    fn electorate(&self, group: GroupId, row: &GroupRow) -> Electorate {
        let shared = self.shared();
        let by_settings = shared.names(&shared.circle.charter(group).voters);
        let voters = match row.voters.are_in_office() {
            true => shared.names(&row.voters.names),
            false => by_settings.clone(),
        };
        let leader = row.leader.map(|leader| shared.name(leader));
        let (number, epoch) = (row.voters.number, row.epoch.0);
        Electorate { number, voters, by_settings, epoch, leader }
    }

    /// Who votes in the group of a workload, as the data store has it.
    pub async fn voters(&self, workload: &str) -> Result<Electorate, VotersError> {
        let group = group_of(workload);
        Ok(self.electorate(group, &self.row(group).await?))
    }

    /// Makes others vote in the group of a workload, in place of the list of this number (of the
    /// one in office, if none is said). `lost` are voters in office that are gone for good and
    /// will not come back: if no leader can be elected without them, the group is founded anew
    /// by the next voters. A leader among them that still ran would go on leading; so whoever
    /// says that they are lost has to know.
    pub async fn change_voters(
        &self,
        workload: &str,
        after: Option<u64>,
        names: &[String],
        lost: &[String],
    ) -> Result<Electorate, VotersError> {
        let group = group_of(workload);
        let row = self.row(group).await?;
        let (next, lost) = self.check(&row, names, lost)?;
        let after = after.unwrap_or(row.voters.number);
        let patience = match lost.is_empty() {
            true => self.wait_max(),
            // Whoever could lead would by then, and no lease of before lasts.
            false => Duration::from_nanos((self.shared().settings.timing.lease * 3).nanos()),
        };
        match self.order(group, after, &next, patience).await {
            Err(VotersError::Unavailable(_)) if !lost.is_empty() => {
                self.found_anew(group, &row, next, &lost).await
            }
            Err(error) => Err(error),
            Ok(()) => Ok(self.electorate(group, &self.row(group).await?)),
        }
    }

    fn check(
        &self,
        row: &GroupRow,
        names: &[String],
        lost: &[String],
    ) -> Result<(Vec<NodeId>, Vec<NodeId>), VotersError> {
        let senseless = |why: String| Err(VotersError::Senseless(why));
        if names.is_empty() || names.len() > VOTERS_MAX {
            return senseless(format!("a group has one to {VOTERS_MAX} voters"));
        }
        let (mut next, mut gone) = (Vec::new(), Vec::new());
        let to_vote = names.iter().map(|name| (name, true));
        for (name, votes) in to_vote.chain(lost.iter().map(|name| (name, false))) {
            let Some(node) = self.shared().known(name, &row.voters) else {
                return senseless(format!("no node `{name}` is known here"));
            };
            let list = if votes { &mut next } else { &mut gone };
            if list.contains(&node) {
                return senseless(format!("`{name}` is there twice"));
            }
            list.push(node);
        }
        if let Some(node) = gone.iter().find(|node| !row.voters.contains(**node)) {
            return senseless(format!("`{}` has no vote", self.shared().name(*node)));
        }
        if let Some(node) = gone.iter().find(|node| next.contains(node)) {
            let name = self.shared().name(*node);
            return senseless(format!("`{name}` cannot be lost and vote"));
        }
        Ok((next, gone))
    }

    /// Asks whoever leads, until it is done or refused.
    async fn order(
        &self,
        group: GroupId,
        after: u64,
        names: &[NodeId],
        patience: Duration,
    ) -> Result<(), VotersError> {
        let shared = self.shared();
        let ends = tokio::time::Instant::now() + patience;
        while tokio::time::Instant::now() < ends {
            let (request, hearer) = {
                let mut mind = shared.mind.lock();
                let (request, hearer) = mind.enter();
                let names = names.to_vec();
                let input = Input::Change { request, group, after, names };
                shared.tell_under(&mut mind, input, None);
                (request, hearer)
            };
            let answered = tokio::time::timeout(TURN * 2, hearer).await;
            shared.mind.lock().leave(request);
            match answered {
                Ok(Ok(answered)) => match answered.outcome {
                    Outcome::Changed(_) => return Ok(()),
                    Outcome::Unchanged(Unchanged::NoLeader) => {
                        // The data store may know of one.
                        self.row(group).await?;
                        tokio::time::sleep(TURN).await;
                    }
                    Outcome::Unchanged(why) => return Err(self.refusal(&why)),
                    _ => return Err(VotersError::Unavailable("the node answers nonsense".into())),
                },
                Ok(Err(_)) => {
                    return Err(VotersError::Unavailable("the node is going down".to_string()));
                }
                // It asks the next voters, or is gone.
                Err(_) => {
                    self.row(group).await?;
                }
            }
        }
        Err(VotersError::Unavailable("no leader of the group answered".to_string()))
    }

    fn refusal(&self, why: &Unchanged) -> VotersError {
        let words = why.to_string();
        match why {
            Unchanged::Silent(nodes) => {
                let names = self.shared().names(nodes).join(", ");
                VotersError::Conflict(format!("{words}: not a word of {names}"))
            }
            Unchanged::Another(voters) => {
                let names = self.shared().names(&voters.names).join(", ");
                VotersError::Conflict(format!("{words}, to {names} (list {})", voters.number))
            }
            Unchanged::NoList => VotersError::Senseless(words),
            Unchanged::NoLeader | Unchanged::UnderWay | Unchanged::Waiting => {
                VotersError::Conflict(words)
            }
        }
    }

    async fn found_anew(
        &self,
        group: GroupId,
        before: &GroupRow,
        names: Vec<NodeId>,
        lost: &[NodeId],
    ) -> Result<Electorate, VotersError> {
        let shared = self.shared();
        let left = before.voters.names.len() - lost.len();
        if left >= before.voters.majority() {
            let why = "a majority of the voters is not lost: wait until they elect a leader";
            return Err(VotersError::Conflict(why.to_string()));
        }
        let row = self.row(group).await?;
        if row != *before {
            let why = "the group was led, or changed, meanwhile";
            return Err(VotersError::Conflict(why.to_string()));
        }
        let next = row.voters.followed_by(names);
        let request = StoreRequest::FoundAnew { group, before: row.epoch, next: next.clone() };
        let (reply, _) = shared.store.apply(request, None, None).await?;
        match &reply {
            StoreReply::Group { row, .. } if row.voters == next => {
                let electorate = self.electorate(group, row);
                shared.tell(Input::Stored(reply), None);
                Ok(electorate)
            }
            _ => Err(VotersError::Conflict("the group was led, or changed, meanwhile".into())),
        }
    }
}
