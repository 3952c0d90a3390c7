//! Methods that learn across all sources: boosted trees and the recurrent network of functions.
//!
//! They are taught anew a few times a day, from what all sources took in the same days, within a
//! budget of examples and steps that is the same on every machine. They foresee as far as they learn,
//! and take what lies beyond to be as the last of it.

use std::sync::Arc;

use swell_core::council::words::Slot;
use swell_forecast::bands::Forecast;
use swell_forecast::catalogue::GLOBALS;
use swell_forecast::forecaster::{Budget, Model};
use swell_forecast::panel::Panel;

use crate::counted::amounts;
use crate::methods::TAUGHT;

/// From fewer slots nothing is learned.
const READY: usize = 144;
/// How often a day they are taught.
const OFTEN: usize = 6;
/// The share of what teaching thousands of functions takes.
const SHARE: f32 = 0.03;
/// The most sources that are learned from and forecast so.
pub const SOURCES_MAX: usize = 256;

/// What was taught.
#[derive(Clone, Default)]
pub struct Taught {
    models: Vec<Arc<dyn Model>>,
    slot: Slot,
}

impl Taught {
    /// What each says of the members of a panel that ends with a slot, method by method; nothing
    /// where too little is known. `day` is how many slots a day has.
    pub fn say(
        &mut self,
        panel: &Panel,
        slot: Slot,
        day: usize,
        horizon: usize,
    ) -> Vec<Vec<Forecast>> {
        let past = panel.before(panel.len());
        if past.origin() < READY || past.members() == 0 {
            return Vec::new();
        }
        let every = (day / OFTEN).max(1) as u64;
        if self.models.is_empty() || slot.0 >= self.slot.0 + every {
            let budget = Budget::FULL.scaled(SHARE);
            let entry = |name: &str| GLOBALS.iter().find(|entry| entry.name == name);
            let fit = |name| Some(entry(name)?.forecaster.fit(&past, &budget, slot.0).into());
            self.models = TAUGHT.into_iter().filter_map(fit).collect();
            self.slot = slot;
        }
        let members = 0..past.members();
        let say = |model: &Arc<dyn Model>| {
            model.predict(&past, members.clone(), horizon).into_iter().map(amounts).collect()
        };
        self.models.iter().map(say).collect()
    }
}
