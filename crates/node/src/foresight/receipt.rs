//! What clones saved and cost, as people are told.

use swell_api::receipt as api;
use swell_api::spec::ForecastMode;
use swell_core::receipt::{Receipt, Share};

use crate::clock::wall_ms;
use crate::foresight::covered::Covered;
use crate::foresight::ground::Ground;
use crate::foresight::receipts::{Part, Sums};

/// Adds what came since the last time, and has it written with the next writing.
pub fn note(ground: &Ground) {
    ground.receipts.note(&ground.parts.demand, wall_ms(), sums(ground));
}

/// The sums since the node came up: what happened, what became of clones, and what would have.
fn sums(ground: &Ground) -> Sums {
    let Receipt { on, foreseen, off, spared, .. } = ground.parts.live.receipt();
    let covered = *ground.desk.covered.lock();
    Sums {
        calls: off.all + foreseen.calls.all + on.calls.all,
        cold: off.cold + foreseen.calls.cold + on.calls.cold,
        on: part(&on),
        shadow: part(&foreseen),
        spared,
        steps: covered.steps,
        minutes: covered.minutes,
    }
}

fn part(share: &Share) -> Part {
    let Share { calls, clones, avoided } = *share;
    let mb_seconds = |byte_nanos: u128| byte_nanos as f64 / 1e6 / 1e9;
    let wasted = mb_seconds(clones.held_unused);
    Part {
        calls: calls.all,
        cold: calls.cold,
        made: clones.made,
        used: clones.used,
        unused: clones.unused,
        avoided,
        held: mb_seconds(clones.held_used) + wasted,
        wasted,
    }
}

/// The receipt of the last so many milliseconds, in whole hours.
pub fn since(ground: &Ground, since_ms: u64) -> api::Receipt {
    note(ground);
    let now_ms = wall_ms();
    let (begins, sums) = ground.receipts.from(now_ms.saturating_sub(since_ms));
    let mode = ground.parts.settings.mode;
    api::Receipt {
        since_ms: begins,
        until_ms: now_ms,
        mode,
        calls: sums.calls,
        cold: sums.cold,
        on: told(&sums.on, mode == ForecastMode::On),
        shadow: told(&sums.shadow, mode == ForecastMode::Shadow),
        cold_spared: balance(&sums)[0],
        cold_caused: balance(&sums)[1],
        bands_of_steps: bands(&sums.steps),
        bands_of_minutes: bands(&sums.minutes),
        text: text(mode, &sums),
    }
}

/// Cold starts that clones spared, and that they brought about: what a clone was ready for, less what
/// they avoided on balance.
fn balance(sums: &Sums) -> [u64; 2] {
    let spared = sums.spared.max(u64::try_from(sums.on.avoided).unwrap_or(0));
    [spared, (spared.cast_signed() - sums.on.avoided).unsigned_abs()]
}

/// A share, if there is any function of it.
fn told(part: &Part, is_of_node: bool) -> Option<api::ReceiptShare> {
    (is_of_node || *part != Part::default()).then_some(api::ReceiptShare {
        calls: part.calls,
        cold: part.cold,
        clones_made: part.made,
        clones_used: part.used,
        clones_unused: part.unused,
        cold_avoided: part.avoided,
        held_mb_seconds: part.held,
        wasted_mb_seconds: part.wasted,
    })
}

fn bands(covered: &Covered) -> Option<api::ReceiptBands> {
    covered.shares().map(|shares| api::ReceiptBands {
        counts: covered.weight() as u64,
        coverage_80: shares.of_80,
        coverage_95: shares.of_95,
    })
}

fn text(mode: ForecastMode, sums: &Sums) -> String {
    let Sums { on, shadow, .. } = sums;
    let [spared, caused] = balance(sums);
    let mut told = Vec::new();
    if on.calls > 0 || on.made > 0 {
        let Part { calls, cold, made, used, avoided, wasted, .. } = *on;
        let balance = match avoided {
            ..0 => format!("{} more waited than without", avoided.unsigned_abs()),
            _ => format!("{avoided} fewer waited than without"),
        };
        told.push(format!(
            "of {calls} calls {cold} waited for a start; {made} clones were made, and {used} of them \
             served a call: they spared {spared} starts and brought about {caused}, so that {balance}, \
             and those that served none held {wasted:.0} MB s"
        ));
    }
    if shadow.calls > 0 || shadow.made > 0 {
        let Part { calls, cold, made, avoided, wasted, .. } = *shadow;
        let of = if told.is_empty() { "" } else { " of functions in shadow" };
        let clones = match (made, avoided) {
            (0, _) => "no clone would have been made".to_string(),
            (_, ..=0) => format!(
                "{made} clones would have spared none of them the wait, so that clones are not worth it \
                 here"
            ),
            _ => format!(
                "{made} clones would have spared {avoided} of them the wait, and held {wasted:.0} MB s \
                 for nothing"
            ),
        };
        told.push(format!("of {calls} calls{of} {cold} waited for a start; {clones}"));
    }
    match (told.is_empty(), mode) {
        (false, _) => told.join("; "),
        (true, ForecastMode::Off) => {
            "forecasts are off, so that nothing was made ahead of calls".to_string()
        }
        (true, _) => "no calls came".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mode_says_what_its_figures_are() {
        let part =
            |avoided| Part { calls: 100, cold: 7, made: 6, used: 4, avoided, ..Part::default() };
        let none = Sums::default();
        let on = |avoided| Sums { on: part(avoided), spared: 4, ..none };
        let shadow = |avoided| Sums { shadow: part(avoided), ..none };
        for (sums, mode, words) in [
            (none, ForecastMode::Off, "forecasts are off"),
            (none, ForecastMode::On, "no calls came"),
            (
                on(3),
                ForecastMode::On,
                "4 of them served a call: they spared 4 starts and brought about 1, so that 3 fewer",
            ),
            (on(-2), ForecastMode::Off, "so that 2 more waited than without"),
            (shadow(4), ForecastMode::Shadow, "6 clones would have spared 4 of them the wait"),
            (
                Sums { shadow: Part { made: 0, used: 0, ..part(0) }, ..none },
                ForecastMode::Shadow,
                "of 100 calls 7 waited for a start; no clone would have been made",
            ),
            (shadow(-4), ForecastMode::On, "not worth it here"),
            (
                Sums { shadow: part(2), ..on(3) },
                ForecastMode::On,
                "of functions in shadow 7 waited",
            ),
        ] {
            assert!(text(mode, &sums).contains(words), "{}", text(mode, &sums));
        }
    }
}
