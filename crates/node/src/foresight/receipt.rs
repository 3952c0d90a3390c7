//! What clones saved and cost, as people are told.

use swell_api::forecast as api;
use swell_api::spec::ForecastMode;
use swell_core::receipt::Receipt;

use crate::clock::wall_ms;
use crate::foresight::ground::Ground;
use crate::foresight::receipts::Sums;

/// Adds what came since the last time, and has it written with the next writing.
pub fn note(ground: &Ground) {
    ground.receipts.note(&ground.parts.demand, wall_ms(), sums(ground));
}

/// The sums since the node came up: what happened, and of clones what became of them, or in
/// shadow what would have.
fn sums(ground: &Ground) -> Sums {
    let Receipt { real, shadow, .. } = ground.parts.live.receipt();
    let served = real.served;
    let clones = shadow.map_or(real.clones, |shadow| shadow.clones);
    let avoided = match shadow {
        Some(shadow) => served.cold.cast_signed() - shadow.served.cold.cast_signed(),
        None => clones.used.cast_signed(),
    };
    let mb_seconds = |byte_nanos: u128| byte_nanos as f64 / 1e6 / 1e9;
    let wasted = mb_seconds(clones.held_unused);
    Sums {
        calls: served.warm + served.delayed + served.resumed + served.cold + served.dropped,
        cold: served.cold,
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
        clones_made: sums.made,
        clones_used: sums.used,
        clones_unused: sums.unused,
        cold_avoided: sums.avoided.max(0).unsigned_abs(),
        held_mb_seconds: sums.held,
        wasted_mb_seconds: sums.wasted,
        text: text(mode, &sums),
    }
}

fn text(mode: ForecastMode, sums: &Sums) -> String {
    let Sums { calls, cold, made, used, avoided, wasted, .. } = *sums;
    match mode {
        ForecastMode::Off => {
            "forecasts are off, so that nothing was made ahead of calls".to_string()
        }
        _ if calls == 0 => "no calls came".to_string(),
        ForecastMode::Shadow if avoided <= 0 => format!(
            "of {calls} calls {cold} waited for a start; {made} clones would have spared none of \
             them that, so that clones are not worth it here"
        ),
        ForecastMode::Shadow => format!(
            "of {calls} calls {cold} waited for a start; {made} clones would have spared {avoided} \
             of them that, and held {wasted:.0} MB s for nothing"
        ),
        ForecastMode::On => format!(
            "of {calls} calls {cold} waited for a start; {made} clones were made, {used} of them \
             served a call, and the others held {wasted:.0} MB s for nothing"
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_mode_says_what_its_figures_are() {
        let sums = Sums { calls: 100, cold: 7, made: 6, used: 4, avoided: 4, ..Sums::default() };
        for (mode, words) in [
            (ForecastMode::Off, "forecasts are off"),
            (ForecastMode::Shadow, "6 clones would have spared 4"),
            (ForecastMode::On, "6 clones were made, 4 of them served"),
        ] {
            assert!(text(mode, &sums).contains(words), "{}", text(mode, &sums));
        }
    }
}
