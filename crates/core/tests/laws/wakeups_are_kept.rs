//! After a wake-up the next one lies in the future: a site never asks for the past
//! again, so no world can spin.

use swell_core::event::Event;

use crate::law::{Law, Step};

pub(crate) struct Kept;

impl Law for Kept {
    fn observe(&mut self, step: &Step) -> Result<(), String> {
        match (step.event, step.site.next_wakeup()) {
            (Event::WokeUp, Some(next)) if next <= step.now => {
                Err(format!("woken at {:?}, the site asks for {next:?}", step.now))
            }
            _ => Ok(()),
        }
    }
}
