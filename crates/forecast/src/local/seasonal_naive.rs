//! As much comes as came at the same place of the last season: what nobody may do worse than
//! for long.

use crate::bands::{Forecast, quantiles_of};
use crate::local::rule::{Known, Rule};

/// Forecasts the count one season earlier.
#[derive(Debug, Clone, Copy)]
pub struct SeasonalNaive;

/// Forecasts the count one day earlier, whatever the season is; while no day is known, the count one
/// season earlier.
#[derive(Debug, Clone, Copy)]
pub struct DayNaive;

impl Rule for DayNaive {
    fn forecast(&self, known: Known<'_>, horizon: usize) -> Forecast {
        let is_known = known.day > 0 && known.counts.len() >= known.day;
        let season = if is_known { known.day } else { known.season };
        SeasonalNaive.forecast(Known { season, ..known }, horizon)
    }
}

impl Rule for SeasonalNaive {
    fn forecast(&self, known: Known<'_>, horizon: usize) -> Forecast {
        let Known { counts, season, .. } = known;
        let season = season.clamp(1, counts.len());
        let reach = season.max(48);
        let pairs = counts.iter().zip(&counts[season..]);
        let mut changes: Vec<f32> = pairs.map(|(before, after)| after - before).collect();
        let skipped = changes.len().saturating_sub(reach);
        let spread = quantiles_of(&mut changes[skipped..]);
        let steps = (0..horizon).map(|ahead| {
            let base = counts[counts.len() - season + ahead % season];
            spread.map(|change| base + change)
        });
        Forecast { steps: steps.collect() }
    }
}

/// Forecasts the count one season or one day earlier, whichever was nearer over the last day; until
/// two days are known, one season.
#[derive(Debug, Clone, Copy)]
pub struct SeasonOrDay;

impl Rule for SeasonOrDay {
    fn forecast(&self, known: Known<'_>, horizon: usize) -> Forecast {
        let Known { counts, season, day } = known;
        let len = counts.len();
        let is_known = day > 0 && len >= 2 * day && season <= day;
        let off = |lag: usize| -> f32 {
            (len - day..len).map(|step| (counts[step] - counts[step - lag]).abs()).sum()
        };
        let season = if is_known && off(day) < off(season) { day } else { season };
        SeasonalNaive.forecast(Known { season, ..known }, horizon)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bands::MEDIAN;

    #[test]
    fn the_nearer_of_season_and_day_speaks() {
        let daily = |step: usize| if step % 24 == 20 { 9.0 } else { 1.0 };
        let hourly = |step: usize| if step % 4 == 2 { 9.0 } else { (step / 24) as f32 };
        let said = |rule: &dyn Rule, counts: &[f32]| -> Vec<f32> {
            let known = Known { counts, season: 4, day: 24 };
            rule.forecast(known, 4).steps.iter().map(|step| step[MEDIAN]).collect()
        };
        let series = |of: &dyn Fn(usize) -> f32, len: usize| (0..len).map(of).collect::<Vec<_>>();
        // The call of the day is next.
        let known = series(&daily, 68);
        assert_eq!(said(&SeasonOrDay, &known), [9.0, 1.0, 1.0, 1.0]);
        assert_eq!(said(&DayNaive, &known), [9.0, 1.0, 1.0, 1.0]);
        assert_eq!(said(&SeasonalNaive, &known), [1.0; 4]);
        // Less than two days are known.
        assert_eq!(said(&SeasonOrDay, &known[..44]), [1.0; 4]);
        assert_eq!(said(&DayNaive, &known[..44]), [9.0, 1.0, 1.0, 1.0]);
        assert_eq!(said(&DayNaive, &known[..20]), said(&SeasonalNaive, &known[..20]));
        // Each hour alike, and each day a little more.
        let known = series(&hourly, 68);
        assert_eq!(said(&SeasonOrDay, &known), said(&SeasonalNaive, &known));
    }
}
