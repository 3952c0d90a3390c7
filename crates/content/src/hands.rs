//! The hands: they send, ask the data store, write to disk, and wake the mind in time.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use swell_core::cachegroup::action::{Action, Input};
use swell_core::cachegroup::message::{Envelope, Message};
use swell_core::cachegroup::names::{ContentId, Version};
use swell_core::cachegroup::store_message::{StoreReply, StoreRequest};

use crate::clock::now;
use crate::figures::Figures;
use crate::keeper::KeeperError;
use crate::mind::{Answered, Brought, Mind};
use crate::objects::seam::ObjectError;
use crate::parcel::{Parcel, content_of};
use crate::shared::{Batch, Shared};

/// How long one request to the data store may take. The mind asks again long before; a request
/// that is still under way is not made twice.
const STORE_REQUEST_MAX: Duration = Duration::from_secs(60);

/// The longest time between two looks at what is due.
const LOOK: Duration = Duration::from_secs(3600);

impl Shared {
    /// Carries out an order that nothing has to be on disk for.
    pub(crate) fn carry_out(
        self: &Arc<Self>,
        mind: &mut Mind,
        action: Action,
        brought: Option<&Brought>,
    ) {
        match action {
            Action::Send(envelope) => self.send(mind, envelope, brought),
            Action::Store(request) => self.ask_store(mind, request),
            Action::Answer { request, outcome } => {
                mind.answer(request, Answered { outcome, brought: None });
            }
            Action::Settled { content, token, is_committed } => {
                let name = mind.name(content).map_or("?", |name| name.name());
                tracing::info!(name, %token, is_committed, "a version that waited was decided");
            }
            Action::Install { .. }
            | Action::Suggested { .. }
            | Action::Drop { .. }
            | Action::KeepPending { .. }
            | Action::ForgetPending { .. }
            | Action::KeepSupport { .. } => unreachable!("others see to what is kept"),
        }
    }

    fn send(self: &Arc<Self>, mind: &Mind, envelope: Envelope, brought: Option<&Brought>) {
        Figures::add(&self.figures.sent, 1);
        let name = content_of(&envelope.message).and_then(|content| mind.name(content)).cloned();
        let (content, version, is_pending) = match &envelope.message {
            Message::Data { content, version, .. } => (*content, *version, false),
            Message::Copy { copy } => (copy.content, copy.revision.version, true),
            _ => return self.carrier.send(Parcel { envelope, name, bytes: None }),
        };
        let has_bytes = match &envelope.message {
            Message::Copy { copy } => copy.revision.payload.is_some(),
            _ => true,
        };
        // What just came from the data store may be for another member.
        let came = brought.filter(|it| (it.content, it.version) == (content, version));
        let own =
            mind.drafts.get(&(content, version)).or_else(|| mind.ahead.look(content, version));
        let at_hand = came.map(|brought| &brought.bytes).or(own).cloned();
        let shared = self.clone();
        tokio::spawn(async move {
            let mut bytes = at_hand;
            if bytes.is_none() && has_bytes {
                bytes = match is_pending {
                    true => shared.pending(content, version).await,
                    false => shared.copies.get(content, version).await,
                };
            }
            if bytes.is_some() || !has_bytes {
                return shared.carrier.send(Parcel { envelope, name, bytes });
            }
            if let Message::Data { ticket, .. } = envelope.message {
                // It had to make room meanwhile.
                let message = Message::Gone { ticket, content, version };
                let envelope = Envelope { message, ..envelope };
                shared.carrier.send(Parcel { envelope, name, bytes: None });
                shared.tell(Input::Evicted { content, version }, None);
            }
        });
    }

    /// The bytes of a pending version that is kept here.
    pub(crate) async fn pending(&self, content: ContentId, token: Version) -> Option<Bytes> {
        let keeper = self.keeper.clone();
        let read = tokio::task::spawn_blocking(move || keeper.pending(content, token)).await;
        match read.ok()? {
            Ok(bytes) => bytes,
            Err(error) => {
                tracing::warn!(%error, "a pending version cannot be read");
                None
            }
        }
    }

    fn ask_store(self: &Arc<Self>, mind: &Mind, request: StoreRequest) {
        if !self.under_way.lock().insert(request.clone()) {
            return;
        }
        let (content, upload) = match &request {
            StoreRequest::Upload { content, revision } => (Some(*content), Some(revision.version)),
            StoreRequest::Read { content, .. }
            | StoreRequest::Newest { content, .. }
            | StoreRequest::Fetch { content, .. }
            | StoreRequest::Commit { content, .. }
            | StoreRequest::Seal { content, .. }
            | StoreRequest::Move { content, .. } => (Some(*content), None),
            StoreRequest::Look { .. }
            | StoreRequest::Claim { .. }
            | StoreRequest::Reseat { .. }
            | StoreRequest::FoundAnew { .. } => (None, None),
        };
        let name = content.and_then(|content| mind.name(content)).cloned();
        let draft = content.zip(upload).and_then(|key| mind.drafts.get(&key)).cloned();
        let shared = self.clone();
        Figures::add(&shared.figures.store_requests, 1);
        tokio::spawn(async move {
            let mut bytes = draft;
            if let (None, Some(content), Some(version)) = (&bytes, content, upload) {
                bytes = shared.pending(content, version).await;
            }
            let place = shared.places.clone().acquire_owned().await;
            let asked = shared.ask(request.clone(), name.as_ref(), bytes);
            let answered = tokio::time::timeout(STORE_REQUEST_MAX, asked).await;
            drop(place);
            let late =
                || ObjectError::Unavailable(format!("{} is too slow", shared.store.describe()));
            let answered = answered.unwrap_or_else(|_| Err(late()));
            shared.under_way.lock().remove(&request);
            shared.on_store(request, answered);
        });
    }

    fn on_store(
        self: &Arc<Self>,
        request: StoreRequest,
        answered: Result<(StoreReply, Option<Bytes>), ObjectError>,
    ) {
        let (reply, bytes) = match answered {
            Ok(answered) => {
                *self.trouble.lock() = None;
                answered
            }
            Err(error) => {
                Figures::add(&self.figures.store_failures, 1);
                let is_news = self.trouble.lock().replace(error.clone()).is_none();
                if is_news {
                    tracing::warn!(%error, "the data store cannot be used");
                }
                (StoreReply::Unavailable { request: Box::new(request.clone()) }, None)
            }
        };
        if let (StoreRequest::Commit { content, base, .. }, StoreReply::Committed { .. }) =
            (&request, &reply)
            && *base != Version::NEVER
        {
            self.clear_later(*content, *base);
        }
        let brought = match (&reply, bytes) {
            (StoreReply::Fetched { content, version, .. }, Some(bytes)) => {
                Some(Brought { content: *content, version: *version, bytes })
            }
            (StoreReply::Newest { content, row, .. }, Some(bytes)) => {
                Some(Brought { content: *content, version: row.revision.version, bytes })
            }
            _ => None,
        };
        let mut mind = self.mind.lock();
        // A content may have moved to a group that this node had nothing to do with so far.
        if let StoreReply::Newest { of: group, .. }
        | StoreReply::Rows { of: group, .. }
        | StoreReply::Elsewhere { group, .. } = reply
        {
            self.join(&mut mind, group);
        }
        self.tell_under(&mut mind, Input::Stored(reply), brought);
    }

    /// Clears the bytes of a version that another has followed, once nobody is fetching them.
    fn clear_later(self: &Arc<Self>, content: ContentId, version: Version) {
        let (store, pause) = (self.store.clone(), self.settings.superseded_keep);
        tokio::spawn(async move {
            tokio::time::sleep(pause).await;
            if let Err(error) = store.clear(content, version).await {
                tracing::debug!(%error, "the bytes of an old version stay");
            }
        });
    }
}

/// The orderly hand: one batch after the other, and nothing after what did not get to disk.
pub(crate) async fn orderly(shared: Arc<Shared>, mut orders: mpsc::UnboundedReceiver<Batch>) {
    while let Some(Batch { actions, brought }) = orders.recv().await {
        for action in actions {
            let kept = match action {
                Action::KeepPending { .. }
                | Action::ForgetPending { .. }
                | Action::KeepSupport { .. } => keep(&shared, action, brought.as_ref()).await,
                action => {
                    shared.carry_out(&mut shared.mind.lock(), action, brought.as_ref());
                    Ok(())
                }
            };
            if let Err(error) = kept {
                // Nobody is told what is not so; who waits for it will ask again.
                tracing::warn!(%error, "what must be kept is not on disk");
                break;
            }
        }
        shared.mind.lock().behind -= 1;
    }
}

async fn keep(
    shared: &Arc<Shared>,
    action: Action,
    brought: Option<&Brought>,
) -> Result<(), KeeperError> {
    let (mut bytes, mut name) = (None, None);
    if let Action::KeepPending { copy } = &action {
        let key = (copy.content, copy.revision.version);
        let came = brought.filter(|brought| (brought.content, brought.version) == key);
        bytes = came.map(|brought| brought.bytes.clone());
        let mind = shared.mind.lock();
        bytes = bytes.or_else(|| mind.drafts.get(&key).cloned());
        name = mind.name(copy.content).cloned();
    }
    let keeper = shared.keeper.clone();
    let done = tokio::task::spawn_blocking(move || match action {
        Action::KeepPending { copy } => {
            let (content, token) = (copy.content, copy.revision.version);
            if bytes.is_none() && keeper.pending(content, token)?.is_some() {
                return Ok(());
            }
            let bytes = match (bytes, copy.revision.payload) {
                (Some(bytes), _) => bytes,
                (None, None) => Bytes::new(),
                (None, Some(_)) => {
                    return Err(KeeperError("its bytes did not come with it".to_string()));
                }
            };
            keeper.keep_pending(&copy, name.as_ref(), &bytes)
        }
        Action::ForgetPending { content, token } => keeper.forget_pending(content, token),
        Action::KeepSupport { group, support } => keeper.keep_support(group, support),
        _ => Ok(()),
    });
    done.await.unwrap_or_else(|error| Err(KeeperError(error.to_string())))
}

/// Wakes the mind when it wants to be woken.
pub(crate) async fn alarm(shared: Arc<Shared>, stop: CancellationToken) {
    loop {
        let due = shared.wake();
        let wait = Duration::from_nanos(due.since(now()).nanos()).min(LOOK);
        tokio::select! {
            () = tokio::time::sleep(wait) => {}
            () = shared.sooner.notified() => {}
            () = stop.cancelled() => return,
        }
    }
}
