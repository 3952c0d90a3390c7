//! The contents of a node: opens what is kept, reads and writes for callers, ends in order.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::sync::{Notify, Semaphore, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use swell_core::cachegroup::action::{Input, Outcome, Support, Wish};
use swell_core::cachegroup::conduct::Conduct;
use swell_core::cachegroup::level::ReadLevel;
use swell_core::cachegroup::names::{ContentId, NodeId, Version};
use swell_core::cachegroup::node::Node;
use swell_core::cachegroup::prefetch::prefetcher::Prefetcher;
use swell_core::cachegroup::rules::Kept;
use swell_core::cachegroup::session::Session;
use swell_core::cachegroup::way::Way;

use crate::answer::{ContentError, Reading, Trouble};
use crate::blob::Blob;
use crate::carrier::Carrier;
use crate::circle::Circle;
use crate::clock::now;
use crate::convening::convene;
use crate::copies::Copies;
use crate::data_store::{DataStore, Listed};
use crate::figures::Figures;
use crate::hands::{alarm, orderly};
use crate::keeper::{Keeper, KeptCopy};
use crate::mind::{Answered, Mind};
use crate::naming::{ContentName, check_workload, group_of};
use crate::objects::open;
use crate::objects::seam::ObjectError;
use crate::office::notice;
use crate::parcel::Parcel;
use crate::settings::ContentSettings;
use crate::shared::{STORE_REQUESTS_MAX, Shared};
use crate::sweeping::sweep;

/// How often a read begins anew because its copy had to make room meanwhile.
const READS_MAX: u32 = 5;
/// Contents of a group that its leader counts questions for.
const POPULAR_MAX: usize = 4096;

/// The contents of a node.
pub struct Contents {
    shared: Arc<Shared>,
    stop: CancellationToken,
    hands: Mutex<Vec<JoinHandle<()>>>,
}

impl Contents {
    /// Opens the contents of a node; why not, for who started it.
    pub async fn open(
        settings: ContentSettings,
        circle: Circle,
        carrier: Arc<dyn Carrier>,
    ) -> Result<Self, String> {
        for workload in &settings.workloads {
            check_workload(workload).map_err(|error| error.to_string())?;
        }
        let place = settings.store.clone();
        let objects = tokio::task::spawn_blocking(move || open::open(&place)).await;
        let objects = objects.map_err(|error| error.to_string())??;
        let data = settings.data.clone();
        let opened = tokio::task::spawn_blocking(move || Keeper::open(&data)).await;
        let opened = opened.map_err(|error| error.to_string())?;
        let (keeper, memory, names) = opened.map_err(|error| error.to_string())?;
        let copies = Copies::open(&settings.copies).await;
        // What an earlier program wrote does not say whom this node supported.
        let unsaid = if circle.is_alone() { circle.me() } else { NodeId(!circle.me().0) };
        let supports = memory.supports.iter().map(|&(group, support)| {
            (group, Support { whom: support.whom.or(Some(unsaid)), ..support })
        });
        let supports = supports.collect();
        let mut node = Node::new(now(), circle.me(), memory, settings.timing, Kept);
        if copies.has_disk() {
            for kept in keeper.copies().map_err(|error| error.to_string())? {
                node.restore(kept.content, kept.group, kept.copy());
            }
        }
        let (orders, ordered) = mpsc::unbounded_channel();
        let popular_max = if settings.prefetch.layers.popular { POPULAR_MAX } else { 0 };
        node.set_conduct(Conduct { way: Way::Relay, popular_max, ..Conduct::default() });
        let prefetcher = Prefetcher::new(now(), settings.prefetch);
        let mut mind = Mind::new(node, supports, names, prefetcher);
        // Groups in which something waits, or that people named, need no caller to begin.
        for workload in &settings.workloads {
            let group = group_of(workload);
            mind.join(now(), group, || circle.charter(group));
        }
        let shared = Arc::new(Shared {
            mind: Mutex::new(mind),
            circle,
            met: Mutex::default(),
            copies,
            store: Arc::new(DataStore::new(objects)),
            keeper: Arc::new(keeper),
            carrier,
            settings,
            figures: Figures::default(),
            under_way: Mutex::default(),
            places: Arc::new(Semaphore::new(STORE_REQUESTS_MAX)),
            trouble: Mutex::new(None),
            orders,
            sooner: Notify::new(),
        });
        let stop = CancellationToken::new();
        let hands = vec![
            tokio::spawn(orderly(shared.clone(), ordered)),
            tokio::spawn(alarm(shared.clone(), stop.clone())),
            tokio::spawn(sweep(shared.clone(), stop.clone())),
            tokio::spawn(notice(shared.clone(), stop.clone())),
            tokio::spawn(convene(shared.clone(), stop.clone())),
        ];
        Ok(Self { shared, stop, hands: Mutex::new(hands) })
    }

    /// The longest body.
    pub fn body_bytes_max(&self) -> u64 {
        self.shared.settings.body_bytes_max
    }

    /// How long a caller waits at most.
    pub fn wait_max(&self) -> Duration {
        self.shared.settings.wait_max
    }

    /// What is counted.
    pub fn figures(&self) -> &Figures {
        &self.shared.figures
    }

    /// What callers, hands and other nodes have in common.
    pub(crate) fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    /// Joins the group of a workload, so that its leader is there before the first caller.
    pub fn join(&self, workload: &str) {
        self.shared.join(&mut self.shared.mind.lock(), group_of(workload));
    }

    /// Takes what another node sent, which the caller knows to be its.
    pub fn receive(&self, parcel: Parcel) {
        self.shared.receive(parcel);
    }

    /// Whether a workload has contents by its settings, or the node is in its group.
    pub fn is_at_hand(&self, workload: &str) -> bool {
        let is_named = self.shared.settings.workloads.iter().any(|named| named == workload);
        is_named || self.shared.mind.lock().groups().contains_key(&group_of(workload))
    }

    /// Whether a workload has contents by its settings, or had any in the data store.
    pub async fn knows(&self, workload: &str) -> Result<bool, ContentError> {
        if self.is_at_hand(workload) {
            return Ok(true);
        }
        self.shared.store.knows(workload).await.map_err(unavailable)
    }

    /// Reads a content.
    pub async fn read(
        &self,
        name: &ContentName,
        level: ReadLevel,
        session: Session,
    ) -> Result<Reading, ContentError> {
        let content = name.id();
        for _ in 0..READS_MAX {
            let hearer = {
                let mut mind = self.shared.mind.lock();
                mind.learn(name);
                self.shared.join(&mut mind, name.group());
                let (group, within) = (name.group(), self.shared.within());
                let wish = Wish { content, group, level, session: session.clone(), within };
                mind.ahead.prefetcher.on_wanted(content);
                // Nearly all reads end here: nothing is to be done, nobody to be woken.
                if let Some(outcome) = mind.node.read_here(now(), &wish) {
                    Err(outcome)
                } else {
                    let (request, hearer) = mind.enter();
                    self.shared.tell_under(&mut mind, Input::Read { request, wish }, None);
                    Ok(hearer)
                }
            };
            let answered = match hearer {
                Err(outcome) => Answered { outcome, brought: None },
                Ok(hearer) => hearer.await.map_err(|_| self.unavailable())?,
            };
            let Answered { outcome, brought } = answered;
            let Outcome::Read { group, revision, committed, origin, age, is_pending } = outcome
            else {
                return Err(self.failure(&outcome));
            };
            let version = revision.version;
            let mut blob = None;
            if revision.payload.is_some() {
                let came = brought.filter(|it| (it.content, it.version) == (content, version));
                let mut bytes = came.map(|brought| brought.bytes);
                if bytes.is_none() && !is_pending {
                    bytes = self.shared.copies.at_hand(content, version);
                }
                if bytes.is_none() {
                    bytes = self.beside_copies(content, version);
                }
                if bytes.is_none() && is_pending {
                    bytes = self.shared.pending(content, version).await;
                }
                if bytes.is_none() {
                    bytes = self.shared.copies.get(content, version).await;
                }
                blob = bytes.and_then(Blob::of_bytes);
                if blob.is_none() {
                    self.shared.tell(Input::Evicted { content, version }, None);
                    continue;
                }
            }
            let mut session = session;
            session.saw(group, content, &revision, committed);
            let age = Duration::from_nanos(age.nanos());
            let reading = Reading { blob, version, origin, age, is_pending, session };
            self.shared.figures.on_read(origin, reading.body().len() as u64);
            return Ok(reading);
        }
        Err(self.unavailable())
    }

    /// The bytes of a version that is not among the copies: one that is being written here, or
    /// that was fetched ahead and becomes a copy now.
    fn beside_copies(&self, content: ContentId, version: Version) -> Option<Bytes> {
        let mut mind = self.shared.mind.lock();
        if let Some(draft) = mind.drafts.get(&(content, version)) {
            return Some(draft.clone());
        }
        let bytes = mind.ahead.take_out(content, version)?;
        self.shared.copies.keep(content, version, bytes.clone());
        Some(bytes)
    }

    /// Contents of a workload, as the data store has them.
    pub async fn list(
        &self,
        workload: &str,
        prefix: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<(Vec<Listed>, Option<String>), ContentError> {
        self.shared.store.list(workload, prefix, after, limit).await.map_err(unavailable)
    }

    /// Where the data store is, for people.
    pub fn store(&self) -> String {
        self.shared.store.describe()
    }

    pub(crate) fn unavailable(&self) -> ContentError {
        self.failure(&Outcome::Unavailable)
    }

    pub(crate) fn failure(&self, outcome: &Outcome) -> ContentError {
        self.shared.figures.failures.fetch_add(1, Ordering::Relaxed);
        match outcome {
            Outcome::Conflict => ContentError::Conflict,
            Outcome::Busy => ContentError::Busy,
            Outcome::Undecided { token } => ContentError::Undecided(*token),
            _ => match self.shared.trouble.lock().clone() {
                Some(error) => unavailable(error),
                None => ContentError::Unavailable(Trouble(None)),
            },
        }
    }

    /// Ends: what is in memory goes to disk. Locks that are held run out.
    pub async fn close(&self) {
        self.stop.cancel();
        let copies = {
            let mind = self.shared.mind.lock();
            let rows = mind.node.table().rows().iter();
            let copies = rows.filter_map(|(&content, row)| {
                let copy = row.copy.as_ref()?;
                // What nobody has read yet is in memory only.
                let is_ahead = mind.ahead.look(content, copy.revision.version).is_some();
                (!is_ahead).then(|| KeptCopy::new(content, row.group, copy))
            });
            copies.collect::<Vec<_>>()
        };
        if self.shared.copies.has_disk() {
            let keeper = self.shared.keeper.clone();
            let kept = tokio::task::spawn_blocking(move || keeper.keep_copies(&copies)).await;
            if let Ok(Err(error)) = kept {
                tracing::warn!(%error, "which copies are here is not written down");
            }
        }
        self.shared.copies.close().await;
        let hands = std::mem::take(&mut *self.hands.lock());
        for hand in hands {
            hand.abort();
            let _ = hand.await;
        }
        self.shared.keeper.close();
    }
}

pub(crate) fn unavailable(error: ObjectError) -> ContentError {
    match error {
        ObjectError::Full(why) => ContentError::Full(why),
        ObjectError::Unavailable(why) => ContentError::Unavailable(Trouble(Some(why))),
    }
}

/// The version a client names in an entity tag: `"0.3.17"`, maybe weak.
pub fn version_of_tag(tag: &str) -> Option<Version> {
    let tag = tag.trim();
    let tag = tag.strip_prefix("W/").unwrap_or(tag);
    tag.strip_prefix('"')?.strip_suffix('"')?.parse().ok()
}
