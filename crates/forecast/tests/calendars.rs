//! Calendars as programs of people write them, and what no program should.

use chrono_tz::Tz;
use proptest::prelude::*;
use swell_forecast::calendar::announced::Announced;
use swell_forecast::calendar::entry::Defaults;
use swell_forecast::calendar::letter::{Letter, Place};
use swell_forecast::calendar::occasion::Occasion;
use swell_forecast::calendar::reading::Reading;
use swell_forecast::calendar::{ics, moment, table};

const OUTLOOK: &str = "BEGIN:VCALENDAR\r\nPRODID:-//Microsoft Corporation//Outlook 16.0 MIMEDIR//EN\r\n\
VERSION:2.0\r\nMETHOD:PUBLISH\r\nBEGIN:VTIMEZONE\r\nTZID:W. Europe Standard Time\r\nBEGIN:STANDARD\r\n\
DTSTART:16010101T030000\r\nTZOFFSETFROM:+0200\r\nTZOFFSETTO:+0100\r\nEND:STANDARD\r\nEND:VTIMEZONE\r\n\
BEGIN:VEVENT\r\nUID:040000008200E00074C5B7101A82E008\r\nCATEGORIES:Campaign,Marketing\r\n\
DTSTART;TZID=\"W. Europe Standard Time\":20261019T090000\r\n\
DTEND;TZID=\"W. Europe Standard Time\":20261019T110000\r\n\
RRULE:FREQ=WEEKLY;UNTIL=20261116T090000;BYDAY=MO\r\n\
EXDATE;TZID=\"W. Europe Standard Time\":20261102T090000\r\n\
SUMMARY;LANGUAGE=en-us:Newsletter to everybody who ever bought anything at all in the \r\n shop\r\n\
DESCRIPTION:We send it at nine.\\nswell-functions: shop-*\\, mail\\nswell-effect: x\r\n 2.5\\n\r\n\
BEGIN:VALARM\r\nTRIGGER:-PT15M\r\nACTION:DISPLAY\r\nDESCRIPTION:swell-effect: x9\r\nEND:VALARM\r\n\
END:VEVENT\r\n\
BEGIN:VEVENT\r\nUID:040000008200E00074C5B7101A82E008\r\nCATEGORIES:Campaign\r\n\
RECURRENCE-ID;TZID=\"W. Europe Standard Time\":20261109T090000\r\n\
DTSTART;TZID=\"W. Europe Standard Time\":20261110T140000\r\n\
DTEND;TZID=\"W. Europe Standard Time\":20261110T150000\r\n\
SUMMARY:Newsletter\\, one day late\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n";

const MIXED: &str = "BEGIN:VCALENDAR
BEGIN:VTIMEZONE
TZID:Our own
X-LIC-LOCATION:America/New_York
END:VTIMEZONE
BEGIN:VEVENT
UID:floating
DTSTART:20260701T120000
DURATION:PT90M
SUMMARY:Lunch
END:VEVENT
BEGIN:VEVENT
UID:all-day
DTSTART;VALUE=DATE:20261025
SUMMARY:Maintenance
END:VEVENT
BEGIN:VEVENT
UID:two-days
DTSTART;VALUE=DATE:20261224
DTEND;VALUE=DATE:20261226
CATEGORIES:holiday
X-SWELL-EFFECT:x0.2
X-SWELL-FLOOR:3
END:VEVENT
BEGIN:VEVENT
UID:bad-rule
DTSTART:20260701T120000Z
RRULE:FREQ=FORTNIGHTLY
SUMMARY:Every other week
END:VEVENT
BEGIN:VEVENT
UID:bad-zone
DTSTART;TZID=Atlantis Standard Time:20260701T120000
END:VEVENT
BEGIN:VEVENT
UID:own-zone
DTSTART;TZID=Our own:20260701T120000
DTEND;TZID=Our own:20260701T130000
END:VEVENT
BEGIN:VEVENT
SUMMARY:No start
END:VEVENT
BEGIN:VEVENT
UID:cancelled
DTSTART:20260701T120000Z
STATUS:CANCELLED
END:VEVENT
BEGIN:VEVENT
UID:moved
SEQUENCE:2
DTSTART:20260702T120000Z
END:VEVENT
BEGIN:VEVENT
UID:moved
SEQUENCE:1
DTSTART:20260701T120000Z
END:VEVENT
BEGIN:VEVENT
UID:dates
DTSTART:20260701T120000Z
DTEND:20260701T130000Z
RDATE:20260703T120000Z
RDATE;VALUE=PERIOD:20260705T120000Z/PT5H
EXDATE;VALUE=DATE:20260703
END:VEVENT
BEGIN:VEVENT
UID:backwards
DTSTART:20260701T120000Z
DTEND:20260630T120000Z
END:VEVENT
BEGIN:VEVENT
UID:cut
DTSTART:20260701T120000Z
";

fn defaults() -> Defaults {
    let functions = vec!["web-*".to_string()];
    Defaults { site: Tz::Europe__Berlin, functions, effect: Announced::Unknown }
}

fn at(text: &str) -> u64 {
    moment::read(text, Tz::UTC).expect("a moment")
}

fn starts(occasion: &Occasion, from: &str, until: &str) -> Vec<u64> {
    occasion.within(&(at(from)..at(until))).spans.iter().map(|span| span.start).collect()
}

fn find<'a>(reading: &'a Reading, id: &str) -> &'a Occasion {
    let found = reading.occasions.iter().find(|occasion| occasion.id == id);
    found.unwrap_or_else(|| panic!("`{id}` was not read: {:?}", reading.letters))
}

#[test]
fn outlook_writes_its_own_zones_and_ends_rules_in_them() {
    let reading = ics::read(OUTLOOK.as_bytes(), &defaults());
    assert_eq!(reading.letters, []);
    assert_eq!(reading.occasions.len(), 2);
    let weekly = &reading.occasions[0];
    assert_eq!(weekly.kind, "Campaign");
    assert!(weekly.title.ends_with("at all in the shop"), "{}", weekly.title);
    assert_eq!(weekly.functions, ["shop-*", "mail"]);
    assert_eq!(weekly.effect, Announced::Times(2.5));
    let expected = ["2026-10-19T07:00:00Z", "2026-10-26T08:00:00Z", "2026-11-16T08:00:00Z"];
    assert_eq!(starts(weekly, "2026-01-01", "2027-01-01"), expected.map(at));
    let late = &reading.occasions[1];
    assert_eq!(late.title, "Newsletter, one day late");
    assert_eq!(starts(late, "2026-01-01", "2027-01-01"), [at("2026-11-10T13:00:00Z")]);
    assert_eq!(late.functions, ["web-*"]);
}

#[test]
fn one_bad_event_costs_no_other() {
    let reading = ics::read(MIXED.as_bytes(), &defaults());
    let told: Vec<String> = reading.letters.iter().map(|letter| letter.to_string()).collect();
    for part in ["bad-rule", "bad-zone", "No start", "backwards", "cut"] {
        assert!(told.iter().any(|letter| letter.contains(part)), "{part} in {told:#?}");
    }
    assert_eq!(told.len(), 5, "{told:#?}");
    assert!(reading.letters.iter().all(|letter| matches!(letter.place, Place::Event(_))));
    let floating = find(&reading, "floating");
    assert_eq!(floating.start_ms, at("2026-07-01T10:00:00Z"), "at the site it is summer");
    assert_eq!(floating.end_ms - floating.start_ms, 90 * 60_000);
    let day = find(&reading, "all-day");
    assert_eq!(day.start_ms, at("2026-10-24T22:00:00Z"));
    assert_eq!(day.end_ms, at("2026-10-25T23:00:00Z"), "a day of 25 hours");
    assert_eq!(day.effect, Announced::Unmeasured, "by its title, which is its kind");
    let holiday = find(&reading, "two-days");
    assert_eq!((holiday.kind.as_str(), holiday.floor), ("holiday", Some(3)));
    assert_eq!(holiday.effect, Announced::Times(0.2));
    assert_eq!(holiday.end_ms - holiday.start_ms, 2 * 86_400_000);
    assert_eq!(find(&reading, "own-zone").start_ms, at("2026-07-01T16:00:00Z"));
    assert_eq!(find(&reading, "moved").start_ms, at("2026-07-02T12:00:00Z"));
    let dates = starts(find(&reading, "dates"), "2026-07-01", "2026-08-01");
    assert_eq!(dates, ["2026-07-01T12:00:00Z", "2026-07-05T12:00:00Z"].map(at));
    assert!(!reading.occasions.iter().any(|occasion| occasion.id == "cancelled"));
}

#[test]
fn what_is_missing_at_the_end_is_told_of() {
    let event = "BEGIN:VEVENT\nUID:a\nDTSTART:20260701T120000Z\nEND:VEVENT\n";
    for (text, occasions, letters) in [
        ("BEGIN:VCALENDAR\nEND:VCALENDAR\n".to_string(), 0, 0),
        ("BEGIN:VCALENDAR\n".to_string(), 0, 1),
        (format!("BEGIN:VCALENDAR\n{event}"), 1, 1),
        (format!("BEGIN:VCALENDAR\n{event}END:VCALENDAR\n"), 1, 0),
    ] {
        let reading = ics::read(text.as_bytes(), &defaults());
        let found = (reading.occasions.len(), reading.letters.len());
        assert_eq!(found, (occasions, letters), "{text} {:?}", reading.letters);
        let is_named = |letter: &Letter| {
            letter.place == Place::Text && letter.to_string().contains("`END:VCALENDAR`")
        };
        assert!(reading.letters.iter().all(is_named), "{:?}", reading.letters);
    }
}

#[test]
fn rules_that_never_come_true_do_not_keep_anybody_busy() {
    let event = |number: usize| {
        format!(
            "BEGIN:VEVENT\nUID:{number}\nDTSTART:20260101T000000Z\n\
             RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=31\nEND:VEVENT\n"
        )
    };
    let text = format!("BEGIN:VCALENDAR\n{}", (0..5000).map(event).collect::<String>());
    let reading = ics::read(text.as_bytes(), &defaults());
    assert!(reading.letters[0].reason.contains("more than 20"), "{:?}", reading.letters);
}

#[test]
fn what_is_no_calendar_is_refused_whole() {
    for text in ["", "hello", "start,end,kind\n", "BEGIN:VCARD\nEND:VCARD\n"] {
        let reading = ics::read(text.as_bytes(), &defaults());
        assert_eq!((reading.occasions.len(), reading.letters.len()), (0, 1), "{text}");
    }
    assert_eq!(ics::read(b"BEGIN:VCALENDAR\n\xff\xfe", &defaults()).letters.len(), 1);
    let long = vec![b'a'; 9 << 20];
    assert!(ics::read(&long, &defaults()).letters[0].reason.contains("8 MiB"));
}

const TABLE: &str = "start,end,kind,functions,effect,title,floor,id\n\
2026-11-27T18:00:00+01:00,2026-11-27T20:00:00+01:00,campaign,\"shop-*, pay\",x2,Friday,4,a\n\
2026-12-24,2026-12-26,holiday,*,unknown,,,\n1795798800,1795799800,maintenance,,unmeasured,,,b\n";

/// Whether all that came of a text makes sense, for windows near and far.
fn assert_sane(reading: &Reading) {
    for occasion in &reading.occasions {
        assert_eq!(occasion.check(), Ok(()), "{occasion:?}");
        for (from, until) in [("2026-10-01", "2026-12-01"), ("1970-01-01", "1970-01-02")] {
            let window = at(from)..at(until);
            for span in occasion.within(&window).spans {
                assert!(span.start < span.end, "{occasion:?}");
                assert!(span.start < window.end && span.end > window.start, "{occasion:?}");
            }
        }
    }
    for letter in &reading.letters {
        assert!(!letter.reason.is_empty() && !letter.hint.is_empty());
        assert!(!letter.to_string().contains('\n'), "{letter}");
    }
}

/// What a slip, or somebody with a grudge, puts into a text.
fn pieces() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        any::<String>(),
        "[0-9]{1,12}",
        "[A-Z;=:,]{1,8}",
        prop::sample::select(vec![
            "\r\n",
            "\n ",
            "RRULE:FREQ=DAILY\n",
            "FREQ=YEARLY;BYWEEKNO=53",
            "BYSETPOS=-1",
            "\u{feff}",
            "FREQ=HOURLY",
            "INTERVAL=65535",
            "COUNT=0",
            "UNTIL=",
            "BEGIN:VEVENT\n",
            "END:VEVENT\n",
            ";TZID=",
            "99991231",
            "20260229",
            "-P1D",
            "P99999W",
            "BYMONTHDAY=31",
            "BYDAY=5SU",
            "\"",
        ])
        .prop_map(str::to_string),
    ]
}

fn spoiled(text: &'static str) -> impl Strategy<Value = String> {
    let cut = (0..text.len(), 0usize..30, pieces());
    prop::collection::vec(cut, 1..6).prop_map(move |cuts| {
        let mut spoiled = text.to_string();
        for (place, len, piece) in cuts {
            let floor = |place: usize| {
                (0..=place.min(spoiled.len())).rev().find(|&at| spoiled.is_char_boundary(at))
            };
            let (start, end) = (floor(place).unwrap_or(0), floor(place + len).unwrap_or(0));
            spoiled.replace_range(start..end, &piece);
        }
        spoiled
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn no_spoiled_calendar_panics(text in spoiled(OUTLOOK), other in spoiled(MIXED)) {
        assert_sane(&ics::read(text.as_bytes(), &defaults()));
        assert_sane(&ics::read(other.as_bytes(), &defaults()));
    }

    #[test]
    fn no_spoiled_table_panics(text in spoiled(TABLE)) {
        assert_sane(&table::read(text.as_bytes(), Tz::America__New_York));
    }

    #[test]
    fn no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        assert_sane(&ics::read(&bytes, &defaults()));
        assert_sane(&table::read(&bytes, Tz::UTC));
    }

    /// A rule that counts is unrolled from its beginning, one that does not from nearby.
    #[test]
    fn a_rule_means_the_same_from_near_and_from_far(
        rule in prop::sample::select(vec![
            "FREQ=DAILY", "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY", "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO",
            "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,MO;WKST=SU", "FREQ=DAILY;BYMONTH=3,10", "FREQ=DAILY;BYDAY=SA",
            "FREQ=DAILY;BYHOUR=2,14;BYMINUTE=30", "FREQ=HOURLY;INTERVAL=7", "FREQ=HOURLY;BYHOUR=1,2,3",
            "FREQ=MINUTELY;INTERVAL=1500", "FREQ=HOURLY;INTERVAL=36;BYDAY=SU", "FREQ=WEEKLY;INTERVAL=5;BYDAY=TU;BYSETPOS=1",
        ]),
        until in prop::sample::select(vec!["", ";UNTIL=20260601T000000Z", ";UNTIL=20200601"]),
        zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Gaza"]),
        hours in 400_000u64..495_000, quarters in 0u64..4, later in 0u64..5000, days in 0u16..3,
    ) {
        let start_ms = hours * 3_600_000 + quarters * 900_000;
        let occasion = |count: &str| Occasion {
            start_ms,
            end_ms: start_ms + 5_400_000,
            repeats: Some(swell_forecast::calendar::repeats::Repeats {
                rules: vec![format!("{rule}{count}")], zone: zone.to_string(), days, ..Default::default()
            }),
            ..Occasion::default()
        };
        let from = start_ms + later * 86_400_000;
        let window = from..from + 60 * 86_400_000;
        let near = occasion(until).within(&window);
        let far = match until {
            "" => occasion(";COUNT=30000").within(&window),
            // Two rules are never begun later.
            _ => {
                let mut twice = occasion(until);
                let repeats = twice.repeats.as_mut().expect("it repeats");
                repeats.rules.push(repeats.rules[0].clone());
                twice.within(&window)
            }
        };
        prop_assert!(far.is_cut || near == far, "{near:?} {far:?}");
    }

    #[test]
    fn no_rule_panics(
        freq in prop::sample::select(vec![
            "YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY",
        ]),
        interval in prop_oneof![1u16..5, any::<u16>()],
        part in prop::sample::select(vec![
            "", "BYMONTH=2", "BYMONTHDAY=-31", "BYYEARDAY=366", "BYWEEKNO=53", "BYDAY=MO,-1SU",
            "BYHOUR=23", "BYSETPOS=366;BYDAY=MO", "COUNT=1", "WKST=SU", "BYMINUTE=59",
        ]),
        other in prop::sample::select(vec!["", "BYMONTH=4", "BYMONTHDAY=31", "BYDAY=FR", "BYHOUR=0"]),
        day in 0u64..80_000,
        zone in prop::sample::select(vec!["UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Gaza"]),
    ) {
        let rule = format!("FREQ={freq};INTERVAL={interval};{part};{other}");
        let start_ms = day * 86_400_000;
        let repeats = swell_forecast::calendar::repeats::Repeats {
            rules: vec![rule], zone: zone.to_string(), ..Default::default()
        };
        let occasion = Occasion {
            id: "1".into(), kind: "x".into(), start_ms, end_ms: start_ms + 1, repeats: Some(repeats),
            ..Occasion::default()
        };
        if occasion.check().is_ok() {
            let mut reading = Reading::default();
            reading.occasions.push(occasion);
            assert_sane(&reading);
        }
    }
}
