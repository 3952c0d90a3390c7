//! What sources take, as the counts that models of the crate of forecasts look at.

use std::sync::Arc;

use swell_core::council::words::Slot;
use swell_forecast::bands::Forecast;
use swell_forecast::panel::{Member, Panel};
use swell_forecast::series::Series;

/// Amounts are counted in sixteenths of their unit: a few operations a second are no zero.
const FINE: f32 = 16.0;

/// How slots lie in days.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Calendar {
    /// Slots of a day.
    pub day: usize,
    /// The slot that is over.
    pub slot: Slot,
}

/// Series that end with the same slot, as a panel: what is shorter begins later.
pub fn panel(series: &[(Arc<str>, &[f32])], calendar: Calendar) -> Panel {
    let Calendar { day, slot } = calendar;
    let len = series.iter().map(|(_, taken)| taken.len()).max().unwrap_or(0);
    let member = |(name, taken): &(Arc<str>, &[f32])| {
        let before = std::iter::repeat_n(None, len - taken.len());
        let counts = before.chain(taken.iter().map(|taken| Some((taken * FINE).round() as u32)));
        let counts = Series::from_counts(counts);
        Member { name: name.to_string(), counts, ..Member::default() }
    };
    let hour = (day / 24).max(1);
    let first = (slot.0 + 1).saturating_sub(len as u64) as usize % day.max(1);
    let panel = Panel::new(series.iter().map(member).collect(), hour);
    // Where a day is a single slot there is no time of day.
    Panel { day: if day > 1 { day } else { 0 }, first, ..panel }
}

/// A forecast of counts as one of amounts.
pub fn amounts(mut counted: Forecast) -> Forecast {
    for quantile in counted.steps.iter_mut().flatten() {
        *quantile /= FINE;
    }
    counted
}

/// How much counts of a series usually change from one slot to the next.
pub fn scale(taken: &[f32]) -> f32 {
    let changes = taken.windows(2).map(|pair| (pair[1] - pair[0]).abs());
    FINE * changes.sum::<f32>() / taken.len().saturating_sub(1).max(1) as f32
}

/// A quantile or an amount in the unit of counts.
pub fn count(amount: f32) -> f32 {
    amount * FINE
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_end_together_and_begin_when_they_did() {
        let (long, short): (Vec<f32>, [f32; 2]) =
            ((0..5).map(|it| it as f32).collect(), [0.25, 2.0]);
        let series = [("long".into(), &long[..]), ("short".into(), &short[..])];
        let panel = panel(&series, Calendar { day: 48, slot: Slot(50) });
        let at = |member: usize, step| panel.members[member].counts.get(step);
        assert_eq!([at(0, 0), at(0, 4)], [Some(0), Some(64)]);
        assert_eq!([at(1, 2), at(1, 3), at(1, 4)], [None, Some(4), Some(32)]);
        assert_eq!((panel.season, panel.day, panel.first), (2, 48, 46));
        assert_eq!(scale(&long), 16.0);
        assert_eq!(amounts(Forecast::flat([count(3.0); 5], 1)), Forecast::flat([3.0; 5], 1));
    }
}
