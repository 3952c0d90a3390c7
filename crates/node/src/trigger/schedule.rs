//! When a function is to be called by the clock, and which runs are due after a time in
//! which nobody looked. Pure: times come in, times go out.

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds};

use swell_api::trigger::Missed;

/// A run that is later than this was missed.
pub const GRACE_MS: u64 = 10_000;
/// Runs that are made up for at most.
pub const RUNS_MAX: usize = 100;
/// A clock that went back further than this was set anew.
const BACK_MAX_MS: u64 = 300_000;

/// A schedule in its time zone.
#[derive(Debug, Clone)]
pub struct Schedule {
    cron: Cron,
    zone: Tz,
    missed: Missed,
}

/// What is due.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The runs, by the time they are for, in order; in milliseconds since 1970.
    pub runs: Vec<u64>,
    /// Up to when all runs are dealt with.
    pub until_ms: u64,
}

impl Schedule {
    /// Reads a schedule of five fields, or six with seconds first, in a time zone of the
    /// IANA database; nothing if either makes no sense.
    pub fn read(schedule: &str, timezone: &str, missed: Missed) -> Option<Self> {
        let parser = CronParser::builder().seconds(Seconds::Optional).build();
        let (cron, zone) = (parser.parse(schedule).ok()?, timezone.parse().ok()?);
        Some(Self { cron, zone, missed })
    }

    /// The runs that are due at `now_ms` if all up to `last_ms` are dealt with.
    pub fn due(&self, last_ms: u64, now_ms: u64) -> Due {
        let set_back = last_ms > now_ms.saturating_add(BACK_MAX_MS);
        if set_back || last_ms >= now_ms {
            let until_ms = if set_back { now_ms } else { last_ms };
            return Due { runs: Vec::new(), until_ms };
        }
        let mut runs = self.back(last_ms, now_ms);
        let timely = runs.iter().take_while(|&&run| run + GRACE_MS >= now_ms).count();
        match self.missed {
            Missed::Skip => runs.truncate(timely),
            Missed::Once => runs.truncate(timely.max(1)),
            Missed::All => {}
        }
        runs.reverse();
        Due { runs, until_ms: now_ms }
    }

    /// When the next run after `after_ms` is, if there is ever one.
    pub fn next(&self, after_ms: u64) -> Option<u64> {
        let after = self.moment(after_ms)?;
        let next = self.cron.find_next_occurrence(&after, false).ok()?;
        u64::try_from(next.timestamp_millis()).ok()
    }

    /// Up to [`RUNS_MAX`] runs after `last_ms` and not after `now_ms`, newest first.
    fn back(&self, last_ms: u64, now_ms: u64) -> Vec<u64> {
        let mut runs = Vec::new();
        let Some(mut at) = self.moment(now_ms) else { return runs };
        let mut inclusive = true;
        while runs.len() < RUNS_MAX {
            let Ok(run) = self.cron.find_previous_occurrence(&at, inclusive) else { break };
            let Ok(run_ms) = u64::try_from(run.timestamp_millis()) else { break };
            if run_ms <= last_ms {
                break;
            }
            runs.push(run_ms);
            (at, inclusive) = (run, false);
        }
        runs
    }

    fn moment(&self, ms: u64) -> Option<DateTime<Tz>> {
        let utc: DateTime<Utc> = DateTime::from_timestamp_millis(i64::try_from(ms).ok()?)?;
        Some(utc.with_timezone(&self.zone))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: u64 = 60_000;
    /// 2026-01-01 00:00:00 UTC.
    const YEAR: u64 = 1_767_225_600_000;

    fn due(schedule: &str, missed: Missed, last: u64, now: u64) -> Vec<u64> {
        let schedule = Schedule::read(schedule, "UTC", missed).expect("it makes sense");
        schedule.due(YEAR + last, YEAR + now).runs.iter().map(|run| run - YEAR).collect()
    }

    #[test]
    fn runs_are_due_once() {
        for (schedule, last, now, expected) in [
            ("* * * * *", 0, MINUTE - 1, vec![]),
            ("* * * * *", 0, MINUTE, vec![MINUTE]),
            ("* * * * *", MINUTE, MINUTE + 5_000, vec![]),
            ("*/2 * * * * *", 0, 5_000, vec![2_000, 4_000]),
            ("0 12 * * *", 0, MINUTE, vec![]),
        ] {
            assert_eq!(due(schedule, Missed::Skip, last, now), expected, "{schedule} {now}");
        }
    }

    #[test]
    fn missed_runs_are_dealt_with_as_asked() {
        let (last, now) = (0, 5 * MINUTE + 30_000);
        assert_eq!(due("* * * * *", Missed::Skip, last, now), [0; 0]);
        assert_eq!(due("* * * * *", Missed::Once, last, now), [5 * MINUTE]);
        let all: Vec<u64> = (1..=5).map(|minute| minute * MINUTE).collect();
        assert_eq!(due("* * * * *", Missed::All, last, now), all);
        let timely = 5 * MINUTE + 500;
        assert_eq!(due("* * * * *", Missed::Skip, last, timely), [5 * MINUTE]);
        assert_eq!(due("* * * * *", Missed::Once, last, timely), [5 * MINUTE]);
        let many = due("* * * * * *", Missed::All, 0, 3_600_000);
        assert_eq!((many.len(), many.last()), (RUNS_MAX, Some(&3_600_000)));
    }

    #[test]
    fn a_clock_that_is_set_back_waits_for_a_little_and_starts_anew_after_much() {
        let schedule = Schedule::read("* * * * *", "UTC", Missed::All).expect("it makes sense");
        let little = schedule.due(YEAR + 2 * MINUTE, YEAR);
        assert_eq!(little, Due { runs: vec![], until_ms: YEAR + 2 * MINUTE });
        let much = schedule.due(YEAR + 100 * MINUTE, YEAR);
        assert_eq!(much, Due { runs: vec![], until_ms: YEAR });
    }

    #[test]
    fn zones_have_their_own_hours() {
        let noon = Schedule::read("0 12 * * *", "Europe/Berlin", Missed::Skip);
        let noon = noon.expect("it makes sense");
        assert_eq!(noon.next(YEAR), Some(YEAR + 11 * 60 * MINUTE), "winter");
        let july = YEAR + 181 * 24 * 60 * MINUTE;
        assert_eq!(noon.next(july), Some(july + 10 * 60 * MINUTE), "summer");
        assert!(Schedule::read("0 12 * * *", "Europe/Atlantis", Missed::Skip).is_none());
        assert!(Schedule::read("soon", "UTC", Missed::Skip).is_none());
    }
}
