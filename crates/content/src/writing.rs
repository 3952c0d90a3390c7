//! Writes for callers: the lock, the precondition, the new version.

use std::sync::Arc;

use swell_core::cachegroup::action::{Input, Outcome};
use swell_core::cachegroup::level::Acknowledgement;
use swell_core::cachegroup::session::Session;
use swell_core::ids::RequestId;

use crate::answer::{Change, ContentError, Current, Precondition, Writing};
use crate::blob::Blob;
use crate::contents::Contents;
use crate::figures::Figures;
use crate::mind::Answered;
use crate::naming::ContentName;
use crate::shared::Shared;

/// How often a write begins anew because its lock was broken, where it has no precondition.
const WRITES_MAX: u32 = 3;

impl Contents {
    /// Writes a content.
    pub async fn write(
        &self,
        name: &ContentName,
        change: &Change,
        precondition: Precondition,
        session: &Session,
        acknowledgement: Acknowledgement,
    ) -> Result<Writing, ContentError> {
        let terms = Terms { precondition, session, acknowledgement };
        let mut attempt = 1;
        loop {
            let written = self.try_write(name, change, &terms).await;
            let again = precondition == Precondition::None && attempt < WRITES_MAX;
            if !matches!(written, Err(ContentError::Conflict)) || !again {
                return written;
            }
            attempt += 1;
        }
    }

    async fn try_write(
        &self,
        name: &ContentName,
        change: &Change,
        &Terms { precondition, session, acknowledgement }: &Terms<'_>,
    ) -> Result<Writing, ContentError> {
        let (content, group, within) = (name.id(), name.group(), self.shared().within());
        let (request, hearer) = {
            let mut mind = self.shared().mind.lock();
            mind.learn(name);
            self.shared().join(&mut mind, group);
            let (request, hearer) = mind.enter();
            let input = Input::Lock { request, content, group, within };
            self.shared().tell_under(&mut mind, input, None);
            (request, hearer)
        };
        let mut lock = Lock { shared: self.shared(), request, is_used: false };
        let Answered { outcome, .. } = hearer.await.map_err(|_| self.unavailable())?;
        let Outcome::Granted { token, base, .. } = outcome else {
            return Err(self.failure(&outcome));
        };
        let exists = base.payload.is_some();
        if !precondition.holds(base.version, exists) {
            let current = exists.then_some(base.version);
            return Err(ContentError::Precondition(Current(current)));
        }
        let blob = match change {
            Change::Set(blob) => Some(blob),
            Change::Delete if !exists => return Err(ContentError::NotFound),
            Change::Delete => None,
        };
        let hearer = {
            let mut mind = self.shared().mind.lock();
            if let Some(blob) = blob {
                mind.drafts.insert((content, token), blob.bytes().clone());
            }
            let hearer = mind.wait(request);
            let (payload, session) = (blob.map(Blob::payload), session.clone());
            lock.is_used = true;
            let input = Input::Publish { request, payload, session, acknowledgement, within };
            self.shared().tell_under(&mut mind, input, None);
            hearer
        };
        let Answered { outcome, .. } = hearer.await.map_err(|_| self.unavailable())?;
        let Outcome::Written { group, revision, committed, acknowledged } = outcome else {
            if outcome == Outcome::Conflict {
                self.shared().mind.lock().drafts.remove(&(content, token));
            }
            return Err(self.failure(&outcome));
        };
        let mut session = session.clone();
        session.saw(group, content, &revision, committed);
        Figures::add(&self.shared().figures.writes, 1);
        Ok(Writing { version: revision.version, is_new: !exists, acknowledged, session })
    }
}

/// How a content is written.
struct Terms<'a> {
    precondition: Precondition,
    session: &'a Session,
    acknowledgement: Acknowledgement,
}

/// A lock that is given back if its caller leaves before it has used it.
struct Lock<'a> {
    shared: &'a Arc<Shared>,
    request: RequestId,
    is_used: bool,
}

impl Drop for Lock<'_> {
    fn drop(&mut self) {
        if !self.is_used {
            self.shared.tell(Input::Abandon { request: self.request }, None);
        }
    }
}
