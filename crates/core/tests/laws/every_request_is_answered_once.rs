//! Every request is given to one instance or refused, once, unless its client gave up.

use std::collections::BTreeSet;

use swell_core::action::Action;
use swell_core::event::Event;
use swell_core::ids::RequestId;

use crate::law::{Law, Step};

#[derive(Default)]
pub(crate) struct Answers {
    open: BTreeSet<RequestId>,
    /// Cancelled, but perhaps bound to a start: may be served, need not be.
    given_up: BTreeSet<RequestId>,
}

impl Law for Answers {
    fn observe(&mut self, step: &Step) -> Result<(), String> {
        match *step.event {
            Event::RequestArrived { request, .. } => {
                self.open.insert(request);
            }
            Event::RequestCancelled { request, .. } => {
                self.open.remove(&request);
                self.given_up.insert(request);
            }
            _ => {}
        }
        for action in step.actions {
            if let Action::Invoke { request, .. } | Action::Refuse { request, .. } = action
                && !self.open.remove(request)
                && !self.given_up.remove(request)
            {
                return Err(format!("{request:?} was answered twice"));
            }
        }
        Ok(())
    }

    fn finish(&mut self) -> Result<(), String> {
        match self.open.first() {
            Some(request) => Err(format!("{request:?} was never answered")),
            None => Ok(()),
        }
    }
}
