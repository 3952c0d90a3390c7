//! One `VEVENT` of a calendar as an occasion.
//!
//! Calendars of people have no words for functions and effects, so these stand where people
//! can write them: as lines such as `swell-functions: shop-*`, `swell-effect: x2`,
//! `swell-kind: campaign`, `swell-floor: 4` in the description, or as properties such as
//! `X-SWELL-EFFECT`. Without a kind, the first category is one, else the title.

use chrono::{DateTime, NaiveDate, NaiveDateTime, TimeDelta};
use chrono_tz::Tz;
use icalendar::parser::Property;

use crate::calendar::announced::Announced;
use crate::calendar::letter::{Wrong, shown};
use crate::calendar::occasion::Occasion;
use crate::calendar::repeats::Repeats;
use crate::calendar::{moment, pattern, zone};

/// What is taken where a calendar says nothing.
#[derive(Debug, Clone)]
pub struct Defaults {
    /// The zone of the site, in which times without a zone are meant.
    pub site: Tz,
    /// Which functions an event touches; none: all.
    pub functions: Vec<String>,
    /// What it does.
    pub effect: Announced,
}

/// A `VEVENT`.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// The occasion. Its id is the `UID`, or that and the moment it takes the place of.
    pub occasion: Occasion,
    /// The `UID`.
    pub uid: String,
    /// Which repetition it takes the place of, in Unix milliseconds.
    pub instead_of: Option<u64>,
    /// Which revision it is.
    pub sequence: u32,
    /// Whether it was called off.
    pub is_cancelled: bool,
}

/// A moment, and whether a whole day was written.
#[derive(Debug, Clone, Copy)]
struct When {
    moment: DateTime<Tz>,
    is_day: bool,
}

/// The zone that a calendar means by a name of its own.
pub type Zones<'a> = dyn Fn(&str) -> Result<Tz, Wrong> + 'a;

struct Reader<'a> {
    properties: &'a [Property<'a>],
    defaults: &'a Defaults,
    zones: &'a Zones<'a>,
}

/// What a `VEVENT` is called in letters: its `UID`, else its title.
pub fn name(properties: &[Property<'_>]) -> String {
    let find = |name: &str| {
        let found = properties.iter().find(|property| property.name.as_str() == name);
        found.map(|property| shown(property.val.as_str().trim())).filter(|text| !text.is_empty())
    };
    let name = match (find("SUMMARY"), find("UID")) {
        (Some(title), Some(uid)) => Some(format!("{title} ({uid})")),
        (title, uid) => title.or(uid),
    };
    name.unwrap_or_else(|| "without a name".to_string())
}

/// Reads the properties of a `VEVENT`.
pub fn read(
    properties: &[Property<'_>],
    defaults: &Defaults,
    zones: &Zones<'_>,
) -> Result<Entry, Wrong> {
    Reader { properties, defaults, zones }.entry()
}

impl Reader<'_> {
    fn entry(&self) -> Result<Entry, Wrong> {
        let start = self.find("DTSTART").ok_or_else(|| {
            ("it has no `DTSTART`".to_string(), "give it a start in your calendar")
        })?;
        let start = self.one(start)?;
        let start_ms = moment::unix_ms(&start.moment)?;
        let (end_ms, days) = self.end(start)?;
        let title = self.text("SUMMARY").to_string();
        let kind = self.said("KIND").or_else(|| self.category()).unwrap_or_else(|| title.clone());
        let kind = if kind.is_empty() { "event".to_string() } else { kind };
        let written = self.text("UID").trim();
        let uid = match written {
            "" => {
                format!("calendar-{start_ms}-{:016x}", xxhash_rust::xxh3::xxh3_64(title.as_bytes()))
            }
            uid => uid.to_string(),
        };
        let instead_of = match self.find("RECURRENCE-ID") {
            Some(property) => Some(moment::unix_ms(&self.one(property)?.moment)?),
            None => None,
        };
        let id = instead_of.map_or_else(|| uid.clone(), |instead| format!("{uid}@{instead}"));
        let functions = self.said("FUNCTIONS").map(|text| pattern::list(&text));
        let effect = match self.said("EFFECT") {
            Some(text) => text.parse().map_err(|reason| (reason, "mend `swell-effect`"))?,
            // What the reader was told counts more than what a title suggests.
            None if self.defaults.effect != Announced::Unknown => self.defaults.effect,
            None if kind.eq_ignore_ascii_case("maintenance") => Announced::Unmeasured,
            None => Announced::Unknown,
        };
        let floor = self.said("FLOOR").map(|text| {
            text.parse::<u32>().map_err(|_| {
                let reason = format!("its floor `{}` is no number of instances", shown(&text));
                (reason, "write a whole number behind `swell-floor:`")
            })
        });
        let repeats = if instead_of.is_some() { None } else { self.repeats(start, days)? };
        let occasion = Occasion {
            id,
            kind,
            title,
            start_ms,
            end_ms,
            functions: functions.unwrap_or_else(|| self.defaults.functions.clone()),
            effect,
            floor: floor.transpose()?,
            repeats,
        };
        occasion.check()?;
        let sequence = self.text("SEQUENCE").trim().parse().unwrap_or(0);
        let is_cancelled = self.text("STATUS").trim().eq_ignore_ascii_case("CANCELLED");
        Ok(Entry { occasion, uid, instead_of, sequence, is_cancelled })
    }

    fn find(&self, name: &str) -> Option<&Property<'_>> {
        self.properties.iter().find(|property| property.name.as_str().eq_ignore_ascii_case(name))
    }

    fn text(&self, name: &str) -> &str {
        self.find(name).map_or("", |property| property.val.as_str())
    }

    fn category(&self) -> Option<String> {
        let first = self.text("CATEGORIES").split(',').next().unwrap_or("").trim();
        (!first.is_empty()).then(|| first.to_string())
    }

    /// What is said of functions, effect, kind or floor, as a property or in the description.
    fn said(&self, what: &str) -> Option<String> {
        let own = self.find(&format!("X-SWELL-{what}")).map(|property| property.val.as_str());
        let mark = format!("swell-{}:", what.to_lowercase());
        let described = || {
            let lines = self.text("DESCRIPTION").split(['\n', '<', '>']).map(str::trim);
            lines.into_iter().find_map(|line| {
                let begins = line.get(..mark.len())?.eq_ignore_ascii_case(&mark);
                begins.then(|| &line[mark.len()..])
            })
        };
        let text = own.or_else(described)?.trim().to_string();
        (!text.is_empty()).then_some(text)
    }

    /// The end in Unix milliseconds, and how many days it lasts if these are what counts.
    fn end(&self, start: When) -> Result<(u64, u16), Wrong> {
        let start_ms = moment::unix_ms(&start.moment)?;
        let first = start.moment.date_naive();
        let day_end = |days: i64| {
            let day = first.checked_add_signed(TimeDelta::try_days(days)?)?;
            zone::midnight(start.moment.timezone(), day)
        };
        let too_long = || ("it is too long".to_string(), "mend its end");
        let end = match (self.find("DTEND"), self.find("DURATION")) {
            (Some(end), _) => self.one(end)?.moment,
            (None, Some(duration)) => {
                let lasting = lasting(duration.val.as_str())?;
                let days = start.is_day.then(|| lasting.num_days());
                let end = days.map_or_else(|| start.moment.checked_add_signed(lasting), day_end);
                end.ok_or_else(too_long)?
            }
            (None, None) if start.is_day => day_end(1).ok_or_else(too_long)?,
            (None, None) => start.moment,
        };
        let end_ms = moment::unix_ms(&end)?;
        if end_ms < start_ms {
            return Err(("it ends before it starts".to_string(), "mend its start or its end"));
        }
        let days = if start.is_day { (end.date_naive() - first).num_days().max(1) } else { 0 };
        let days = u16::try_from(days).map_err(|_| too_long())?;
        let end_ms = match day_end(i64::from(days)) {
            Some(end) if start.is_day => moment::unix_ms(&end)?,
            _ => end_ms,
        };
        Ok((end_ms.max(start_ms + 1), days))
    }

    fn repeats(&self, start: When, days: u16) -> Result<Option<Repeats>, Wrong> {
        let every = |name: &'static str| {
            let is_it = move |p: &&Property<'_>| p.name.as_str().eq_ignore_ascii_case(name);
            self.properties.iter().filter(is_it)
        };
        let rules: Vec<String> = every("RRULE").map(|rule| rule.val.as_str().into()).collect();
        let mut repeats = Repeats {
            rules,
            zone: start.moment.timezone().name().to_string(),
            days,
            ..Repeats::default()
        };
        for property in every("RDATE") {
            for when in self.all(property)? {
                repeats.also.push(moment::unix_ms(&same_hour(start, when))?);
            }
        }
        for property in every("EXDATE") {
            for when in self.all(property)? {
                repeats.except.push(moment::unix_ms(&same_hour(start, when))?);
            }
        }
        let is_single = repeats.rules.is_empty() && repeats.also.is_empty();
        Ok(if is_single { None } else { Some(repeats) })
    }

    fn one(&self, property: &Property<'_>) -> Result<When, Wrong> {
        self.when(property, property.val.as_str())
    }

    /// The moments of a list; of a period its start.
    fn all(&self, property: &Property<'_>) -> Result<Vec<When>, Wrong> {
        let texts = property.val.as_str().split(',').filter(|text| !text.trim().is_empty());
        let start = |text: &str| text.split('/').next().unwrap_or("").to_string();
        texts.map(|text| self.when(property, &start(text))).collect()
    }

    fn when(&self, property: &Property<'_>, text: &str) -> Result<When, Wrong> {
        let zone_name =
            property.params.iter().find(|p| p.key.as_str().eq_ignore_ascii_case("TZID"));
        let zone_name = zone_name.and_then(|parameter| parameter.val.as_ref());
        let text = text.trim();
        let wrong = || {
            let reason = format!("`{}` in `{}` is no time", shown(text), property.name);
            (reason, "mend it in your calendar")
        };
        if let Some(utc) = text.strip_suffix(['Z', 'z']) {
            let utc = NaiveDateTime::parse_from_str(utc, "%Y%m%dT%H%M%S").map_err(|_| wrong())?;
            return Ok(When { moment: utc.and_utc().with_timezone(&Tz::UTC), is_day: false });
        }
        let zone = match zone_name {
            Some(name) => (self.zones)(name.as_str())?,
            None => self.defaults.site,
        };
        if let Ok(day) = NaiveDate::parse_from_str(text, "%Y%m%d") {
            let moment = zone::midnight(zone, day).ok_or_else(wrong)?;
            return Ok(When { moment, is_day: true });
        }
        let local = NaiveDateTime::parse_from_str(text, "%Y%m%dT%H%M%S").map_err(|_| wrong())?;
        Ok(When { moment: zone::moment(zone, local).ok_or_else(wrong)?, is_day: false })
    }
}

/// Where a day is written for what has an hour, that day at that hour is meant.
fn same_hour(start: When, when: When) -> DateTime<Tz> {
    if start.is_day || !when.is_day {
        return when.moment;
    }
    let local = when.moment.date_naive().and_time(start.moment.time());
    zone::moment(start.moment.timezone(), local).unwrap_or(when.moment)
}

/// A duration such as `P1D`, `PT1H30M` or `P2W` (RFC 5545, section 3.3.6).
fn lasting(text: &str) -> Result<TimeDelta, Wrong> {
    let wrong = || {
        let reason = format!("`{}` in `DURATION` is no length of time", shown(text));
        (reason, "write it as `PT1H30M` or `P1D`")
    };
    let text = text.trim();
    let mut rest = text.strip_prefix('+').unwrap_or(text).strip_prefix('P').ok_or_else(wrong)?;
    let (mut seconds, mut is_time) = (0i64, false);
    while !rest.is_empty() {
        if let Some(time) = rest.strip_prefix('T') {
            (rest, is_time) = (time, true);
            continue;
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let number: i64 = rest[..digits].parse().map_err(|_| wrong())?;
        let unit = match (rest.as_bytes().get(digits), is_time) {
            (Some(b'W'), false) => 604_800,
            (Some(b'D'), false) => 86_400,
            (Some(b'H'), true) => 3600,
            (Some(b'M'), true) => 60,
            (Some(b'S'), true) => 1,
            _ => return Err(wrong()),
        };
        let added = number.checked_mul(unit).and_then(|more| seconds.checked_add(more));
        seconds = added.ok_or_else(wrong)?;
        rest = &rest[digits + 1..];
    }
    TimeDelta::try_seconds(seconds).ok_or_else(wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read() {
        for (text, expected) in [
            ("P1D", Some(86_400)),
            ("PT1H30M", Some(5400)),
            ("P2W", Some(1_209_600)),
            ("+P1DT2S", Some(86_402)),
            ("P", Some(0)),
            ("-P1D", None),
            ("P1H", None),
            ("PT", Some(0)),
            ("PT5", None),
            ("P99999999999999999999D", None),
            ("P9223372036854775807W", None),
            ("", None),
            ("Pä", None),
        ] {
            let found = lasting(text).ok().map(|lasting| lasting.num_seconds());
            assert_eq!(found, expected, "{text}");
        }
    }
}
