//! What callers, hands and other nodes have in common: tells the mind, and sees to its orders.
//!
//! Orders are carried out as they come, unless one of them must be on disk before the next: such
//! a batch, and all that follow while it is under way, are carried out one after the other by
//! the orderly hand. So nothing is said that a power cut could make untrue.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bytes::Bytes;
use parking_lot::{Mutex, MutexGuard};
use tokio::sync::{Notify, Semaphore, mpsc};

use swell_core::cachegroup::action::{Action, Input, Outcome};
use swell_core::cachegroup::message::Message;
use swell_core::cachegroup::names::{GroupId, NodeId};
use swell_core::cachegroup::store_message::StoreRequest;
use swell_core::time::{Instant, Span};

use crate::ahead::Kept;
use crate::blob::digest;
use crate::carrier::Carrier;
use crate::circle::Circle;
use crate::clock::now;
use crate::copies::Copies;
use crate::data_store::DataStore;
use crate::figures::Figures;
use crate::keeper::Keeper;
use crate::mind::{Answered, Brought, Mind};
use crate::naming::group_of;
use crate::objects::seam::ObjectError;
use crate::parcel::Parcel;
use crate::settings::ContentSettings;

/// Requests to the data store at a time.
pub(crate) const STORE_REQUESTS_MAX: usize = 64;

/// Orders that are to be carried out one after the other.
pub(crate) struct Batch {
    pub(crate) actions: Vec<Action>,
    pub(crate) brought: Option<Brought>,
}

/// What callers, hands and other nodes have in common.
pub(crate) struct Shared {
    pub(crate) mind: Mutex<Mind>,
    pub(crate) circle: Circle,
    /// Nodes beside those of the circle that were heard of.
    pub(crate) met: Mutex<BTreeMap<NodeId, String>>,
    pub(crate) copies: Copies,
    pub(crate) store: Arc<DataStore>,
    pub(crate) keeper: Arc<Keeper>,
    pub(crate) carrier: Arc<dyn Carrier>,
    pub(crate) settings: ContentSettings,
    pub(crate) figures: Figures,
    /// What was asked of the data store and is not answered yet.
    pub(crate) under_way: Mutex<BTreeSet<StoreRequest>>,
    pub(crate) places: Arc<Semaphore>,
    /// Why the data store last came to nothing, until it works again.
    pub(crate) trouble: Mutex<Option<ObjectError>>,
    pub(crate) orders: mpsc::UnboundedSender<Batch>,
    /// The next time to wake up may have become an earlier one.
    pub(crate) sooner: Notify,
}

impl Shared {
    /// Tells the mind a piece of news and sees to what it wants done.
    pub(crate) fn tell(self: &Arc<Self>, input: Input, brought: Option<Brought>) {
        self.tell_under(&mut self.mind.lock(), input, brought);
    }

    /// The same for who has the lock.
    pub(crate) fn tell_under(
        self: &Arc<Self>,
        mind: &mut MutexGuard<'_, Mind>,
        input: Input,
        brought: Option<Brought>,
    ) {
        let mut actions = Vec::new();
        mind.node.handle(now(), input, &mut actions);
        self.see_to(mind, actions, brought);
    }

    /// Lets the mind do what is due; when it wants to be woken next.
    pub(crate) fn wake(self: &Arc<Self>) -> Instant {
        let mut mind = self.mind.lock();
        let now = now();
        if mind.node.next_wakeup() <= now {
            let mut actions = Vec::new();
            mind.node.wake(now, &mut actions);
            self.see_to(&mut mind, actions, None);
        }
        mind.planned = mind.node.next_wakeup();
        mind.planned
    }

    /// How long an operation may take.
    pub(crate) fn within(&self) -> Span {
        Span::from_nanos(self.settings.wait_max.as_nanos() as u64)
    }

    /// What a node is called, for people.
    pub(crate) fn name(&self, node: NodeId) -> String {
        if let Some(name) = self.circle.name(node) {
            return name.to_string();
        }
        self.met.lock().get(&node).cloned().unwrap_or_else(|| nameless(node))
    }

    /// Workloads that were named here, by their groups.
    pub(crate) fn workloads(&self, mind: &Mind) -> BTreeMap<GroupId, String> {
        let named = self.settings.workloads.iter().cloned();
        let learned = mind.names().map(|name| name.workload().to_string());
        named.chain(learned).map(|workload| (group_of(&workload), workload)).collect()
    }

    /// Joins a group that somebody has to do with.
    pub(crate) fn join(&self, mind: &mut Mind, group: GroupId) {
        if !mind.groups().contains_key(&group) {
            mind.join(now(), group, || self.circle.charter(group));
            self.sooner.notify_one();
        }
    }

    /// Takes what another node sent. The caller has seen to it that it comes from who it says.
    pub(crate) fn receive(self: &Arc<Self>, parcel: Parcel) {
        let Parcel { envelope, name, bytes } = parcel;
        if envelope.to != self.circle.me() {
            return;
        }
        Figures::add(&self.figures.received, 1);
        let brought = brought(&envelope.message, bytes);
        let mut mind = self.mind.lock();
        if let Some(name) = &name {
            mind.learn(name);
        }
        self.join(&mut mind, envelope.group);
        self.tell_under(&mut mind, Input::Received(envelope), brought);
    }

    fn see_to(
        self: &Arc<Self>,
        mind: &mut MutexGuard<'_, Mind>,
        actions: Vec<Action>,
        brought: Option<Brought>,
    ) {
        let mut rest = Vec::new();
        let mut is_orderly = mind.behind > 0;
        let is_ahead = actions.iter().any(|action| {
            matches!(action, Action::Answer { request, .. } if mind.ahead.is_fetch(*request))
        });
        let (mut gone, mut fetches) = (Vec::new(), Vec::new());
        for action in actions {
            match action {
                Action::Install { content, version } => {
                    let came = brought
                        .as_ref()
                        .filter(|brought| (brought.content, brought.version) == (content, version));
                    let draft = mind.drafts.remove(&(content, version));
                    match came.map(|brought| brought.bytes.clone()).or(draft) {
                        Some(bytes) if is_ahead => {
                            match mind.ahead.take_in(now(), content, version, bytes) {
                                Kept::AsCopy(bytes) => self.copies.keep(content, version, bytes),
                                Kept::InRoom(versions) => gone.extend(versions),
                                Kept::Nowhere => gone.push((content, version)),
                            }
                        }
                        Some(bytes) => self.copies.keep(content, version, bytes),
                        None => {}
                    }
                }
                Action::Drop { content, version } => {
                    mind.drafts.remove(&(content, version));
                    mind.ahead.drop(content, version);
                    self.copies.drop(content, version);
                }
                Action::Answer { request, .. } if mind.ahead.end(request) => {}
                Action::Answer { request, outcome: outcome @ Outcome::Read { .. } } => {
                    mind.answer(request, Answered { outcome, brought: brought.clone() });
                }
                Action::Suggested { asked, total, .. } => {
                    let Mind { node, ahead, .. } = &mut **mind;
                    let is_here = |content| node.table().copy(content).is_some();
                    let prefetcher = &mut ahead.prefetcher;
                    fetches.extend(prefetcher.on_suggestions(now(), &asked, total, is_here));
                }
                action => {
                    is_orderly |= matches!(
                        action,
                        Action::KeepPending { .. }
                            | Action::KeepSupport { .. }
                            | Action::ForgetPending { .. }
                    );
                    rest.push(action);
                }
            }
        }
        for (content, version) in gone {
            mind.node.handle(now(), Input::Evicted { content, version }, &mut rest);
        }
        for (content, version) in mind.make_room(now(), &mut rest) {
            mind.ahead.drop(content, version);
            self.copies.drop(content, version);
        }
        if is_orderly && !rest.is_empty() {
            mind.behind += 1;
            // The orderly hand goes only when everything ends.
            let _ = self.orders.send(Batch { actions: rest, brought });
        } else {
            for action in rest {
                self.carry_out(mind, action, brought.as_ref());
            }
        }
        if mind.node.next_wakeup() < mind.planned {
            self.sooner.notify_one();
        }
        self.fetch_ahead(mind, fetches);
    }
}

/// The bytes beside a message, as those of the version it is about.
fn brought(message: &Message, bytes: Option<Bytes>) -> Option<Brought> {
    let bytes = bytes?;
    match message {
        Message::Data { content, version, .. } => {
            Some(Brought { content: *content, version: *version, bytes })
        }
        Message::Copy { copy } => {
            let payload = copy.revision.payload;
            let is_it = payload.is_some_and(|payload| payload.digest == digest(&bytes));
            let (content, version) = (copy.content, copy.revision.version);
            is_it.then_some(Brought { content, version, bytes })
        }
        _ => None,
    }
}

/// A node whose name nobody here has heard.
pub(crate) fn nameless(node: NodeId) -> String {
    format!("#{:08x}", node.0)
}
