//! The data store made of objects: a row per content and per group, changed by comparing and
//! setting, and the bytes of each version under a name that is written once.
//!
//! What a change of a row has to be is said by the rows themselves, in the mind. Here a row is
//! read, changed, and put on the condition that nobody else was faster; else again. A put whose
//! answer was lost is found out by reading: every change of a row says the same when it is made
//! once more.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::task::JoinSet;

use swell_core::cachegroup::names::{ContentId, GroupId, Version};
use swell_core::cachegroup::rules::Kept;
use swell_core::cachegroup::store_message::{StoreReply, StoreRequest};
use swell_core::cachegroup::store_table::{ContentRow, GroupRow, Verdict};

use crate::blob::{body_length, digest};
use crate::naming::{ContentName, unescape};
use crate::objects::seam::{Condition, ObjectError, Objects, Put};
use crate::rows::{
    ContentObject, Row, blob_key, blobs_key, content_key, group_key, name_key, names_key, of_bytes,
    rows_key, to_bytes,
};

/// How often a row is tried to be changed while others change it.
const TRIES_MAX: u32 = 40;
/// How long is waited after a change that came too late, at first.
const PAUSE: Duration = Duration::from_millis(2);
/// So many contents are remembered to have their name written down.
const NAMED_MAX: usize = 100_000;
/// Rows read at a time for a list.
const READS_MAX: usize = 16;

/// A content in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Its name in the workload.
    pub name: String,
    /// The newest version.
    pub version: Version,
    /// How long its body is, in bytes.
    pub size: u64,
}

/// The data store.
pub struct DataStore {
    objects: Arc<dyn Objects>,
    named: Mutex<BTreeSet<ContentId>>,
}

impl DataStore {
    /// A data store made of these objects.
    pub fn new(objects: Arc<dyn Objects>) -> Self {
        Self { objects, named: Mutex::default() }
    }

    /// Where it is, for people.
    pub fn describe(&self) -> String {
        self.objects.describe()
    }

    /// Carries out a request. `name` is what its content is called, if that is known; `bytes`
    /// are those of the version to upload. With what was fetched come its bytes.
    pub async fn apply(
        &self,
        request: StoreRequest,
        name: Option<&ContentName>,
        bytes: Option<Bytes>,
    ) -> Result<(StoreReply, Option<Bytes>), ObjectError> {
        let reply = match request {
            StoreRequest::Fetch { ticket, content, version } => {
                let found = self.objects.get(&blob_key(content, version)).await?;
                return Ok(match found {
                    Some(found) => {
                        let digest = digest(&found.bytes);
                        let reply = StoreReply::Fetched { ticket, content, version, digest };
                        (reply, Some(found.bytes))
                    }
                    None => (StoreReply::NotFound { ticket, content, version }, None),
                });
            }
            StoreRequest::Newest { ticket, content, group, have } => {
                let (row, of, group) = self.rows(content, group).await?;
                let version = row.revision.version;
                let wanted = row.revision.payload.is_some() && have != Some(version);
                let found = match wanted {
                    true => self.objects.get(&blob_key(content, version)).await?,
                    false => None,
                };
                let bytes = found.map(|found| found.bytes);
                let digest = bytes.as_ref().map(|bytes| digest(bytes));
                return Ok((StoreReply::Newest { ticket, content, row, of, group, digest }, bytes));
            }
            StoreRequest::Upload { content, revision } => {
                let version = revision.version;
                if let Some(name) = name {
                    self.write_name(content, name).await?;
                }
                if let Some(payload) = revision.payload {
                    let bytes = bytes.filter(|bytes| digest(bytes) == payload.digest);
                    let lost = || ObjectError::Unavailable("the bytes to upload are gone".into());
                    let bytes = bytes.ok_or_else(lost)?;
                    let key = blob_key(content, version);
                    // One that is there is the same: a token is used once.
                    self.objects.put(&key, bytes, Condition::Absent).await?;
                }
                StoreReply::Uploaded { content, version }
            }
            request => self.apply_to_rows(request, name).await?,
        };
        Ok((reply, None))
    }

    /// The row of a content, the group that has it (or is supposed to), and that group's row.
    async fn rows(
        &self,
        content: ContentId,
        supposed: GroupId,
    ) -> Result<(ContentRow, GroupId, GroupRow), ObjectError> {
        let row = self.content(content).await?;
        let of = row.group.unwrap_or(supposed);
        let (group, _) = self.read::<GroupRow>(&group_key(of)).await?;
        Ok((row, of, group))
    }

    async fn apply_to_rows(
        &self,
        request: StoreRequest,
        name: Option<&ContentName>,
    ) -> Result<StoreReply, ObjectError> {
        Ok(match request {
            StoreRequest::Read { ticket, content, group } => {
                let (row, of, group) = self.rows(content, group).await?;
                StoreReply::Rows { ticket, content, row, of, group }
            }
            StoreRequest::Commit { content, group, base, revision } => {
                let version = revision.version;
                if let Some(name) = name {
                    self.write_name(content, name).await?;
                }
                let change = |row: &mut ContentRow| row.commit(group, base, &revision, &Kept);
                match self.change_content(content, name, change).await?.0 {
                    Verdict::Accepted => StoreReply::Committed { content, version },
                    Verdict::Rejected => StoreReply::Rejected { content, version },
                    Verdict::Forgotten => StoreReply::Forgotten { content, version },
                }
            }
            StoreRequest::Seal { content, group, epoch, counter, creates } => {
                if !creates && self.objects.get(&content_key(content)).await?.is_none() {
                    return Ok(StoreReply::Absent { content, epoch, counter });
                }
                let change = |row: &mut ContentRow| row.seal(group, epoch, counter);
                let (is_ours, row) = self.change_content(content, name, change).await?;
                match row.group {
                    Some(group) if !is_ours => StoreReply::Elsewhere { content, group },
                    _ => StoreReply::Sealed { content, epoch, counter, row },
                }
            }
            StoreRequest::Move { content, from, to, token, moved } => {
                let change = |row: &mut ContentRow| row.give(from, to, token, &moved, &Kept);
                let (_, row) = self.change_content(content, name, change).await?;
                match row.group {
                    Some(group) if group != from => StoreReply::Elsewhere { content, group },
                    _ => StoreReply::Rejected { content, version: token },
                }
            }
            StoreRequest::Look { group } => {
                let (row, _) = self.read::<GroupRow>(&group_key(group)).await?;
                StoreReply::Group { group, row }
            }
            StoreRequest::Reseat { group, epoch, leader, next } => {
                let change = |row: &mut GroupRow| row.reseat(epoch, leader, &next);
                let ((), row) = self.change(&group_key(group), change).await?;
                StoreReply::Group { group, row }
            }
            StoreRequest::FoundAnew { group, before, next } => {
                let change = |row: &mut GroupRow| row.found_anew(before, &next);
                let (_, row) = self.change(&group_key(group), change).await?;
                StoreReply::Group { group, row }
            }
            StoreRequest::Claim { group, epoch, leader, electors } => {
                let change = |row: &mut GroupRow| row.claim(epoch, leader, &electors, &Kept);
                match self.change(&group_key(group), change).await? {
                    (true, _) => StoreReply::Claimed { group, epoch, leader },
                    (false, row) => StoreReply::Group { group, row },
                }
            }
            StoreRequest::Newest { .. }
            | StoreRequest::Fetch { .. }
            | StoreRequest::Upload { .. } => {
                unreachable!("these have to do with bytes")
            }
        })
    }

    /// The row of a group; an empty one if there is none.
    pub async fn group(&self, group: GroupId) -> Result<GroupRow, ObjectError> {
        Ok(self.read::<GroupRow>(&group_key(group)).await?.0)
    }

    /// The row of a content; an empty one if there is none.
    pub async fn content(&self, content: ContentId) -> Result<ContentRow, ObjectError> {
        let (object, _) = self.read::<ContentObject>(&content_key(content)).await?;
        Ok(object.row)
    }

    async fn read<T: Row>(&self, key: &str) -> Result<(T, Condition), ObjectError> {
        let Some(found) = self.objects.get(key).await? else {
            return Ok((T::default(), Condition::Absent));
        };
        let row = of_bytes(&found.bytes).ok_or_else(|| {
            let place = self.objects.describe();
            let why = "is damaged, or of a later program";
            ObjectError::Unavailable(format!("{place}: the row `{key}` {why}"))
        })?;
        Ok((row, Condition::Is(found.mark)))
    }

    async fn change_content<A>(
        &self,
        content: ContentId,
        name: Option<&ContentName>,
        change: impl Fn(&mut ContentRow) -> A,
    ) -> Result<(A, ContentRow), ObjectError> {
        let change = |object: &mut ContentObject| {
            if object.name.is_none() {
                object.name = name.cloned();
            }
            change(&mut object.row)
        };
        let (answer, object) = self.change(&content_key(content), change).await?;
        Ok((answer, object.row))
    }

    async fn change<T: Row, A>(
        &self,
        key: &str,
        change: impl Fn(&mut T) -> A,
    ) -> Result<(A, T), ObjectError> {
        for attempt in 0..TRIES_MAX {
            let (before, condition) = self.read::<T>(key).await?;
            let mut after = before.clone();
            let answer = change(&mut after);
            if after == before {
                return Ok((answer, after));
            }
            if self.objects.put(key, to_bytes(&after), condition).await? == Put::Done {
                return Ok((answer, after));
            }
            tokio::time::sleep(PAUSE * attempt.min(20)).await;
        }
        let place = self.objects.describe();
        Err(ObjectError::Unavailable(format!("{place}: too many change the row `{key}`")))
    }

    async fn write_name(&self, content: ContentId, name: &ContentName) -> Result<(), ObjectError> {
        if self.named.lock().contains(&content) {
            return Ok(());
        }
        self.objects.put(&name_key(name), Bytes::new(), Condition::Absent).await?;
        let mut named = self.named.lock();
        if named.len() >= NAMED_MAX {
            named.clear();
        }
        named.insert(content);
        Ok(())
    }

    /// Removes the bytes of a version that another has followed, and whose last readers are
    /// gone. Whoever asks for them after all learns that there are newer ones.
    pub async fn clear(&self, content: ContentId, version: Version) -> Result<(), ObjectError> {
        self.objects.delete(&blob_key(content, version)).await
    }

    /// Removes the bytes of a group's versions that no row leads to and none ever will: those
    /// that another has followed, and those whose token the fence has passed. How many.
    pub async fn sweep(&self, group: GroupId) -> Result<u64, ObjectError> {
        let mut cleared = 0;
        for rest in self.objects.list(&rows_key(group)).await? {
            let Some((blobs, content)) = blobs_key(group, &rest) else { continue };
            let names = self.objects.list(&blobs).await?;
            let versions = names.iter().filter_map(|name| name.parse::<Version>().ok());
            let versions: Vec<Version> = versions.collect();
            if versions.is_empty() {
                continue;
            }
            // Read after the list: what is committed meanwhile is newer than all that is in it.
            let row = self.content(content).await?;
            let newest = row.revision.version;
            for version in versions {
                if version < newest || version < row.fence && version != newest {
                    self.clear(content, version).await?;
                    cleared += 1;
                }
            }
        }
        Ok(cleared)
    }

    /// Whether any content of this workload was ever written.
    pub async fn knows(&self, workload: &str) -> Result<bool, ObjectError> {
        Ok(!self.objects.list(&names_key(workload)).await?.is_empty())
    }

    /// Contents of a workload whose names begin with `prefix` and come after `after`, in order
    /// of their names as they lie in the data store, up to `limit`; and where to go on, if
    /// there may be more.
    pub async fn list(
        &self,
        workload: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Listed>, Option<String>), ObjectError> {
        let names = self.objects.list(&names_key(workload)).await?;
        let mut names: Vec<String> = names.iter().filter_map(|name| unescape(name)).collect();
        names.retain(|name| name.starts_with(prefix) && after.is_none_or(|after| **name > *after));
        names.sort_unstable();
        let mut listed = Vec::new();
        let mut last = None;
        for part in names.chunks(READS_MAX) {
            if listed.len() >= limit {
                return Ok((listed, last));
            }
            let mut reads = JoinSet::new();
            for (place, name) in part.iter().enumerate() {
                let Ok(name) = ContentName::new(workload, name) else { continue };
                let objects = self.objects.clone();
                reads.spawn(async move {
                    let key = content_key(name.id());
                    (place, objects.get(&key).await)
                });
            }
            let mut rows = vec![None; part.len()];
            while let Some(read) = reads.join_next().await {
                let failed =
                    |error: tokio::task::JoinError| ObjectError::Unavailable(error.to_string());
                let (place, found) = read.map_err(failed)?;
                rows[place] = found?.and_then(|found| of_bytes::<ContentObject>(&found.bytes));
            }
            for (name, object) in part.iter().zip(rows) {
                if listed.len() >= limit {
                    return Ok((listed, last));
                }
                last = Some(name.clone());
                let revision = object.map(|object| object.row.revision);
                let payload = revision.as_ref().and_then(|revision| revision.payload);
                if let (Some(revision), Some(payload)) = (revision, payload) {
                    let (name, size) = (name.clone(), body_length(&payload));
                    listed.push(Listed { name, version: revision.version, size });
                }
            }
        }
        Ok((listed, None))
    }
}
