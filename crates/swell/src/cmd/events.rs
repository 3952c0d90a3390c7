//! Announces what is known to come: `swell events`.

use swell_api::calendar::Occasion;
use swell_forecast::calendar::announced::Announced;
use swell_forecast::calendar::entry::Defaults;
use swell_forecast::calendar::{ics, moment as times, table, zone};

use crate::cli::events::{AddArguments, EventsCommand, ImportArguments};
use crate::connect;
use crate::error::Letter;
use crate::figure::{count, moment};
use crate::listing::{Column, facts, show, show_one};
use crate::say::say;

const EVENTS: [Column<Occasion>; 8] = [
    Column::text("EVENT", |one| one.id.clone()),
    Column::text("KIND", |one| one.kind.clone()),
    Column::text("START", |one| moment(one.start_ms)),
    Column::text("END", |one| moment(one.end_ms)),
    Column::text("REPEATS", repeats),
    Column::text("FUNCTIONS", functions),
    Column::text("EFFECT", |one| one.effect.clone()),
    Column::wide("TITLE", |one| one.title.clone()),
];

/// Runs `swell events`.
pub fn run(command: &EventsCommand) -> Result<(), Letter> {
    match command {
        EventsCommand::List { output, node } => {
            let events = connect::node(node)?.calendar()?;
            show(&events, &EVENTS, |one| one.id.clone(), *output)
        }
        EventsCommand::Add(arguments) => add(arguments),
        EventsCommand::Import(arguments) => import(arguments),
        EventsCommand::Remove { ids, node } => {
            let node = connect::node(node)?;
            for id in ids {
                node.withdraw(id)?;
                say(format!("{id}: removed"));
            }
            Ok(())
        }
    }
}

fn add(arguments: &AddArguments) -> Result<(), Letter> {
    let zone = arguments.zone.parse::<chrono_tz::Tz>().map_err(|_| {
        Letter::usage(format!("there is no time zone `{}`", arguments.zone))
            .hint("name one of the IANA list, such as `Europe/Berlin`")
    })?;
    let wrong = |option: &str, (why, hint): (String, &'static str)| {
        Letter::usage(format!("`--{option}`: {why}")).hint(hint)
    };
    let start_ms = times::read(&arguments.at, zone).map_err(|error| wrong("at", error))?;
    let end_ms = match &arguments.until {
        Some(until) => times::read_end(until, zone).map_err(|error| wrong("until", error))?,
        None => start_ms.saturating_add(arguments.span.nanos() / 1_000_000),
    };
    if end_ms <= start_ms {
        return Err(Letter::usage("`--until`: it is over before it starts"));
    }
    let occasion = Occasion {
        id: arguments.id.clone(),
        kind: arguments.kind.clone(),
        title: arguments.title.clone(),
        start_ms,
        end_ms,
        functions: arguments.functions.clone(),
        effect: arguments.effect.clone(),
        floor: arguments.floor,
        repeats: None,
    };
    let kept = connect::node(&arguments.node)?.announce(&occasion)?;
    show_one(&kept, &kept.id, |_| describe(&kept), arguments.output)
}

fn describe(event: &Occasion) -> String {
    facts(&[
        ("event", event.id.clone()),
        ("kind", event.kind.clone()),
        ("start", moment(event.start_ms)),
        ("end", moment(event.end_ms)),
        ("repeats", event.repeats.as_ref().map(|_| repeats(event)).unwrap_or_default()),
        ("functions", functions(event)),
        ("effect", event.effect.clone()),
    ])
}

fn functions(event: &Occasion) -> String {
    if event.functions.is_empty() { "*".to_string() } else { event.functions.join(",") }
}

/// How it repeats: by the rules of its calendar, or on so many days of a list.
fn repeats(event: &Occasion) -> String {
    let Some(repeats) = &event.repeats else { return "-".to_string() };
    let texts = |key: &str| -> Vec<&str> {
        let all = repeats.get(key).and_then(serde_json::Value::as_array);
        all.into_iter().flatten().filter_map(serde_json::Value::as_str).collect()
    };
    match &texts("rules")[..] {
        [] => "by a list".to_string(),
        rules => rules.join(" "),
    }
}

/// What cannot be read at all is not sent.
fn check(text: &[u8], is_table: bool, arguments: &ImportArguments) -> Result<(), Letter> {
    let zone = arguments.zone.as_deref().unwrap_or("UTC");
    let site = zone::find(zone)
        .map_err(|(why, hint)| Letter::usage(format!("`--zone`: {why}")).hint(hint))?;
    let reading = match is_table {
        true => table::read(text, site),
        false => {
            let effect = Announced::Unknown;
            ics::read(text, &Defaults { site, functions: Vec::new(), effect })
        }
    };
    if !reading.occasions.is_empty() || reading.letters.is_empty() {
        return Ok(());
    }
    let letters: Vec<String> = reading.letters.iter().map(ToString::to_string).collect();
    let shown = arguments.file.display();
    Err(Letter::usage(format!("no event could be read from `{shown}`")).hint(letters.join("; ")))
}

fn import(arguments: &ImportArguments) -> Result<(), Letter> {
    let shown = arguments.file.display();
    let text = std::fs::read(&arguments.file)
        .map_err(|error| Letter::usage(format!("cannot read `{shown}`: {error}")))?;
    let is_table = arguments.file.extension().is_some_and(|end| end.eq_ignore_ascii_case("csv"));
    check(&text, is_table, arguments)?;
    let kind = if is_table { "text/csv" } else { "text/calendar" };
    let patterns = (!arguments.functions.is_empty()).then(|| arguments.functions.join(","));
    let defaults = [
        ("functions", patterns),
        ("effect", arguments.effect.clone()),
        ("zone", arguments.zone.clone()),
    ];
    let read = connect::node(&arguments.node)?.import(&text, kind, &defaults)?;
    for letter in &read.letters {
        say(format!("warning: {shown}: {letter}"));
    }
    let told = format!(
        "{} taken in, {} of them in place of earlier ones",
        count(read.taken, "event"),
        read.replaced
    );
    show_one(&read, &shown.to_string(), |_| format!("{told}\n"), arguments.output)
}
