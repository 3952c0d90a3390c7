//! When an occasion that repeats takes place, within a window and never beyond it.
//!
//! Rules are kept as they were written (RFC 5545, section 3.3.10) and unrolled anew for each
//! window, in the zone they were written in, so that "every Monday at nine" stays at nine when
//! clocks change. What a person's program wrote in spite of the standard is mended where the
//! meaning is plain: an end of the rule without `Z` is a time in the rule's own zone.

use std::collections::BTreeSet;
use std::ops::Range;

use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Utc};
use chrono_tz::Tz;
use rrule::{RRule, RRuleSet, Unvalidated};
use serde::{Deserialize, Serialize};

use crate::calendar::forward::forwarded;
use crate::calendar::letter::{Wrong, shown};
use crate::calendar::zone;

/// What is said of a rule that never comes true.
pub const NEVER: &str = "it never takes place";
/// The most repetitions that are gone through on the way to the end of a window.
pub const TURNS_MAX: usize = 50_000;
/// The most repetitions within a window.
pub const SPANS_MAX: usize = 5_000;
/// The most moments that are added or left out.
pub const MOMENTS_MAX: usize = 10_000;
/// The longest rule, in bytes, and the most rules.
const RULE_BYTES_MAX: usize = 1000;
const RULES_MAX: usize = 8;

/// How an occasion repeats.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Repeats {
    /// Rules such as `FREQ=WEEKLY;BYDAY=MO`.
    pub rules: Vec<String>,
    /// The zone in which they are meant.
    pub zone: String,
    /// How many days each lasts; zero: as long as the first, to the millisecond.
    pub days: u16,
    /// Further starts, in Unix milliseconds.
    pub also: Vec<u64>,
    /// Starts at which it does not take place, in Unix milliseconds.
    pub except: Vec<u64>,
}

/// When an occasion takes place within a window.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Spans {
    /// Starts and ends, in Unix milliseconds, in order of the starts.
    pub spans: Vec<Range<u64>>,
    /// Whether there are more than were gone through.
    pub is_cut: bool,
}

impl Repeats {
    /// Whether the rules make sense for an occasion that first starts at `start_ms`, and ever
    /// come true.
    pub fn check(&self, start_ms: u64) -> Result<(), Wrong> {
        if self.also.len() > MOMENTS_MAX || self.except.len() > MOMENTS_MAX {
            let reason = format!("it adds or leaves out more than {MOMENTS_MAX} moments");
            return Err((reason, "write a rule instead"));
        }
        let set = self.set(start_ms)?;
        let first = set.limit().into_iter().next();
        if first.is_none() && self.also.is_empty() && !self.rules.is_empty() {
            return Err((NEVER.to_string(), "mend its `RRULE`"));
        }
        Ok(())
    }

    /// When it takes place between two moments, if it first lasts for `first`. Nothing if the
    /// rules make no sense.
    pub fn within(&self, first: &Range<u64>, window: &Range<u64>) -> Spans {
        let mut spans = Spans::default();
        let lasting = first.end.saturating_sub(first.start).max(1);
        let Ok(set) = self.set_near(first.start, lasting, window.start) else { return spans };
        let except: BTreeSet<u64> = self.except.iter().copied().collect();
        let by_rule = set
            .limit()
            .into_iter()
            .map(|moment| u64::try_from(moment.timestamp_millis()).unwrap_or(0));
        let mut starts = BTreeSet::new();
        for (turn, start) in by_rule.take_while(|&start| start < window.end).enumerate() {
            if turn == TURNS_MAX {
                spans.is_cut = true;
                break;
            }
            if self.end(start, lasting) > window.start {
                starts.insert(start);
            }
            if starts.len() > SPANS_MAX {
                spans.is_cut = true;
                break;
            }
        }
        if self.rules.is_empty() {
            starts.insert(first.start);
        }
        starts.extend(self.also.iter().take(MOMENTS_MAX));
        let fits = |span: &Range<u64>| span.start < window.end && span.end > window.start;
        let span = |&start: &u64| start..self.end(start, lasting);
        let met = starts.iter().filter(|&start| !except.contains(start)).map(span).filter(fits);
        spans.spans = met.take(SPANS_MAX).collect();
        spans
    }

    fn end(&self, start: u64, lasting: u64) -> u64 {
        let by_days = || {
            let zone = zone::find(&self.zone).ok()?;
            let moment = DateTime::from_timestamp_millis(i64::try_from(start).ok()?)?;
            let day = moment.with_timezone(&zone).date_naive();
            let last = day.checked_add_signed(TimeDelta::days(i64::from(self.days)))?;
            u64::try_from(zone::midnight(zone, last)?.timestamp_millis()).ok()
        };
        let end = if self.days == 0 { None } else { by_days() };
        end.unwrap_or_else(|| start.saturating_add(lasting)).max(start.saturating_add(1))
    }

    /// The rules from a beginning near a moment, if that is the same.
    fn set_near(&self, start_ms: u64, lasting: u64, near_ms: u64) -> Result<RRuleSet, Wrong> {
        let set = self.set(start_ms)?;
        let [rule] = &set.get_rrule()[..] else { return Ok(set) };
        let reach = lasting.max((u64::from(self.days) + 1) * 86_400_000);
        let zone = zone::find(&self.zone)?;
        let later = forwarded(rule, zone, start_ms, near_ms.saturating_sub(reach));
        // A rule that has ended by then cannot begin then.
        Ok(self.set(later).unwrap_or(set))
    }

    fn set(&self, start_ms: u64) -> Result<RRuleSet, Wrong> {
        let zone = zone::find(&self.zone)?;
        let first = i64::try_from(start_ms).ok().and_then(DateTime::from_timestamp_millis);
        let first = first.ok_or_else(|| {
            ("it starts beyond what can be planned".to_string(), "give another start")
        })?;
        let first = first.with_timezone(&rrule::Tz::from(zone));
        let mut set = RRuleSet::new(first);
        if self.rules.len() > RULES_MAX {
            let reason = format!("it has more than {RULES_MAX} rules");
            return Err((reason, "make several events of it"));
        }
        for rule in &self.rules {
            set = set.rrule(parsed(rule, zone, first)?);
        }
        Ok(set)
    }
}

fn parsed(rule: &str, zone: Tz, first: DateTime<rrule::Tz>) -> Result<RRule, Wrong> {
    let hint = "mend its `RRULE`, such as `FREQ=WEEKLY;BYDAY=MO`";
    if rule.len() > RULE_BYTES_MAX {
        return Err((format!("its rule is longer than {RULE_BYTES_MAX} bytes"), hint));
    }
    let wrong = |why: String| (format!("its rule `{}` makes no sense: {why}", shown(rule)), hint);
    let mut parts = Vec::new();
    for part in rule.split(';').map(str::trim).filter(|part| !part.is_empty()) {
        let (name, value) = part.split_once('=').ok_or_else(|| wrong(format!("`{part}`")))?;
        let value = value.trim();
        if name.trim().eq_ignore_ascii_case("UNTIL") {
            let until = until(value, zone).ok_or_else(|| wrong(format!("`{part}`")))?;
            parts.push(format!("UNTIL={}", until.format("%Y%m%dT%H%M%SZ")));
        } else {
            parts.push(format!("{}={}", name.trim().to_uppercase(), value.to_uppercase()));
        }
    }
    let parsed: RRule<Unvalidated> =
        parts.join(";").parse().map_err(|error: rrule::RRuleError| wrong(error.to_string()))?;
    parsed.validate(first).map_err(|error| wrong(error.to_string()))
}

/// The last moment at which a rule holds.
fn until(text: &str, zone: Tz) -> Option<DateTime<Utc>> {
    if let Some(utc) = text.strip_suffix(['Z', 'z']) {
        return Some(NaiveDateTime::parse_from_str(utc, "%Y%m%dT%H%M%S").ok()?.and_utc());
    }
    let local = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").ok();
    let day = || NaiveDate::parse_from_str(text, "%Y%m%d").ok();
    let evening = NaiveTime::from_hms_opt(23, 59, 59)?;
    let local = local.or_else(|| Some(day()?.and_time(evening)))?;
    Some(zone::moment(zone, local)?.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::moment;

    fn at(text: &str) -> u64 {
        moment::read(text, Tz::UTC).expect("a moment")
    }

    fn repeats(rule: &str, zone: &str) -> Repeats {
        Repeats { rules: vec![rule.to_string()], zone: zone.to_string(), ..Repeats::default() }
    }

    fn starts(repeats: &Repeats, first: &str, from: &str, until: &str) -> Vec<String> {
        let first = at(first)..at(first) + 3_600_000;
        let found = repeats.within(&first, &(at(from)..at(until)));
        let text = |span: &Range<u64>| {
            DateTime::from_timestamp_millis(span.start.cast_signed())
                .expect("in range")
                .to_rfc3339()
        };
        found.spans.iter().map(text).collect()
    }

    #[test]
    fn a_week_keeps_its_hour_when_clocks_change() {
        let monday = repeats("FREQ=WEEKLY;BYDAY=MO", "Europe/Berlin");
        let found = starts(&monday, "2026-10-05T07:00:00Z", "2026-10-12", "2026-11-04");
        let expected = [
            "2026-10-12T07:00:00+00:00",
            "2026-10-19T07:00:00+00:00",
            "2026-10-26T08:00:00+00:00",
            "2026-11-02T08:00:00+00:00",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn rules_end_when_they_say() {
        for (rule, expected) in [
            ("FREQ=DAILY;COUNT=3", 3),
            ("FREQ=DAILY;UNTIL=20260104T090000Z", 4),
            ("FREQ=DAILY;UNTIL=20260104", 4),
            ("FREQ=DAILY;UNTIL=20260104T085959", 3),
            ("freq=daily;interval=2;until=20260109T090000Z", 5),
            ("FREQ=MONTHLY;BYDAY=-1FR", 2),
        ] {
            let repeats = repeats(rule, "UTC");
            let found = starts(&repeats, "2026-01-01T09:00:00Z", "2026-01-01", "2026-03-01");
            assert_eq!(found.len(), expected, "{rule}: {found:?}");
        }
    }

    #[test]
    fn moments_are_added_and_left_out() {
        let mut daily = repeats("FREQ=DAILY;COUNT=4", "UTC");
        daily.except = vec![at("2026-01-02T09:00:00Z")];
        daily.also = vec![at("2026-01-20T09:00:00Z")];
        let found = starts(&daily, "2026-01-01T09:00:00Z", "2026-01-01", "2026-03-01");
        let days: Vec<&str> = found.iter().map(|start| &start[8..10]).collect();
        assert_eq!(days, ["01", "03", "04", "20"]);
    }

    #[test]
    fn days_end_at_midnight_even_when_they_have_25_hours() {
        let mut weekly = repeats("FREQ=WEEKLY", "Europe/Berlin");
        weekly.days = 1;
        let first = at("2026-10-17T22:00:00Z")..at("2026-10-18T22:00:00Z");
        let found = weekly.within(&first, &(at("2026-10-20")..at("2026-10-30")));
        let expected = at("2026-10-24T22:00:00Z")..at("2026-10-25T23:00:00Z");
        assert_eq!(found.spans, vec![expected]);
    }

    #[test]
    fn what_never_ends_is_bounded_and_what_never_comes_is_told() {
        let start = at("2026-01-01T09:00:00Z");
        let secondly = repeats("FREQ=SECONDLY", "UTC");
        let found = secondly.within(&(start..start + 1), &(start..start + 86_400_000));
        assert!(found.is_cut && found.spans.len() <= SPANS_MAX);
        let later = start + 200 * 86_400_000;
        assert!(secondly.within(&(start..start + 1), &(later..later + 1000)).is_cut);
        let (old, hour) = (at("1990-01-01"), 3_600_000);
        let hourly = repeats("FREQ=HOURLY", "UTC");
        let found = hourly.within(&(old..old + 1), &(later..later + 24 * hour));
        assert_eq!((found.spans.len(), found.is_cut), (24, false), "of 36 years one day");
        for rule in [
            "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
            "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31",
            "FREQ=SOMETIMES",
            "FREQ=DAILY;BYHOUR=99",
            "INTERVAL=2",
            "FREQ",
            "",
            "FREQ=DAILY;UNTIL=soon",
            "FREQ=DAILY;COUNT=99999999999999",
            "FREQ=DAILY;INTERVAL=0",
        ] {
            let wrong = repeats(rule, "UTC").check(start);
            assert!(wrong.is_err(), "{rule}");
        }
        assert!(repeats("FREQ=DAILY", "Mars/Olympus").check(start).is_err());
        assert_eq!(repeats("FREQ=DAILY", "UTC").check(start), Ok(()));
    }
}
