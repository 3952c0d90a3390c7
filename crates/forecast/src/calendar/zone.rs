//! Which time zone a name means, and which moment a wall clock in it shows.

use chrono::offset::LocalResult;
use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};
use chrono_tz::Tz;

use crate::calendar::letter::{Wrong, shown};
use crate::calendar::zone_names::WINDOWS;

/// The zone of a name of the IANA database, or of Windows; a path before it, as some programs
/// write, is left out.
pub fn find(name: &str) -> Result<Tz, Wrong> {
    let name = name.trim().trim_matches('"');
    let parts =
        std::iter::successors(Some(name), |name| name.split_once('/').map(|(_, rest)| rest));
    for part in parts {
        let windows = WINDOWS.binary_search_by(|(windows, _)| windows.cmp(&part));
        let part = windows.map_or(part, |place| WINDOWS[place].1);
        if let Ok(zone) = part.parse() {
            return Ok(zone);
        }
    }
    let reason = format!("`{}` is no time zone that is known here", shown(name));
    Err((reason, "name one of the IANA database, such as `Europe/Berlin`"))
}

/// The moment at which clocks of a zone show this. What they show twice is the first time;
/// what they skip is as if they had not been put forward yet (RFC 5545, section 3.3.5).
pub fn moment(zone: Tz, local: NaiveDateTime) -> Option<DateTime<Tz>> {
    match zone.from_local_datetime(&local) {
        LocalResult::Single(moment) | LocalResult::Ambiguous(moment, _) => Some(moment),
        LocalResult::None => {
            let back = TimeDelta::hours(3);
            let before = zone.from_local_datetime(&local.checked_sub_signed(back)?).earliest()?;
            before.checked_add_signed(back)
        }
    }
}

/// When a day begins.
pub fn midnight(zone: Tz, day: NaiveDate) -> Option<DateTime<Tz>> {
    moment(zone, day.and_time(NaiveTime::MIN))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_go_by_many_names() {
        for (name, expected) in [
            ("Europe/Berlin", Some(Tz::Europe__Berlin)),
            ("W. Europe Standard Time", Some(Tz::Europe__Berlin)),
            ("\"Pacific Standard Time\"", Some(Tz::America__Los_Angeles)),
            ("/freeassociation.sourceforge.net/Europe/Paris", Some(Tz::Europe__Paris)),
            ("tzone://Microsoft/UTC", Some(Tz::Etc__UTC)),
            ("UTC", Some(Tz::Etc__UTC)),
            ("Customized Time Zone", None),
            ("", None),
        ] {
            assert_eq!(find(name).ok().map(|zone| zone.name()), expected.map(|zone| zone.name()));
        }
    }

    #[test]
    fn hours_that_come_twice_or_never_have_a_moment() {
        let at = |text: &str| {
            let local = NaiveDateTime::parse_from_str(text, "%Y-%m-%d %H:%M").expect("a time");
            moment(Tz::Europe__Berlin, local).expect("a moment").to_rfc3339()
        };
        assert_eq!(at("2026-03-29 02:30"), "2026-03-29T03:30:00+02:00");
        assert_eq!(at("2026-10-25 02:30"), "2026-10-25T02:30:00+02:00");
        assert_eq!(at("2026-01-01 00:00"), "2026-01-01T00:00:00+01:00");
    }
}
