//! What is possible on a scenario: the bounds and the clairvoyant, as rows for reports.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use swell_core::catalog::Policy;
use swell_core::settings::Dispatch;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;
use swell_trace::reading::Reading;

use crate::bound::curve::FixedCurve;
use crate::bound::input::{BoundError, Footprint};
use crate::bound::oracle::{Foreknowledge, Oracle};
use crate::bound::relaxation::{Demand, SpaceTime};
use crate::bound::validity::Condition;
use crate::clairvoyant::{Clairvoyant, Foretelling};
use crate::error::SimError;
use crate::results::{BoundRow, CurveRow};
use crate::simulate::{Case, Scenario, simulate_with};

/// Name of the space-time relaxation in results.
pub const SPACE_TIME: &str = "space-time";
/// Name of the clairvoyant greedy policy in results.
pub const CLAIRVOYANT: &str = "clairvoyant";
/// Name of the floor with unlimited memory in results.
pub const NEVER_UNLOAD: &str = "never-unload";

/// Keep-alive times of the curve "cold against waste", in minutes.
const KEEPS: [u64; 8] = [1, 5, 10, 20, 30, 60, 120, 240];
/// Memory for the foreknowledge of the clairvoyant; longer traces go without it.
const FORESIGHT: Bytes = Bytes::from_mb(256);

/// What is possible under one reading.
pub struct Limits {
    /// The bounds.
    pub rows: Vec<BoundRow>,
    /// Fixed keep-alive times with unlimited memory; only where asked for.
    pub curve: Vec<CurveRow>,
}

/// Computes the bounds for all memory sizes under one reading; with `full` also the
/// clairvoyant and the curve, which take longer.
pub fn limits(
    scenario: &Scenario,
    reading: &Reading,
    memories: &[Bytes],
    full: bool,
    interrupt: &AtomicBool,
) -> Result<Limits, SimError> {
    let footprints = footprints(scenario);
    let mut demand = Demand::new(&footprints, memories);
    let keeps: Vec<Span> = KEEPS.iter().map(|&minutes| Span::from_mins(minutes)).collect();
    let mut curve = FixedCurve::new(&footprints, if full { &keeps[..] } else { &[] });
    let mut known = full.then(|| Foretelling::new(footprints.len(), FORESIGHT));
    let mut stream = scenario.trace.arrivals(reading)?;
    let mut chunk = Vec::new();
    loop {
        if interrupt.load(Ordering::Relaxed) {
            return Err(SimError::Interrupted);
        }
        stream.fill(&mut chunk)?;
        if chunk.is_empty() {
            break;
        }
        for arrival in &chunk {
            demand.observe(arrival)?;
            if full {
                curve.observe(arrival)?;
            }
            match known.as_mut().map(|known| known.observe(arrival)) {
                Some(Err(BoundError::OverLimit { .. })) => known = None,
                Some(Err(error)) => return Err(error.into()),
                _ => {}
            }
        }
    }
    let mut rows = space_time(scenario, reading, memories, &demand.finish());
    if let Some(known) = known {
        let known = Arc::new(known.finish());
        for &memory in memories {
            rows.push(clairvoyant(scenario, reading, memory, &known, interrupt)?);
        }
    }
    let points = curve.finish(Instant::ZERO + scenario.trace.span());
    let curve = points.iter().map(|point| CurveRow {
        keep_s: point.keep.secs_f64(),
        cold_pct: point.cold_pct,
        waste_gb_s: point.waste_gb_s,
    });
    Ok(Limits { rows, curve: curve.collect() })
}

fn footprints(scenario: &Scenario) -> Vec<Footprint> {
    let functions = scenario.functions.iter().enumerate();
    let footprint = functions.map(|(index, settings)| Footprint {
        memory: settings.memory,
        cold: scenario.cold.mean(swell_core::ids::FunctionId(index as u32)),
    });
    footprint.collect()
}

fn space_time(
    scenario: &Scenario,
    reading: &Reading,
    memories: &[Bytes],
    space_time: &SpaceTime,
) -> Vec<BoundRow> {
    let placement = scenario.placement_name(reading);
    let bounds = memories.iter().filter_map(|&memory| space_time.cold_bound(memory));
    let mut rows: Vec<BoundRow> = bounds
        .map(|bound| BoundRow {
            bound: SPACE_TIME.into(),
            memory_mb: Some(bound.capacity.mb_f64()),
            placement: placement.clone(),
            seed: reading.seed,
            cold_pct: bound.cold_pct_min,
            drop_pct: 0.0,
            condition: conditions(bound.validity.cold, bound.validity.fits),
        })
        .collect();
    let floor = space_time.never_unload();
    rows.push(BoundRow {
        bound: NEVER_UNLOAD.into(),
        memory_mb: None,
        placement,
        seed: reading.seed,
        cold_pct: floor.cold_pct_min,
        drop_pct: 0.0,
        condition: conditions(floor.validity.cold, true),
    });
    rows
}

fn conditions(conditions: &[Condition], fits: bool) -> String {
    let mut text: Vec<&str> = conditions.iter().map(|condition| condition.text()).collect();
    if !fits {
        text.push("Here the calls do not fit the memory even if all are warm: every policy drops or delays some, and may stand below the bound.");
    }
    text.join(" ")
}

fn clairvoyant(
    scenario: &Scenario,
    reading: &Reading,
    memory: Bytes,
    known: &Arc<Foreknowledge>,
    interrupt: &AtomicBool,
) -> Result<BoundRow, SimError> {
    let keeper = Box::new(Clairvoyant::new(Oracle::new(Arc::clone(known))));
    let policy = Policy { keeper, dispatch: Dispatch::StartOrRefuse };
    let case = Case { policy: CLAIRVOYANT.into(), memory, reading: *reading };
    let (row, _) = simulate_with(scenario, &case, policy, &mut (), interrupt)?;
    Ok(BoundRow {
        bound: CLAIRVOYANT.into(),
        memory_mb: Some(row.memory_mb),
        placement: row.placement,
        seed: row.seed,
        cold_pct: row.cold_pct,
        drop_pct: row.drop_pct,
        condition: "What an order of eviction reaches that knows the future and starts or refuses at once; greedy, so not a bound.".into(),
    })
}
