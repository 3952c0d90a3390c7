//! One run: a trace, a policy, a memory size, a seed, through the one loop.

use std::sync::atomic::AtomicBool;
use std::time::Instant as WallClock;

use swell_core::catalog::{self, Policy};
use swell_core::cloning::short::ShortTally;
use swell_core::journal::{Digest, Journal};
use swell_core::pool::instance::State;
use swell_core::pool::ledger::Pool;
use swell_core::receipt::Receipt;
use swell_core::rng;
use swell_core::settings::{CloningSettings, FunctionSettings, SiteSettings};
use swell_core::site::Site;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;
use swell_core::world;
use swell_forecast::foresight::steps::Foresight;
use swell_trace::cold::ColdModel;
use swell_trace::reading::Reading;
use swell_trace::trace::Trace;

use crate::announced::{Announced, Notice};
use crate::ended::{Ended, Stopped};
use crate::error::SimError;
use crate::failures::Failures;
use crate::row::{Detail, Row, Sample};
use crate::starts::Starts;
use crate::tally::Tally;
use crate::world::VirtualWorld;

/// What several runs have in common.
pub struct Scenario {
    /// The calls.
    pub trace: Trace,
    /// Settings of its functions, by id.
    pub functions: Vec<FunctionSettings>,
    /// How long starts take.
    pub cold: ColdModel,
    /// How the start model is named in results.
    pub cold_name: String,
    /// How long a thaw takes.
    pub resume: Span,
    /// How `functions` are named in results where they are not plain; empty if they are.
    pub overrides: String,
    /// Samples of the pool over the length of the trace.
    pub samples: u32,
}

impl Scenario {
    /// The name of the placement in results: traces of single calls have their own.
    pub fn placement_name(&self, reading: &Reading) -> String {
        if self.trace.is_recorded() { "recorded".into() } else { reading.placement.to_string() }
    }
}

/// What one run has for itself.
#[derive(Debug, Clone)]
pub struct Case {
    /// The policy, as specified.
    pub policy: String,
    /// The memory limit.
    pub memory: Bytes,
    /// Placement, durations and seed.
    pub reading: Reading,
}

impl Case {
    /// The settings of its site.
    pub fn settings(&self) -> SiteSettings {
        let Self { policy, memory, reading } = self;
        SiteSettings { memory: *memory, seed: reading.seed, policy: policy.clone() }
    }
}

/// Runs one case with the policy the catalogue has under that name.
pub fn simulate(
    scenario: &Scenario,
    case: &Case,
    interrupt: &AtomicBool,
) -> Result<(Row, Detail), SimError> {
    simulate_into(scenario, case, &mut (), interrupt)
}

/// The same, with a journal that hears all of it.
pub fn simulate_into(
    scenario: &Scenario,
    case: &Case,
    journal: &mut (impl Journal + ?Sized),
    interrupt: &AtomicBool,
) -> Result<(Row, Detail), SimError> {
    let mut both = (Digest::default(), journal);
    let policy = catalog::build(&case.policy, case.reading.seed)?;
    let (mut row, detail) = simulate_with(scenario, case, policy, &mut both, interrupt)?;
    row.digest = format!("{:016x}", both.0.value());
    Ok((row, detail))
}

/// Runs one case with a given policy, into a given journal.
pub fn simulate_with(
    scenario: &Scenario,
    case: &Case,
    policy: Policy,
    journal: &mut impl Journal,
    interrupt: &AtomicBool,
) -> Result<(Row, Detail), SimError> {
    let (row, detail, _) =
        simulate_foreseen(scenario, case, policy, Beside::default(), journal, interrupt)?;
    Ok((row, detail))
}

/// What a run has beside its trace.
#[derive(Default)]
pub struct Beside<'a> {
    /// Forecasts, and how clones are made by them.
    pub foreseen: Option<(CloningSettings, Foresight)>,
    /// How instances fail.
    pub failures: Failures,
    /// What is known beforehand.
    pub announced: Option<&'a Announced>,
}

/// The same with forecasts and failures, if there are any, and what the mind says of its clones.
pub fn simulate_foreseen(
    scenario: &Scenario,
    case: &Case,
    policy: Policy,
    beside: Beside<'_>,
    journal: &mut impl Journal,
    interrupt: &AtomicBool,
) -> Result<(Row, Detail, Receipt), SimError> {
    let seed = case.reading.seed;
    let settings = case.settings();
    let mut sites = [Site::with_policy(&settings, policy)];
    let stream = scenario.trace.arrivals(&case.reading)?;
    let starts = Starts {
        model: scenario.cold.clone(),
        rng: rng::split(seed, "world/starts"),
        resume: scenario.resume,
    };
    let mut world = VirtualWorld::new(&scenario.functions, stream, starts, interrupt);
    let Beside { foreseen, failures, announced } = beside;
    let step = foreseen.as_ref().map_or(Span::from_mins(1), |(_, foresight)| foresight.step());
    let notice = announced.map(|announced| Notice::new(announced, &scenario.trace, step));
    world = world.with_failures(failures, seed).with_notice(notice);
    if let Some((settings, foresight)) = foreseen {
        world = world.with_foresight(settings, foresight);
    }
    let mut actions = Vec::new();
    let mut timeline = Timeline::new(scenario.trace.span(), scenario.samples);
    let clock = WallClock::now();
    while let Some(now) = world::step(&mut sites, &mut world, journal, &mut actions) {
        if now >= timeline.next {
            timeline.sample(now, sites[0].pool());
        }
    }
    let seconds = clock.elapsed().as_secs_f64();
    let ended = world.end();
    match ended.stopped {
        Some(Stopped::Interrupted) => return Err(SimError::Interrupted),
        Some(Stopped::Broken(error)) => return Err(error.into()),
        None => {}
    }
    let rates = cold_rates(&ended.tally);
    let mut row = row(scenario, case, &ended, sites[0].pool(), &rates);
    row.calls_per_s = Some(ended.tally.calls as f64 / seconds.max(1e-9));
    row.short = sites[0].clones_short();
    let detail = Detail { function_cold_rates: rates, timeline: timeline.samples };
    Ok((row, detail, sites[0].receipt(ended.last)))
}

struct Timeline {
    next: Instant,
    step: Span,
    samples: Vec<Sample>,
}

impl Timeline {
    fn new(span: Span, samples: u32) -> Self {
        let step = Span::from_nanos((span.nanos() / u64::from(samples.max(1))).max(1));
        let next = if samples == 0 { Instant::NEVER } else { Instant::ZERO };
        Self { next, step, samples: Vec::new() }
    }

    fn sample(&mut self, now: Instant, pool: &Pool) {
        let held = |state| pool.account().held(state).mb_f64();
        self.samples.push(Sample {
            at_s: now.secs_f64(),
            starting_mb: held(State::Starting),
            busy_mb: held(State::Busy),
            idle_mb: held(State::Idle),
            prewarmed_mb: held(State::PreWarmed),
            paused_mb: held(State::Paused),
        });
        let steps = now.nanos() / self.step.nanos() + 1;
        self.next = Instant::from_nanos(self.step.nanos().saturating_mul(steps));
    }
}

fn cold_rates(tally: &Tally) -> Vec<f64> {
    let mut rates: Vec<f64> =
        tally.functions.iter().filter_map(|function| function.cold_rate()).collect();
    rates.sort_by(f64::total_cmp);
    rates
}

fn row(scenario: &Scenario, case: &Case, ended: &Ended, pool: &Pool, rates: &[f64]) -> Row {
    let tally = &ended.tally;
    let served = tally.served();
    // What is held is accounted to the end of the trace, or to the last call's end if
    // that is later.
    let end = ended.last.max(Instant::ZERO + scenario.trace.span());
    let gb_s = |state| pool.account().byte_seconds(state, end) / 1e9;
    let always = rates.iter().filter(|&&rate| rate >= 1.0).count();
    Row {
        trace: scenario.trace.name().to_string(),
        policy: case.policy.clone(),
        memory_mb: case.memory.mb_f64(),
        placement: scenario.placement_name(&case.reading),
        cold_cost: scenario.cold_name.clone(),
        durations: case.reading.durations.to_string(),
        overrides: scenario.overrides.clone(),
        resume_ms: scenario.resume.millis_f64(),
        seed: case.reading.seed,
        calls: tally.calls,
        warm: tally.warm,
        delayed: tally.delayed,
        resumed: tally.resumed,
        cold: tally.cold,
        dropped: tally.dropped,
        cold_pct: percent(tally.cold as f64, served as f64),
        drop_pct: percent(tally.dropped as f64, tally.calls as f64),
        bad_pct: percent((tally.cold + tally.dropped) as f64, tally.calls as f64),
        delayed_pct: percent(tally.delayed as f64, served as f64),
        slow_pct: percent(tally.slow as f64, served as f64),
        queue_ms_mean: percent(tally.queued_ns as f64 / 1e6, served as f64) / 100.0,
        added_latency_pct: percent(tally.added_ns as f64, tally.run_ns as f64),
        wait_ms_p99: tally.waits.quantile(0.99, served).millis_f64(),
        wait_ms_p999: tally.waits.quantile(0.999, served).millis_f64(),
        waste_gb_s: gb_s(State::Idle) + gb_s(State::PreWarmed) + gb_s(State::Paused),
        busy_gb_s: gb_s(State::Busy),
        starting_gb_s: gb_s(State::Starting),
        peak_mb: pool.account().peak().mb_f64(),
        why: tally.why,
        played: tally.played,
        skill: ended.skill,
        short: ShortTally::default(),
        evictions: tally.evictions,
        expirations: tally.expirations,
        starts: tally.starts,
        starts_ahead: tally.starts_ahead,
        always_cold_pct: percent(always as f64, rates.len() as f64),
        function_cold_pct_p50: quantile(rates, 0.50) * 100.0,
        function_cold_pct_p75: quantile(rates, 0.75) * 100.0,
        function_cold_pct_p99: quantile(rates, 0.99) * 100.0,
        bound_pct: None,
        digest: String::new(),
        calls_per_s: None,
    }
}

fn percent(part: f64, whole: f64) -> f64 {
    if whole > 0.0 { 100.0 * part / whole } else { 0.0 }
}

/// The value that the given share of ascending `values` stays at or below.
fn quantile(values: &[f64], share: f64) -> f64 {
    let rank = (share * values.len() as f64).ceil() as usize;
    values.get(rank.max(1) - 1).copied().unwrap_or(0.0)
}
