//! A fresh mind that is fed the journal orders exactly what the first one ordered.

use swell_core::ids::SiteId;
use swell_core::journal::{Digest, Journal, Recorder};
use swell_core::replay::{Replay, replay};
use swell_core::settings::SiteSettings;
use swell_core::site::Site;

use crate::harness;
use crate::law::{Law, Step};

pub(crate) struct Replays {
    settings: SiteSettings,
    recorder: Recorder,
    digest: Digest,
    records: u64,
}

impl Replays {
    pub(crate) fn new(seed: u64, policy: &str) -> Self {
        let settings = harness::settings(seed, policy);
        Self { settings, recorder: Recorder::default(), digest: Digest::default(), records: 0 }
    }
}

impl Law for Replays {
    fn observe(&mut self, step: &Step) -> Result<(), String> {
        self.records += 1;
        self.recorder.event(step.now, SiteId(0), step.event);
        self.recorder.actions(step.actions);
        self.digest.event(step.now, SiteId(0), step.event);
        self.digest.actions(step.actions);
        Ok(())
    }

    fn finish(&mut self) -> Result<(), String> {
        let fresh = || [Site::new(&self.settings).expect("built before")];
        let bytes = self.recorder.bytes();
        match replay(bytes, &mut fresh()) {
            Replay::Same { records } if records == self.records => {}
            other => return Err(format!("{other:?}")),
        }
        // The proof can fail: a journal cut short is noticed.
        match replay(&bytes[..bytes.len() - 1], &mut fresh()) {
            Replay::Broken { .. } => Ok(()),
            other => Err(format!("a cut journal was taken for whole: {other:?}")),
        }
    }
}
