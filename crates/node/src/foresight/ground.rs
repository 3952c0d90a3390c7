//! What forecasting stands on: the node around it, what it was told to do, and what it shares
//! with those who ask.

use std::path::PathBuf;
use std::sync::Arc;

use swell_api::spec::ForecastMode;
use swell_core::settings::CloningSettings;
use swell_core::time::Span;

use crate::demand::counter::Demand;
use crate::foresight::alarms::Alarms;
use crate::foresight::calendar::Calendar;
use crate::foresight::desk::Desk;
use crate::foresight::followed::Followed;
use crate::foresight::receipts::Receipts;
use crate::live::hands::cloning_mode;
use crate::live::world::Live;
use crate::registry::Registry;
use crate::settings::ForecastSettings;
use crate::trigger::triggers::Triggers;

/// What forecasting works with.
pub struct Parts {
    /// What is counted.
    pub demand: Arc<Demand>,
    /// The world that is told.
    pub live: Arc<Live>,
    /// Its functions.
    pub registry: Arc<Registry>,
    /// What calls them by the clock.
    pub triggers: Arc<Triggers>,
    /// How to forecast.
    pub settings: ForecastSettings,
    /// The data folder.
    pub data: PathBuf,
}

/// The ground.
pub struct Ground {
    /// The node around it.
    pub parts: Parts,
    /// What forecasts stand at.
    pub desk: Desk,
    /// What is announced.
    pub calendar: Calendar,
    /// What clones saved and cost.
    pub receipts: Receipts,
    /// Who is called for anomalies.
    pub alarms: Arc<Alarms>,
    /// Other series that demand may follow, if any are.
    pub followed: Option<Arc<Followed>>,
}

impl Ground {
    /// What comes of forecasts of a function with a mode of its own, or without.
    pub fn mode(&self, own: Option<ForecastMode>) -> ForecastMode {
        own.unwrap_or(self.parts.settings.mode)
    }

    /// Minutes in a step.
    pub fn step_minutes(&self) -> u64 {
        u64::from(self.parts.settings.step_minutes)
    }

    /// Length of a step on the wall, in milliseconds.
    pub fn step_ms(&self) -> u64 {
        self.parts.demand.timeline().wall_ms(self.step_minutes()).max(1)
    }

    /// When a step begins on the wall, in milliseconds since 1970.
    pub fn step_begins_ms(&self, step: u64) -> u64 {
        self.parts.demand.timeline().wall_ms(step * self.step_minutes())
    }

    /// How clones are made, in the words of the mind.
    pub fn cloning(&self) -> CloningSettings {
        let settings = &self.parts.settings;
        CloningSettings {
            mode: cloning_mode(settings.mode),
            policy: settings.policy.clone(),
            share: settings.memory_per_mille,
            starts_per_second: settings.starts_max,
            step: Span::from_mins(settings.step_minutes.into()),
            ..CloningSettings::default()
        }
    }
}
