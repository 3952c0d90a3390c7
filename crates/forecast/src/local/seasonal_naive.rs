//! As much comes as came at the same place of the last season: what nobody may do worse than
//! for long.

use crate::bands::{Forecast, LEVELS, Quantiles, quantiles_of};
use crate::habits::{Like, apart, habit};
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
        let newest = season.max(counts.len().saturating_sub(season.max(48)));
        let pairs = counts[newest - season..].iter().zip(&counts[newest..]);
        let mut changes: Vec<f32> = pairs.map(|(before, after)| after - before).collect();
        let spread = quantiles_of(&mut changes);
        let steps = (0..horizon).map(|ahead| {
            let base = counts[counts.len() - season + ahead % season];
            spread.map(|change| base + change)
        });
        Forecast { steps: steps.collect() }
    }
}

/// Forecasts the count one week earlier; while no week is known, as [`DayNaive`].
#[derive(Debug, Clone, Copy)]
pub struct WeekNaive;

impl Rule for WeekNaive {
    fn forecast(&self, known: Known<'_>, horizon: usize) -> Forecast {
        let week = 7 * known.day;
        if week == 0 || known.counts.len() < week {
            return DayNaive.forecast(known, horizon);
        }
        earlier_day(&known, horizon, Like::Week)
            .unwrap_or_else(|| SeasonalNaive.forecast(Known { season: week, ..known }, horizon))
    }
}

/// Forecasts the count one season earlier or that of an earlier day, whichever was nearer of late;
/// until two days are known, one season. Which earlier day: the last one, or where steps have dates
/// the last of the same kind or name, as the function's habit is.
#[derive(Debug, Clone, Copy)]
pub struct SeasonOrDay;

impl Rule for SeasonOrDay {
    fn forecast(&self, known: Known<'_>, horizon: usize) -> Forecast {
        let Known { counts, season, day, first, days } = known;
        let len = counts.len();
        let is_known = day > 0 && len >= 2 * day && season <= day;
        let off = |steps: usize, lag: usize| {
            apart(&counts[len - steps..], &counts[len - steps - lag..len - lag])
        };
        if is_known && !days.all().is_empty() {
            let habit = habit(counts, first, days);
            let steps = (7 * day).min(len - season);
            if habit.off < off(steps, season) / steps as f32
                && let Some(said) = earlier_day(&known, horizon, habit.like)
            {
                return said;
            }
        }
        let season = if is_known && off(day, day) < off(day, season) { day } else { season };
        SeasonalNaive.forecast(Known { season, ..known }, horizon)
    }
}

/// The counts of earlier days, with a band by how far days of that kind were from theirs; none
/// where a step has no such day.
fn earlier_day(known: &Known<'_>, horizon: usize, like: Like) -> Option<Forecast> {
    let Known { counts, day, first, days, .. } = *known;
    let origin = first + counts.len();
    let mut spreads: [Option<Quantiles>; 2] = [None; 2];
    let step = |ahead: usize| {
        let step = origin + ahead;
        let then = like.ago(days, step, origin).filter(|&then| then >= first)?;
        let (own, _) = days.at(step)?;
        let spread = &mut spreads[usize::from(own.is_free())];
        let spread = spread.get_or_insert_with(|| {
            let mut changes = changes(known, step, like, day);
            if changes.is_empty() { [0.0; LEVELS.len()] } else { quantiles_of(&mut changes) }
        });
        Some(spread.map(|change| counts[then - first] + change))
    };
    Some(Forecast { steps: (0..horizon).map(step).collect::<Option<_>>()? })
}

/// How far the newest days of a step's kind were from those they are told from, of so many steps.
fn changes(known: &Known<'_>, step: usize, like: Like, enough: usize) -> Vec<f32> {
    let Known { counts, first, days, .. } = *known;
    let origin = first + counts.len();
    let mut changes = Vec::with_capacity(2 * enough);
    for (place, steps) in days.of_kind(step, origin) {
        if changes.len() >= enough {
            break;
        }
        let before = days.before(place);
        let Some(then) = before[like as usize].or(before[0]) else { continue };
        let shift = days.all()[place].start - days.all()[then].start;
        let begin = steps.start.max(first.cast_signed() + shift);
        let at = |step: isize| step.abs_diff(first.cast_signed());
        if begin < steps.end {
            let (own, earlier) =
                (at(begin)..at(steps.end), at(begin - shift)..at(steps.end - shift));
            let pairs = counts[own].iter().zip(&counts[earlier]);
            changes.extend(pairs.map(|(own, earlier)| own - earlier));
        }
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bands::MEDIAN;
    use crate::days::Days;

    #[test]
    fn a_monday_is_told_from_a_friday_and_a_saturday_from_a_saturday() {
        let (day, days) = (24, Days::even(0, 24, 0, 30));
        let came = |step: usize| match (step / day % 7, step % day) {
            (0..5, 9..17) => 40.0 + (step * 7919 % 5) as f32,
            _ => 0.0,
        };
        let said = |origin: usize, rule: &dyn Rule| -> Vec<f32> {
            let counts: Vec<f32> = (0..origin).map(came).collect();
            let known = Known { counts: &counts, season: 1, day, first: 0, days: &days };
            rule.forecast(known, 8).steps.iter().map(|step| step[MEDIAN]).collect()
        };
        for (of, is_working) in [(7, true), (12, false), (13, false), (14, true)] {
            for step in said(of * day + 9, &SeasonOrDay) {
                assert_eq!(step >= 40.0, is_working, "day {of}: {step}");
            }
        }
        assert!(said(14 * day + 9, &WeekNaive).iter().all(|&step| step >= 40.0));
        assert!(said(13 * day + 9, &WeekNaive).iter().all(|&step| step == 0.0));
        let band = |origin: usize| {
            let counts: Vec<f32> = (0..origin).map(came).collect();
            let known = Known { counts: &counts, season: 1, day, first: 0, days: &days };
            let step = SeasonOrDay.forecast(known, 1).steps[0];
            step[4] - step[0]
        };
        assert!(band(7 * day + 10) > 1.0, "a Monday is not as sure as the Sunday before it");
    }

    #[test]
    fn the_nearer_of_season_and_day_speaks() {
        let daily = |step: usize| if step % 24 == 20 { 9.0 } else { 1.0 };
        let hourly = |step: usize| if step % 4 == 2 { 9.0 } else { (step / 24) as f32 };
        let said = |rule: &dyn Rule, counts: &[f32]| -> Vec<f32> {
            let known = Known::undated(counts, 4, 24);
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
