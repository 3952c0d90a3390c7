//! The days of a grid's steps where people are, and which of them are holidays.

use std::ops::Range;

use chrono::{DateTime, Datelike, Days as Later};
use chrono_tz::Tz;

use crate::calendar::grid::Grid;
use crate::calendar::occasion::Occasion;
use crate::calendar::zone::midnight;
use crate::days::{Day, Days};

/// A day, in milliseconds.
const DAY_MS: u64 = 86_400_000;

/// The days of the first `len` steps of a grid in a zone; none where so many steps as are taken for
/// a day (`day`) are none on the wall.
///
/// A day is a holiday if an occasion that is one takes at least half of it: a calendar of another
/// zone is off by some hours.
pub fn days(grid: Grid, len: usize, day: usize, zone: Tz, occasions: &[Occasion]) -> Days {
    if grid.step_ms.checked_mul(day as u64) != Some(DAY_MS) {
        return Days::NONE;
    }
    let window = grid.first_ms.saturating_sub(DAY_MS)..grid.start_of(len).saturating_add(DAY_MS);
    let holidays = holidays(occasions, &window);
    let date = |ms: u64| {
        let moment = DateTime::from_timestamp_millis(i64::try_from(ms).ok()?)?;
        Some(moment.with_timezone(&zone).date_naive())
    };
    let (Some(first), Some(last)) = (date(grid.first_ms), date(grid.start_of(len))) else {
        return Days::NONE;
    };
    let begins = |date| midnight(zone, date).map(|moment| moment.timestamp_millis());
    let mut all = Vec::new();
    let mut today = first;
    while today <= last {
        let Some(tomorrow) = today.checked_add_days(Later::new(1)) else { break };
        if let (Some(begin), Some(end)) = (begins(today), begins(tomorrow)) {
            let since = begin - grid.first_ms.cast_signed();
            // A day that begins within a step begins with the next.
            let start = -(-since).div_euclid(grid.step_ms.cast_signed());
            let Ok(start) = isize::try_from(start) else { break };
            let weekday = today.weekday().num_days_from_monday() as u8;
            all.push(Day { start, weekday, is_holiday: is_taken(&holidays, begin..end) });
        }
        today = tomorrow;
    }
    Days::new(all)
}

fn holidays(occasions: &[Occasion], window: &Range<u64>) -> Vec<Range<i64>> {
    let spans =
        occasions.iter().filter(|one| one.is_holiday()).flat_map(|one| one.within(window).spans);
    spans.map(|span| span.start.cast_signed()..span.end.cast_signed()).collect()
}

fn is_taken(holidays: &[Range<i64>], day: Range<i64>) -> bool {
    let taken = |span: &Range<i64>| span.end.min(day.end) - span.start.max(day.start);
    holidays.iter().any(|span| 2 * taken(span) >= day.end - day.start)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::announced::Announced;

    fn ms(text: &str) -> u64 {
        let moment = DateTime::parse_from_rfc3339(text).expect("a moment");
        moment.timestamp_millis() as u64
    }

    fn holiday(start: &str, end: &str) -> Occasion {
        let (start_ms, end_ms) = (ms(start), ms(end));
        let kind = "Public Holiday".to_string();
        Occasion { id: start.to_string(), kind, start_ms, end_ms, ..Occasion::default() }
    }

    #[test]
    fn days_are_those_of_the_people_and_clocks_are_put_back() {
        // Clocks are put back on Sunday the 25th; the panel begins at ten in the evening of Friday.
        let grid = Grid { first_ms: ms("2026-10-23T20:00:00Z"), step_ms: 300_000 };
        let holidays = [
            holiday("2026-10-26T00:00:00Z", "2026-10-27T00:00:00Z"),
            holiday("2026-10-27T08:00:00Z", "2026-10-27T10:00:00Z"),
            Occasion {
                effect: Announced::Times(0.2),
                ..holiday("2026-10-27T00:00:00Z", "2026-10-28T00:00:00Z")
            },
        ];
        let days = days(grid, 5 * 288, 288, Tz::Europe__Berlin, &holidays);
        let found: Vec<_> =
            days.all().iter().map(|day| (day.start, day.weekday, day.is_holiday)).collect();
        let (friday, saturday, sunday) = ((-264, 4, false), (24, 5, false), (312, 6, false));
        let rest = [(612, 0, true), (900, 1, false), (1188, 2, false)];
        assert_eq!(found, [vec![friday, saturday, sunday], rest.to_vec()].concat());
        let noon = 612 + 144;
        assert_eq!(days.ago(noon, noon).day, Some(312 + 144), "an hour longer, the same clock");
        assert_eq!(days.ago(noon, noon).alike, days.ago(noon, noon).day, "a holiday, a Sunday");
    }

    #[test]
    fn steps_that_make_no_day_have_no_date() {
        let grid = Grid { first_ms: 1_000_000_000, step_ms: 5_000 };
        assert_eq!(days(grid, 900, 288, Tz::UTC, &[]), Days::NONE);
        let far = Grid { first_ms: u64::MAX - 5, step_ms: 300_000 };
        assert_eq!(days(far, 900, 288, Tz::UTC, &[]), Days::NONE);
        assert_eq!(days(far, 900, usize::MAX, Tz::UTC, &[]), Days::NONE);
    }
}
