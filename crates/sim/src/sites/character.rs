//! What a site says of what it believes: the truth, something worse by the hour, or a lie.

use swell_core::council::entry::{Band, Command};
use swell_core::council::judge::Outlook;
use swell_core::council::words::{Metric, Slot, WorkloadId};
use swell_core::ids::SiteId;

/// How a site speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Character {
    /// It says what it believes.
    Honest,
    /// Its forecasts are worse by the hour, and it does not know.
    Drifting,
    /// It says the contrary: it hides an overload and cries when there is none, votes against
    /// what it believes, and tells that it saw what it had forecast.
    Lying,
    /// It says what it believes, but its counters tell a fifth of what it used, so that it seems to
    /// have room.
    Hiding,
    /// It says the contrary of all but the nearest slot, of which nothing can be unsaid, and votes
    /// against what it believes.
    Hedging,
}

impl Character {
    /// What becomes of what a site like it would say if it were honest, when so much of the day is
    /// over.
    pub fn says(self, command: Command, day: f32) -> Command {
        match command {
            Command::Forecast { target, metric, first, bands } => {
                let said = |(step, band)| self.band(band, step == 0, day);
                let bands = bands.into_iter().enumerate().map(said).collect();
                Command::Forecast { target, metric, first, bands }
            }
            Command::Observe { target, metric, slot, value_ppm } if self == Character::Lying => {
                Command::Observe { target, metric, slot, value_ppm: contrary(value_ppm) }
            }
            said => said,
        }
    }

    fn band(self, band: Band, is_nearest: bool, day: f32) -> Band {
        let Band { low_ppm, middle_ppm, high_ppm } = band;
        let mut said = [low_ppm, middle_ppm, high_ppm].map(|share| match self {
            Character::Hedging if !is_nearest => contrary(share),
            Character::Lying => contrary(share),
            Character::Drifting => drifted(share, day),
            Character::Honest | Character::Hiding | Character::Hedging => share,
        });
        said.sort_unstable();
        let [low_ppm, middle_ppm, high_ppm] = said;
        Band { low_ppm, middle_ppm, high_ppm }
    }

    /// How it votes on what it finds right or wrong.
    pub fn votes(self, yes: bool) -> bool {
        yes != matches!(self, Character::Lying | Character::Hedging)
    }
}

fn contrary(share_ppm: u32) -> u32 {
    1_300_000u32.saturating_sub(share_ppm)
}

fn drifted(share_ppm: u32, day: f32) -> u32 {
    (share_ppm as f32 * (1.0 + day)) as u32
}

/// What a site takes for true when it votes: who drifts does not know it.
pub struct Believing<'a> {
    /// What it would take for true if it were honest.
    pub view: &'a dyn Outlook,
    /// How it speaks.
    pub character: Character,
    /// How much of the day is over.
    pub day: f32,
}

impl Outlook for Believing<'_> {
    fn peak_ppm(&self, site: SiteId, metric: Metric, through: Slot) -> Option<u32> {
        let peak = self.view.peak_ppm(site, metric, through)?;
        Some(if self.character == Character::Drifting { drifted(peak, self.day) } else { peak })
    }

    fn share_ppm(
        &self,
        workload: WorkloadId,
        site: SiteId,
        metric: Metric,
        through: Slot,
    ) -> Option<u32> {
        self.view.share_ppm(workload, site, metric, through)
    }

    fn failure_ppm(&self, site: SiteId) -> Option<u32> {
        self.view.failure_ppm(site)
    }
}
