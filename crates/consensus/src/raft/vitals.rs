//! Whether the log of a site lives: when it heard a leader last, what it found out about other
//! sites, and why it stopped.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::Mutex;
use swell_core::ids::SiteId;
use tokio::sync::watch;
use tokio::time::Instant;

/// What is known of the life of a log. Clones are the same.
#[derive(Debug, Clone)]
pub(crate) struct Vitals(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    ended: watch::Sender<Option<String>>,
    heard: Mutex<Option<Instant>>,
    /// What each site has confirmed to this one, as the term and the last index.
    confirmed: Mutex<BTreeMap<SiteId, (u64, u64)>>,
    forgetful: Mutex<BTreeSet<SiteId>>,
}

impl Vitals {
    pub(crate) fn new() -> Self {
        let (ended, _) = watch::channel(None);
        let (heard, confirmed, forgetful) = Default::default();
        Self(Arc::new(Inner { ended, heard, confirmed, forgetful }))
    }

    /// It goes no further; the first reason stays.
    pub(crate) fn end(&self, why: impl Into<String>) {
        self.0.ended.send_if_modified(|ended| {
            let is_first = ended.is_none();
            ended.get_or_insert_with(|| why.into());
            is_first
        });
    }

    /// Why it goes no further, if it does not.
    pub(crate) fn ended(&self) -> Option<String> {
        self.0.ended.borrow().clone()
    }

    /// Comes back once it goes no further.
    pub(crate) async fn until_ended(&self) {
        // It has a sender for as long as it is asked.
        let _ = self.0.ended.subscribe().wait_for(Option::is_some).await;
    }

    /// A leader was heard.
    pub(crate) fn hear(&self) {
        *self.0.heard.lock() = Some(Instant::now());
    }

    /// When one was heard last.
    pub(crate) fn heard(&self) -> Option<Instant> {
        *self.0.heard.lock()
    }

    /// The last index that a site has confirmed in a term. Entries of other terms may rightly
    /// be gone.
    pub(crate) fn confirmed(&self, site: SiteId, term: u64) -> Option<u64> {
        let confirmed = self.0.confirmed.lock();
        confirmed.get(&site).filter(|(of, _)| *of == term).map(|(_, index)| *index)
    }

    /// A site has confirmed entries.
    pub(crate) fn confirm(&self, site: SiteId, term: u64, index: u64) {
        let mut confirmed = self.0.confirmed.lock();
        let known = confirmed.entry(site).or_insert((term, index));
        *known = (*known).max((term, index));
    }

    /// A site does not have what it has confirmed.
    pub(crate) fn forgot(&self, site: SiteId) {
        self.0.confirmed.lock().remove(&site);
        if self.0.forgetful.lock().insert(site) {
            tracing::warn!(
                site = site.0,
                "a site has lost entries of the log that it had confirmed; it gets them again"
            );
        }
    }

    /// Sites that were found not to have what they had confirmed.
    pub(crate) fn forgetful(&self) -> BTreeSet<SiteId> {
        self.0.forgetful.lock().clone()
    }
}
