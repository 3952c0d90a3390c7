//! Gives contents to other groups (R12): those that people name, and those that others choose.

use std::time::Duration;

use swell_core::cachegroup::action::Input;
use swell_core::cachegroup::leader_table::LeaderTag;
use swell_core::cachegroup::level::ReadLevel;
use swell_core::cachegroup::names::{ContentId, GroupId};
use swell_core::cachegroup::session::Session;

use crate::answer::ContentError;
use crate::blob::body_length;
use crate::clock::now;
use crate::contents::{Contents, unavailable};
use crate::leadership::{home_of, is_found};
use crate::naming::ContentName;

/// How soon it is looked again whether a content has moved.
const AGAIN: Duration = Duration::from_millis(100);

impl Contents {
    /// Contents whose group this node leads: of these, and of all in groups that were found.
    pub fn led(&self, among: impl IntoIterator<Item = ContentId>) -> Vec<(ContentId, GroupId)> {
        let mind = self.shared().mind.lock();
        let now = now();
        let is_led = |tag: &LeaderTag| matches!(tag, LeaderTag::Free(_) | LeaderTag::Lock { .. });
        let mut led = Vec::new();
        for content in among {
            let group = home_of(content);
            let reign = mind.node.reign(group, now);
            let row = reign.and_then(|reign| reign.table().get(&content));
            if row.is_some_and(|row| is_led(&row.tag)) {
                led.push((content, group));
            }
        }
        for &group in mind.groups().keys().filter(|&&group| is_found(group)) {
            let Some(reign) = mind.node.reign(group, now) else { continue };
            let rows = reign.table().iter().filter(|(_, row)| is_led(&row.tag));
            led.extend(rows.map(|(&content, _)| (content, group)));
        }
        led
    }

    /// Has a content given to another group, by whoever leads its own: as soon as nobody writes it,
    /// if all goes well. Never waits.
    pub fn give(&self, content: ContentId, from: GroupId, to: GroupId) {
        let shared = self.shared();
        let mut mind = shared.mind.lock();
        shared.join(&mut mind, from);
        shared.join(&mut mind, to);
        shared.tell_under(&mut mind, Input::Move { content, from, to }, None);
    }

    /// Gives a content to another group and waits until it is there.
    pub async fn move_to(&self, name: &ContentName, to: GroupId) -> Result<(), ContentError> {
        let content = name.id();
        let deadline = tokio::time::Instant::now() + self.wait_max();
        loop {
            let group = self.leading(name).await?.ok_or(ContentError::NotFound)?;
            // A read also learns who leads.
            let reading = self.read(name, ReadLevel::Strict, Session::default()).await?;
            if group == to {
                return Ok(());
            }
            if reading.blob.is_none() {
                return Err(ContentError::NotFound);
            }
            self.give(content, group, to);
            if tokio::time::Instant::now() >= deadline {
                return Err(ContentError::Busy);
            }
            tokio::time::sleep(AGAIN).await;
        }
    }

    /// The group that leads a content, as the data store has it; none if nobody ever had to do
    /// with the content.
    pub async fn leading(&self, name: &ContentName) -> Result<Option<GroupId>, ContentError> {
        let row = self.shared().store.content(name.id()).await.map_err(unavailable)?;
        Ok(row.group)
    }

    /// How long a content is, in bytes; none if it is not there.
    pub async fn length(&self, name: &ContentName) -> Result<Option<u64>, ContentError> {
        {
            let mind = self.shared().mind.lock();
            let copy = mind.node.table().copy(name.id());
            if let Some(payload) = copy.and_then(|copy| copy.revision.payload) {
                return Ok(Some(body_length(&payload)));
            }
        }
        let row = self.shared().store.content(name.id()).await.map_err(unavailable)?;
        Ok(row.revision.payload.as_ref().map(body_length))
    }

    /// Who leads a group, as far as is known here.
    pub fn leader_of(&self, group: GroupId) -> Option<String> {
        let mind = self.shared().mind.lock();
        let leader = mind.node.view(group).and_then(|view| view.leader);
        leader.map(|leader| self.shared().name(leader))
    }

    /// Joins a group that others have to do with, if this node is one of its voters.
    pub fn vote_in(&self, group: GroupId) {
        let shared = self.shared();
        let mut mind = shared.mind.lock();
        let is_new = !mind.groups().contains_key(&group);
        if is_new && shared.circle.charter(group).voters.contains(&shared.circle.me()) {
            shared.join(&mut mind, group);
        }
    }
}
