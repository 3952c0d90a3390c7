//! Who votes in a group, for people: what the data store has in office, and how it is changed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use swell_core::cachegroup::action::{Input, Outcome};
use swell_core::cachegroup::change::Unchanged;
use swell_core::cachegroup::names::{GroupId, NodeId};
use swell_core::cachegroup::store_message::{StoreReply, StoreRequest};
use swell_core::cachegroup::store_table::GroupRow;
use swell_core::cachegroup::voters::{VOTERS_MAX, Voters};

use crate::answer::ContentError;
use crate::contents::{Contents, unavailable};
use crate::mind::Mind;
use crate::naming::{ContentName, group_of, node_of};
use crate::objects::open::Place;
use crate::objects::seam::ObjectError;
use crate::shared::{Shared, nameless};

/// How long a leader is waited for before it is asked again.
const TURN: Duration = Duration::from_millis(500);
/// How often it is looked whether other voters are in office than settings name.
const LOOK: Duration = Duration::from_secs(2);

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

impl Shared {
    /// The list in office of a group and who would vote by settings, if these are others.
    pub(crate) fn differing(&self, mind: &Mind, group: GroupId) -> Option<(u64, Vec<NodeId>)> {
        let office = &mind.node.view(group)?.voters;
        let mut own = mind.groups().get(&group)?.voters.clone();
        let mut others = office.names.clone();
        own.sort_unstable();
        others.sort_unstable();
        let differ = office.are_in_office() && own != others;
        differ.then(|| (office.number, mind.groups()[&group].voters.clone()))
    }

    /// Asks the data store. One that nobody else has is this node's, whatever it was called when
    /// it founded its groups.
    pub(crate) async fn ask(
        &self,
        request: StoreRequest,
        name: Option<&ContentName>,
        bytes: Option<Bytes>,
    ) -> Result<(StoreReply, Option<Bytes>), ObjectError> {
        let is_look = matches!(request, StoreRequest::Look { .. });
        let answered = self.store.apply(request, name, bytes).await?;
        let (StoreReply::Group { group, row }, true) = (&answered.0, is_look && self.owns_store())
        else {
            return Ok(answered);
        };
        if !row.voters.are_in_office() || row.voters.contains(self.circle.me()) {
            return Ok(answered);
        }
        tracing::info!("a group of this node was founded under another name; it is taken over");
        let next = row.voters.followed_by(vec![self.circle.me()]);
        let request = StoreRequest::FoundAnew { group: *group, before: row.epoch, next };
        self.store.apply(request, None, None).await
    }

    /// Whether nobody else can have the data store.
    fn owns_store(&self) -> bool {
        let settings = &self.settings;
        let is_inside = |place: &Place| matches!(place, Place::Folder(folder) if folder.starts_with(&settings.data));
        self.circle.is_alone() && is_inside(&settings.store)
    }

    fn names(&self, nodes: &[NodeId]) -> Vec<String> {
        nodes.iter().map(|&node| self.name(node)).collect()
    }

    /// The node of a name, as people write it, if it is one of these or known here.
    fn known(&self, name: &str, office: &Voters) -> Option<NodeId> {
        let node = node_of(name);
        let is_known = self.circle.name(node).is_some() || self.met.lock().contains_key(&node);
        if is_known || office.contains(node) {
            return Some(node);
        }
        office.names.iter().copied().find(|&node| nameless(node) == name)
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
        for (name, nodes) in
            names.iter().map(|name| (name, true)).chain(lost.iter().map(|name| (name, false)))
        {
            let Some(node) = self.shared().known(name, &row.voters) else {
                return senseless(format!("no node `{name}` is known here"));
            };
            let list = if nodes { &mut next } else { &mut gone };
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

/// Says once when other voters are in office than this node's settings name.
pub(crate) async fn notice(shared: Arc<Shared>, stop: CancellationToken) {
    let mut told = BTreeMap::new();
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = stop.cancelled() => return,
        }
        let news: Vec<(GroupId, u64, Vec<NodeId>, Vec<NodeId>)> = {
            let mind = shared.mind.lock();
            let groups = mind.groups().keys().copied();
            let differing = groups.filter_map(|group| {
                let (number, own) = shared.differing(&mind, group)?;
                let office = mind.node.view(group)?.voters.names.clone();
                Some((group, number, office, own))
            });
            differing.filter(|(group, number, ..)| told.get(group) != Some(number)).collect()
        };
        for (group, number, office, own) in news {
            let (office, own) = (shared.names(&office).join(", "), shared.names(&own).join(", "));
            let workload = shared.workloads(&shared.mind.lock()).remove(&group);
            tracing::warn!(
                workload = workload.unwrap_or_else(|| format!("#{}", group.0)),
                "others vote in this group than this node's settings name: {office} do, settings \
                 name {own}; to change who votes: `swell cache voters`"
            );
            told.insert(group, number);
        }
    }
}
