//! The voters in office beside those that a node's settings name.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio_util::sync::CancellationToken;

use swell_core::cachegroup::names::{GroupId, NodeId};
use swell_core::cachegroup::store_message::{StoreReply, StoreRequest};
use swell_core::cachegroup::voters::Voters;

use crate::mind::Mind;
use crate::naming::{ContentName, node_of};
use crate::objects::open::Place;
use crate::objects::seam::ObjectError;
use crate::shared::{Shared, nameless};

/// How often it is looked whether others are in office than settings name.
const LOOK: Duration = Duration::from_secs(2);

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

    pub(crate) fn names(&self, nodes: &[NodeId]) -> Vec<String> {
        nodes.iter().map(|&node| self.name(node)).collect()
    }

    /// The node of a name, as people write it, if it is one of these or known here.
    pub(crate) fn known(&self, name: &str, office: &Voters) -> Option<NodeId> {
        let node = node_of(name);
        let is_known = self.circle.name(node).is_some() || self.met.lock().contains_key(&node);
        if is_known || office.contains(node) {
            return Some(node);
        }
        office.names.iter().copied().find(|&node| nameless(node) == name)
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
