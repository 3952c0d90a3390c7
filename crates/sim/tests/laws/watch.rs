//! A journal that keeps account beside the site: who worked and started for how long, on
//! whose memory, and when the last news came.

use swell_core::action::Action;
use swell_core::event::Event;
use swell_core::ids::{FunctionId, InstanceId, SiteId};
use swell_core::journal::{Digest, Journal};
use swell_core::settings::FunctionSettings;
use swell_core::time::{Instant, Span};

pub(crate) struct Watch<'a> {
    functions: &'a [FunctionSettings],
    of_slot: Vec<FunctionId>,
    digest: Digest,
    pub(crate) last: Instant,
    /// Memory of working instances over time, in byte-nanoseconds.
    pub(crate) busy: u128,
    /// Memory of starting instances over time, in byte-nanoseconds.
    pub(crate) starting: u128,
}

impl<'a> Watch<'a> {
    pub(crate) fn new(functions: &'a [FunctionSettings]) -> Self {
        Self {
            functions,
            of_slot: Vec::new(),
            digest: Digest::default(),
            last: Instant::ZERO,
            busy: 0,
            starting: 0,
        }
    }

    /// The fingerprint, as rows write it.
    pub(crate) fn digest(&self) -> String {
        format!("{:016x}", self.digest.value())
    }

    fn held(&self, instance: InstanceId, span: Span) -> u128 {
        let function = self.of_slot[instance.index()];
        let memory = self.functions[function.index()].memory;
        u128::from(memory.get()) * u128::from(span.nanos())
    }
}

impl Journal for Watch<'_> {
    fn event(&mut self, now: Instant, site: SiteId, event: &Event) {
        self.digest.event(now, site, event);
        self.last = now;
        match *event {
            Event::InvocationFinished { instance, run, .. }
            | Event::InvocationFailed { instance, run, .. } => {
                self.busy += self.held(instance, run)
            }
            Event::InstanceStarted { instance, took } => self.starting += self.held(instance, took),
            _ => {}
        }
    }

    fn actions(&mut self, actions: &[Action]) {
        self.digest.actions(actions);
        for action in actions {
            if let Action::Start { instance, function, .. } = action {
                let slots = self.of_slot.len().max(instance.index() + 1);
                self.of_slot.resize(slots, *function);
                self.of_slot[instance.index()] = *function;
            }
        }
    }
}
