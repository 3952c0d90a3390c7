//! Reads occasions from an iCalendar (RFC 5545), as calendars of people are written.
//!
//! Events are parted first and read one by one, so what is wrong with one costs no other. An
//! event that takes the place of one repetition (`RECURRENCE-ID`) becomes an occasion of its
//! own, and the repetition is left out of the rule; with one that was called off, that is all.

use std::collections::BTreeMap;

use chrono_tz::Tz;
use icalendar::parser::{Property, unfold};

use crate::calendar::entry::{self, Defaults, Entry};
use crate::calendar::letter::{Place, Wrong};
use crate::calendar::reading::{self, Reading};
use crate::calendar::repeats::NEVER;
use crate::calendar::zone;

/// The most lines of one event.
const LINES_MAX: usize = 10_000;

/// The most rules that never come true: each takes centuries to try.
const NEVER_MAX: usize = 20;

/// Reads a calendar.
pub fn read(bytes: &[u8], defaults: &Defaults) -> Reading {
    let text = match reading::text(bytes) {
        Ok(text) => text,
        Err(refused) => return refused,
    };
    let unfolded = unfold(&text.replace("\r\n", "\n").replace('\r', "\n"));
    let is_calendar = unfolded.lines().any(|line| is(line, "BEGIN", "VCALENDAR"));
    if !is_calendar {
        let hint = "export one that begins with `BEGIN:VCALENDAR`";
        return Reading::refused("it is no iCalendar", hint);
    }
    let mut reading = Reading::default();
    let parts = parts(&unfolded, &mut reading);
    let own_zones = own_zones(&parts);
    let zones = |name: &str| zone_of(name, &own_zones);
    let mut entries = Vec::new();
    let mut never = 0;
    for part in parts.iter().filter(|part| part.name == "VEVENT") {
        let properties = properties(&part.lines);
        match entry::read(&properties, defaults, &zones) {
            Ok(entry) => entries.push(entry),
            Err(wrong) => {
                never += usize::from(wrong.0 == NEVER);
                reading.write(Place::Event(entry::name(&properties)), wrong);
            }
        }
        if never > NEVER_MAX {
            let reason = format!("more than {NEVER_MAX} of its rules never come true");
            return Reading::refused(reason, "mend those and read it again");
        }
    }
    settle(entries, &mut reading);
    reading
}

/// A component without those inside of it.
struct Part<'a> {
    name: &'static str,
    lines: Vec<&'a str>,
}

fn is(line: &str, word: &str, component: &str) -> bool {
    let parts = line.trim().split_once(':');
    parts.is_some_and(|(a, b)| a.eq_ignore_ascii_case(word) && b.eq_ignore_ascii_case(component))
}

/// The events and zones of a calendar.
fn parts<'a>(text: &'a str, reading: &mut Reading) -> Vec<Part<'a>> {
    let mut parts: Vec<Part<'_>> = Vec::new();
    let mut open: Option<Part<'_>> = None;
    let mut depth = 0usize;
    let cut = || ("it is cut short".to_string(), "export the calendar again");
    for line in text.lines() {
        let begun = ["VEVENT", "VTIMEZONE"].into_iter().find(|name| is(line, "BEGIN", name));
        if let Some(name) = begun {
            if let Some(part) = open.take() {
                reading.write(Place::Event(entry::name(&properties(&part.lines))), cut());
            }
            (open, depth) = (Some(Part { name, lines: Vec::new() }), 0);
            continue;
        }
        let Some(part) = &mut open else { continue };
        let word = line.trim().get(..6).unwrap_or("");
        if is(line, "END", part.name) {
            parts.extend(open.take());
        } else if word.eq_ignore_ascii_case("BEGIN:") {
            depth += 1;
        } else if word.get(..4).is_some_and(|word| word.eq_ignore_ascii_case("END:")) {
            depth = depth.saturating_sub(1);
        } else if depth == 0 && part.lines.len() < LINES_MAX {
            part.lines.push(line);
        }
    }
    let is_whole = || text.lines().any(|line| is(line, "END", "VCALENDAR"));
    match open {
        Some(part) => reading.write(Place::Event(entry::name(&properties(&part.lines))), cut()),
        // Cut between events, or before the first: what is there may be good, and is not all.
        None if !is_whole() => {
            let reason = "it is cut short: there is no `END:VCALENDAR`".to_string();
            reading.write(Place::Text, (reason, cut().1));
        }
        None => {}
    }
    parts
}

/// The lines that are properties; others say nothing that matters here.
fn properties<'a>(lines: &[&'a str]) -> Vec<Property<'a>> {
    lines.iter().filter_map(|line| Property::try_from(*line).ok()).collect()
}

/// What the calendar itself says its zones are, for names that nobody else knows.
fn own_zones(parts: &[Part<'_>]) -> BTreeMap<String, Tz> {
    let mut zones = BTreeMap::new();
    for part in parts.iter().filter(|part| part.name == "VTIMEZONE") {
        let properties = properties(&part.lines);
        let find = |name: &str| {
            let found = properties.iter().find(|p| p.name.as_str().eq_ignore_ascii_case(name));
            found.map(|property| property.val.as_str().to_string())
        };
        let city = find("X-LIC-LOCATION").and_then(|city| zone::find(&city).ok());
        if let (Some(name), Some(zone)) = (find("TZID"), city) {
            zones.insert(name, zone);
        }
    }
    zones
}

fn zone_of(name: &str, own: &BTreeMap<String, Tz>) -> Result<Tz, Wrong> {
    zone::find(name).or_else(|wrong| own.get(name.trim().trim_matches('"')).copied().ok_or(wrong))
}

/// Joins events with what takes the place of their repetitions; of revisions the last counts.
fn settle(entries: Vec<Entry>, reading: &mut Reading) {
    let mut places: BTreeMap<String, usize> = BTreeMap::new();
    let mut latest: Vec<Entry> = Vec::new();
    for entry in entries {
        match places.get(&entry.occasion.id) {
            Some(&place) if latest[place].sequence > entry.sequence => {}
            Some(&place) => latest[place] = entry,
            None => {
                places.insert(entry.occasion.id.clone(), latest.len());
                latest.push(entry);
            }
        }
    }
    let replaced: Vec<(usize, u64)> = latest
        .iter()
        .filter_map(|entry| Some((*places.get(&entry.uid)?, entry.instead_of?)))
        .collect();
    for (place, instead_of) in replaced {
        if let Some(repeats) = &mut latest[place].occasion.repeats {
            repeats.except.push(instead_of);
        }
    }
    for entry in latest.into_iter().filter(|entry| !entry.is_cancelled) {
        let place = Place::Event(entry.occasion.id.clone());
        if !reading.take(place, Ok(entry.occasion)) {
            break;
        }
    }
}
