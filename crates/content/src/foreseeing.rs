//! Fetches what will be read before anybody asks: the decisions are the mind's, here are the hands.
//!
//! A fetch ahead is a read that no caller waits for.

use std::collections::BTreeSet;
use std::sync::Arc;

use parking_lot::MutexGuard;
use sha2::{Digest as _, Sha256};

use swell_core::cachegroup::action::{Input, Wish};
use swell_core::cachegroup::level::ReadLevel;
use swell_core::cachegroup::names::ContentId;
use swell_core::cachegroup::prefetch::counts::Counts;
use swell_core::cachegroup::prefetch::history::FunctionId;
use swell_core::cachegroup::session::Session;
use swell_core::units::Bytes as Size;

use crate::clock::now;
use crate::contents::Contents;
use crate::leadership::home_of;
use crate::mind::Mind;
use crate::naming::{ContentName, group_of};
use crate::shared::Shared;

impl Shared {
    /// Sets out to fetch these.
    pub(crate) fn fetch_ahead(
        self: &Arc<Self>,
        mind: &mut MutexGuard<'_, Mind>,
        contents: Vec<ContentId>,
    ) {
        for content in contents {
            let request = mind.number();
            mind.ahead.begin(request, content);
            let group = home_of(content);
            let (level, session) = (ReadLevel::Causal, Session::default());
            let wish = Wish { content, group, level, session, within: self.within() };
            self.tell_under(mind, Input::Read { request, wish }, None);
        }
    }
}

impl Contents {
    /// A task of a function was accepted here: what it declares, or read in its last runs, is
    /// fetched while its instance starts. Never waits.
    pub fn on_task(&self, function: &str, workload: &str, declared: &[String]) {
        let shared = self.shared();
        let mut mind = shared.mind.lock();
        if !mind.ahead.prefetcher.layers().fetch() {
            return;
        }
        let group = group_of(workload);
        shared.join(&mut mind, group);
        // What is no name was refused when the function was deployed.
        let names = declared.iter().filter_map(|name| ContentName::new(workload, name).ok());
        let declared: BTreeSet<ContentId> = names
            .map(|name| {
                mind.learn(&name);
                name.id()
            })
            .collect();
        let Mind { node, ahead, .. } = &mut *mind;
        let is_here = |content| node.table().copy(content).is_some();
        let function = function_id(workload, function);
        let fetches = ahead.prefetcher.on_task(now(), function, &declared, is_here);
        let asks = ahead.prefetcher.wants_suggestions(now());
        shared.fetch_ahead(&mut mind, fetches);
        if asks {
            let most = mind.ahead.prefetcher.suggestions_max() as u16;
            shared.tell_under(&mut mind, Input::Suggest { group, most }, None);
        }
    }

    /// A task of a function read a content of its workload that is so many bytes long.
    pub fn on_input(&self, function: &str, name: &ContentName, bytes: u64) {
        let function = function_id(name.workload(), function);
        let mut mind = self.shared().mind.lock();
        mind.ahead.prefetcher.on_read(function, name.id(), Size::new(bytes));
    }

    /// What came of fetching ahead since the node came up.
    pub fn fetched_ahead(&self) -> Counts {
        *self.shared().mind.lock().ahead.prefetcher.counts()
    }

    /// The layers of fetching ahead that are on, for people.
    pub fn layers(&self) -> String {
        self.shared().settings.prefetch.layers.to_string()
    }
}

fn function_id(workload: &str, function: &str) -> FunctionId {
    let hash = Sha256::new().chain_update(workload).chain_update([0]).chain_update(function);
    let hash = hash.finalize();
    FunctionId(u64::from_be_bytes(hash[..8].try_into().expect("a hash is longer")))
}
