//! Moments as tables and flags give them.

use chrono::{DateTime, Datelike, NaiveDate, NaiveDateTime, TimeDelta};
use chrono_tz::Tz;

use crate::calendar::letter::{Wrong, shown};
use crate::calendar::zone;

/// The years between which an occasion may lie.
const YEARS: std::ops::RangeInclusive<i32> = 1970..=2200;

/// The Unix milliseconds of a moment that lies in a plausible year.
pub fn unix_ms(moment: &DateTime<Tz>) -> Result<u64, Wrong> {
    let ms = u64::try_from(moment.timestamp_millis()).ok();
    ms.filter(|_| YEARS.contains(&moment.year())).ok_or_else(|| {
        let reason = format!("the year {} lies beyond what can be planned", moment.year());
        (reason, "give one between 1970 and 2200")
    })
}

/// Reads the start of an occasion in Unix milliseconds: RFC 3339, the same without an offset
/// (a clock at the site), a day (its first moment), or Unix seconds or milliseconds.
pub fn read(text: &str, site: Tz) -> Result<u64, Wrong> {
    read_day(text, site, 0)
}

/// Reads the end of an occasion; a day is over at its last moment.
pub fn read_end(text: &str, site: Tz) -> Result<u64, Wrong> {
    read_day(text, site, 1)
}

fn read_day(text: &str, site: Tz, days: i64) -> Result<u64, Wrong> {
    let text = text.trim();
    if let Ok(number) = text.parse::<u64>() {
        // Seconds of the year 5138 are milliseconds of 1973.
        let ms = if number < 100_000_000_000 { number * 1000 } else { number };
        let moment = i64::try_from(ms).ok().and_then(DateTime::from_timestamp_millis);
        let moment = moment.ok_or_else(|| wrong(text))?;
        return unix_ms(&moment.with_timezone(&site));
    }
    if let Ok(moment) = DateTime::parse_from_rfc3339(text) {
        return unix_ms(&moment.with_timezone(&site));
    }
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        let day = day.checked_add_signed(TimeDelta::days(days));
        let moment = day.and_then(|day| zone::midnight(site, day));
        return unix_ms(&moment.ok_or_else(|| wrong(text))?);
    }
    let forms =
        ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    let mut locals = forms.iter().filter_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let moment = locals.next().and_then(|local| zone::moment(site, local));
    unix_ms(&moment.ok_or_else(|| wrong(text))?)
}

fn wrong(text: &str) -> Wrong {
    let reason = format!("`{}` is no time", shown(text));
    (reason, "write it as `2026-11-27T18:00:00+01:00`, `2026-11-27 18:00`, or in Unix seconds")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_all_forms() {
        let berlin = Tz::Europe__Berlin;
        for (text, expected) in [
            ("1970-01-01T00:00:10Z", Some(10_000)),
            ("2026-11-27T18:00:00+01:00", Some(1_795_798_800_000)),
            ("2026-11-27T18:00:00.250+01:00", Some(1_795_798_800_250)),
            ("2026-11-27 18:00", Some(1_795_798_800_000)),
            ("2026-11-27T18:00:00", Some(1_795_798_800_000)),
            ("1795798800", Some(1_795_798_800_000)),
            ("1795798800000", Some(1_795_798_800_000)),
            ("2026-11-27", Some(1_795_734_000_000)),
            ("0", Some(0)),
            ("1969-12-31T00:00:00Z", None),
            ("9999-01-01", None),
            ("18446744073709551615", None),
            ("99999999999", None),
            ("-5", None),
            ("tomorrow", None),
            ("", None),
        ] {
            assert_eq!(read(text, berlin).ok(), expected, "{text}");
        }
        let day = read_end("2026-11-27", berlin).expect("a day");
        assert_eq!(day, 1_795_734_000_000 + 86_400_000);
    }
}
