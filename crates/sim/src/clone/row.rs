//! One line of results: a mode, a policy, a memory size and a seed, and what came of them.
//! What scripts read; names and units are part of the contract.

use serde::Serialize;
use swell_core::cloning::catalog;
use swell_core::receipt::{Account, Receipt};
use swell_core::settings::CloningMode;

use crate::row::Row;
use crate::tally::Why;

/// The result of one run.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CloneRow {
    /// The trace's name.
    pub trace: String,
    /// Which functions took part: `all`, or one of two halves.
    pub functions: &'static str,
    /// What forecasts were allowed to do: `off`, `shadow`, `on`.
    pub mode: &'static str,
    /// The keep-alive policy, as specified.
    pub policy: String,
    /// The cloning policy, as specified.
    pub clone_policy: String,
    /// The method of forecasting.
    pub forecaster: String,
    /// Memory limit in decimal megabytes.
    pub memory_mb: f64,
    /// How the calls of a minute were placed in it; `recorded` where the trace says.
    pub placement: String,
    /// How long cold starts were made to take.
    pub cold_cost: String,
    /// Seed of placement, start times and the policies' chance.
    pub seed: u64,
    /// All calls.
    pub calls: u64,
    /// Calls that waited for a new instance.
    pub cold: u64,
    /// Calls that were turned away.
    pub dropped: u64,
    /// `cold` in % of served calls.
    pub cold_pct: f64,
    /// `dropped` in % of all calls.
    pub drop_pct: f64,
    /// `cold` and `dropped` together in % of all calls.
    pub bad_pct: f64,
    /// Of `cold`, first calls of their functions.
    pub cold_first: u64,
    /// Of `cold`, calls whose functions had instances that were all at work or on their way.
    pub cold_beyond: u64,
    /// Of `cold`, calls whose functions had no instance though the forecast gave their step a
    /// chance of [`CloneRow::foreseen_from_pct`] or more.
    pub cold_foreseen: u64,
    /// Of `cold`, calls whose functions had no instance, and that no forecast told of.
    pub cold_unforeseen: u64,
    /// Calls that waited for a busy instance, and for no start, in % of served calls.
    pub delayed_pct: f64,
    /// Memory of instances that waited for work, over time, in GB s.
    pub waste_gb_s: f64,
    /// Instances started, for whatever cause.
    pub starts: u64,
    /// Clones made.
    pub clones_made: u64,
    /// Clones that served a call.
    pub clones_used: u64,
    /// Clones that ended without.
    pub clones_unused: u64,
    /// Memory that used clones held until their first call, in GB s.
    pub clones_held_gb_s: f64,
    /// Memory that unused clones held for nothing, in GB s.
    pub clones_waste_gb_s: f64,
    /// Clones that were wished for and came too late or not at all, for want of starts a second.
    pub short_of_rate: u64,
    /// The same, for want of memory or of what memory is worth.
    pub short_of_room: u64,
    /// The same, because those before them failed.
    pub short_of_health: u64,
    /// The same, because those before them cost more starts than they were worth.
    pub short_of_worth: u64,
    /// How much better forecasts told steps with a call from steps without than the function's own
    /// rate of late did, in % of what that missed; absent without forecasts.
    pub skill_pct: Option<f64>,
    /// Calls that were given to an instance that had died while it waited.
    pub failed: u64,
    /// Clones that probes found dead while they waited, and that were replaced.
    pub found_dead: u64,
    /// Starts that failed.
    pub crashed: u64,
    /// Of these, starts of clones.
    pub clones_crashed: u64,
    /// Calls by schedules that were made known.
    pub known: u64,
    /// Of these, calls that waited for a new instance.
    pub known_cold: u64,
    /// Calls of functions that an announced event touched then.
    pub during_events: u64,
    /// Of these, calls that waited for a new instance.
    pub during_events_cold: u64,
    /// Forecast steps whose calls lay within the 80 % band, in %; absent without forecasts.
    pub coverage_pct: Option<f64>,
    /// In shadow: cold starts as they would have been with clones.
    pub receipt_cold: Option<u64>,
    /// In shadow: calls that would have been turned away.
    pub receipt_dropped: Option<u64>,
    /// In shadow: memory of instances that would have waited for work, in GB s.
    pub receipt_waste_gb_s: Option<f64>,
    /// In shadow: clones that would have been made.
    pub receipt_clones: Option<u64>,
    /// Fingerprint of the run's events and decisions.
    pub digest: String,
}

/// The name of a mode.
pub fn mode_name(mode: CloningMode) -> &'static str {
    match mode {
        CloningMode::Off => "off",
        CloningMode::Shadow => "shadow",
        CloningMode::On => "on",
    }
}

/// How a run was asked for.
pub struct Asked<'a> {
    /// Which functions take part.
    pub functions: &'static str,
    /// What forecasts may do.
    pub mode: CloningMode,
    /// The cloning policy.
    pub clone_policy: &'a str,
    /// The method of forecasting.
    pub forecaster: &'a str,
}

impl CloneRow {
    /// The chance from which on the policy may find a clone worth its price, in %.
    pub fn foreseen_from_pct(&self) -> f64 {
        let policy = catalog::build(&self.clone_policy);
        policy.map_or(100.0, |policy| f64::from(policy.least_chance()) / 10.0)
    }

    /// A row from what the run counted and what its mind says.
    pub fn of(asked: &Asked<'_>, row: Row, receipt: &Receipt) -> Self {
        let Account { clones, outcomes, .. } = receipt.shadow.unwrap_or(receipt.real);
        let real = receipt.real.clones;
        let coverage =
            (outcomes.steps > 0).then(|| 100.0 * outcomes.within as f64 / outcomes.steps as f64);
        let gb_s = |byte_nanoseconds: u128| byte_nanoseconds as f64 / 1e18;
        Self {
            trace: row.trace,
            functions: asked.functions,
            mode: mode_name(asked.mode),
            policy: row.policy,
            clone_policy: asked.clone_policy.to_string(),
            forecaster: asked.forecaster.to_string(),
            memory_mb: row.memory_mb,
            placement: row.placement,
            cold_cost: row.cold_cost,
            seed: row.seed,
            calls: row.calls,
            cold: row.cold,
            dropped: row.dropped,
            cold_pct: row.cold_pct,
            drop_pct: row.drop_pct,
            bad_pct: row.bad_pct,
            cold_first: row.why[Why::First as usize],
            cold_beyond: row.why[Why::Beyond as usize],
            cold_foreseen: row.why[Why::Foreseen as usize],
            cold_unforeseen: row.why[Why::Unforeseen as usize],
            delayed_pct: row.delayed_pct,
            waste_gb_s: row.waste_gb_s,
            starts: row.starts,
            clones_made: real.made,
            clones_used: real.used,
            clones_unused: real.made - real.used,
            clones_held_gb_s: gb_s(real.held_used),
            clones_waste_gb_s: gb_s(real.held_unused),
            short_of_rate: row.short.rate,
            short_of_room: row.short.room,
            short_of_health: row.short.failing,
            short_of_worth: row.short.unpaid,
            skill_pct: row.skill.map(|skill| 100.0 * skill),
            failed: row.played.failed,
            found_dead: row.played.found_dead,
            crashed: row.played.crashed,
            clones_crashed: row.played.clones_crashed,
            known: row.played.known,
            known_cold: row.played.known_cold,
            during_events: row.played.during_events,
            during_events_cold: row.played.during_events_cold,
            coverage_pct: coverage,
            receipt_cold: receipt.shadow.map(|shadow| shadow.served.cold),
            receipt_dropped: receipt.shadow.map(|shadow| shadow.served.dropped),
            receipt_waste_gb_s: receipt.shadow.map(|shadow| shadow.waste / 1e9),
            receipt_clones: receipt.shadow.map(|_| clones.made),
            digest: row.digest,
        }
    }
}
