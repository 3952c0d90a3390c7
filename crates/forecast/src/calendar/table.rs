//! Reads occasions from a table: `start, end, kind, functions, effect`, and if need be `title,
//! floor, id`, in any order, parted by commas or, as some spreadsheets do, by semicolons.
//!
//! A column that is not known is refused rather than left out: it may be a known one misspelt,
//! and an effect that is silently not read is worse than none.

use chrono_tz::Tz;
use csv::{ReaderBuilder, StringRecord, Trim};

use crate::calendar::letter::{Place, Wrong, shown};
use crate::calendar::occasion::Occasion;
use crate::calendar::reading::{self, Reading};
use crate::calendar::{moment, pattern};

const COLUMNS: [&str; 8] = ["start", "end", "kind", "functions", "effect", "title", "floor", "id"];
const START: usize = 0;
const END: usize = 1;
const KIND: usize = 2;
const FUNCTIONS: usize = 3;
const EFFECT: usize = 4;
const TITLE: usize = 5;
const FLOOR: usize = 6;
const ID: usize = 7;

/// Reads a table; times without an offset are those of clocks at the site.
pub fn read(bytes: &[u8], site: Tz) -> Reading {
    let text = match reading::text(bytes) {
        Ok(text) => text,
        Err(refused) => return refused,
    };
    let head = text.lines().find(|line| !line.trim().is_empty()).unwrap_or("");
    let delimiter = if head.contains(';') && !head.contains(',') { b';' } else { b',' };
    let mut reader = ReaderBuilder::new()
        .delimiter(delimiter)
        .trim(Trim::All)
        .comment(Some(b'#'))
        .from_reader(text.as_bytes());
    let places = match reader.headers().map(columns) {
        Ok(Ok(places)) => places,
        Ok(Err(reason)) => return Reading::refused(reason, HINT),
        Err(error) => return Reading::refused(why(&error), HINT),
    };
    let mut reading = Reading::default();
    for record in reader.records() {
        let (line, read) = match &record {
            Ok(record) => {
                let line = record.position().map_or(0, csv::Position::line);
                (line, row(record, &places, site))
            }
            Err(error) => {
                let line = error.position().map_or(0, csv::Position::line);
                (line, Err((why(error), "give every line as many fields as the first has")))
            }
        };
        if !reading.take(Place::Line(line), read) {
            break;
        }
    }
    reading
}

const HINT: &str = "begin with a line such as `start,end,kind,functions,effect`";

fn why(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("it has {len} fields, not {expected_len}")
        }
        _ => "it cannot be read as a table".to_string(),
    }
}

/// Where each known column stands.
fn columns(head: &StringRecord) -> Result<[Option<usize>; 8], String> {
    let mut places = [None; 8];
    for (place, name) in head.iter().enumerate() {
        let known = COLUMNS.iter().position(|column| column.eq_ignore_ascii_case(name));
        let Some(column) = known else {
            let known = COLUMNS.join("`, `");
            return Err(format!("there is no column `{}`, only `{known}`", shown(name)));
        };
        if places[column].replace(place).is_some() {
            return Err(format!("the column `{}` is there twice", COLUMNS[column]));
        }
    }
    for column in [START, END, KIND] {
        if places[column].is_none() {
            return Err(format!("the column `{}` is missing", COLUMNS[column]));
        }
    }
    Ok(places)
}

fn row(record: &StringRecord, places: &[Option<usize>; 8], site: Tz) -> Result<Occasion, Wrong> {
    let field = |column: usize| places[column].and_then(|place| record.get(place)).unwrap_or("");
    let floor = match field(FLOOR) {
        "" => None,
        text => Some(text.parse().map_err(|_| {
            let reason = format!("the floor `{}` is no number of instances", shown(text));
            (reason, "write a whole number, or nothing")
        })?),
    };
    let effect = field(EFFECT).parse().map_err(|reason| (reason, "write one of these"))?;
    let (start_ms, end_ms) =
        (moment::read(field(START), site)?, moment::read_end(field(END), site)?);
    let (kind, title) = (field(KIND).to_string(), field(TITLE).to_string());
    let id = match field(ID) {
        "" => {
            let text = format!("{start_ms} {end_ms} {kind} {} {title}", field(FUNCTIONS));
            format!("table-{:016x}", xxhash_rust::xxh3::xxh3_64(text.as_bytes()))
        }
        id => id.to_string(),
    };
    let functions = pattern::list(field(FUNCTIONS));
    let repeats = None;
    let occasion =
        Occasion { id, kind, title, start_ms, end_ms, functions, effect, floor, repeats };
    occasion.check().map(|()| occasion)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::announced::Announced;

    #[test]
    fn good_lines_are_read_and_bad_ones_told_by_their_number() {
        let text = "\u{feff}start,end,kind,functions,effect,floor\n\
            # the campaigns of winter\n\
            2026-11-27T18:00:00+01:00,2026-11-27T20:00:00+01:00,campaign,\"shop-*, pay\",x2,4\n\
            soon,2026-11-28,campaign,,,\n\
            2026-12-24,2026-12-26,holiday,*,unknown,\n\
            2026-12-24,2026-12-26,holiday,*,twice,\n\
            2026-12-24,2026-12-26\n\
            2026-12-24,2026-12-20,holiday,,,\n\
            1795798800,1795799800,maintenance,,unmeasured,many\n";
        let reading = read(text.as_bytes(), Tz::Europe__Berlin);
        let lines: Vec<&Place> = reading.letters.iter().map(|letter| &letter.place).collect();
        assert_eq!(lines, [4, 6, 7, 8, 9].map(Place::Line).iter().collect::<Vec<_>>());
        let [campaign, holiday] = &reading.occasions[..] else { panic!("{reading:?}") };
        assert_eq!(campaign.start_ms, 1_795_798_800_000);
        assert_eq!(campaign.functions, ["shop-*", "pay"]);
        assert_eq!((campaign.effect, campaign.floor), (Announced::Times(2.0), Some(4)));
        assert_eq!((holiday.end_ms - holiday.start_ms) / 86_400_000, 3, "the last day included");
        assert!(holiday.functions.is_empty());
        let again = read(text.as_bytes(), Tz::Europe__Berlin);
        assert_eq!(again, reading, "ids and all");
    }

    #[test]
    fn spreadsheets_with_semicolons_are_read() {
        let text = "Start;End;Kind;Effect\n2026-11-27 18:00;2026-11-27 19:00;campaign;x1.5\n";
        let reading = read(text.as_bytes(), Tz::UTC);
        assert_eq!(reading.letters, []);
        assert_eq!(reading.occasions[0].effect, Announced::Times(1.5));
    }

    #[test]
    fn tables_that_are_none_are_refused_whole() {
        for text in [
            "",
            "start,end\n",
            "start,end,kind,efect\n",
            "start,end,kind,start\n",
            "BEGIN:VCALENDAR\nEND:VCALENDAR\n",
            "\0\0\0",
        ] {
            let reading = read(text.as_bytes(), Tz::UTC);
            assert!(reading.occasions.is_empty(), "{text:?}");
            assert_eq!(reading.letters.len(), 1, "{text:?}: {:?}", reading.letters);
        }
    }
}
