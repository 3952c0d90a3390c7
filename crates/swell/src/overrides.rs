//! What is meant by `--function`: settings of some functions that are not the plain ones.
//!
//! `PATTERN:KEY=VALUE,KEY=VALUE`. The pattern is all before the last `:`, since names may
//! hold one and values do not. What depends on the word alone is refused as it is read,
//! what depends on the trace when it is applied.

use std::str::FromStr;

use swell_core::parameters::nearest;
use swell_core::settings::{FunctionSettings, MEMORY_MAX, MIN_WARM_MAX};
use swell_core::time::Span;
use swell_core::units::Bytes;
use swell_sim::simulate::Scenario;

use crate::error::Letter;

/// One `--function`.
#[derive(Debug, Clone)]
pub struct Override {
    text: String,
    functions: Pattern,
    changes: Vec<Change>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    /// The one of that number.
    Index(usize),
    /// All whose name fits.
    Name(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Memory(Bytes),
    MinWarm(u32),
    MaxIdle(Span),
    Pinned(bool),
    RunAndExit(bool),
    Concurrency(u32),
    MaxInstances(u32),
    PauseAfter(Span),
    PausedMemory(Bytes),
    StartHint(Span),
}

/// Reads the value of a key; a key without a value has an empty one.
type Read = fn(&str) -> Result<Change, String>;

const KEYS: [(&str, Read); 10] = [
    ("memory", |text| Ok(Change::Memory(memory(text, Bytes::new(1))?))),
    ("min-warm", |text| Ok(Change::MinWarm(count(text, 0, MIN_WARM_MAX)?))),
    ("max-idle", |text| Ok(Change::MaxIdle(span(text)?))),
    ("pinned", |text| Ok(Change::Pinned(flag(text)?))),
    ("run-and-exit", |text| Ok(Change::RunAndExit(flag(text)?))),
    ("concurrency", |text| Ok(Change::Concurrency(count(text, 1, u32::MAX)?))),
    ("max-instances", |text| Ok(Change::MaxInstances(count(text, 1, u32::MAX)?))),
    ("pause-after", |text| Ok(Change::PauseAfter(span(text)?))),
    ("paused-memory", |text| Ok(Change::PausedMemory(memory(text, Bytes::ZERO)?))),
    ("start-hint", |text| Ok(Change::StartHint(span(text)?))),
];

fn memory(text: &str, least: Bytes) -> Result<Bytes, String> {
    let memory: Bytes = text.parse().map_err(|error| format!("{error}"))?;
    if memory < least || memory > MEMORY_MAX {
        return Err(format!("`{text}` is not an amount from {least} to {MEMORY_MAX}"));
    }
    Ok(memory)
}

fn count(text: &str, least: u32, most: u32) -> Result<u32, String> {
    let count = text.parse().ok().filter(|count| (least..=most).contains(count));
    count.ok_or_else(|| format!("`{text}` is not a whole number from {least} to {most}"))
}

fn span(text: &str) -> Result<Span, String> {
    text.parse().map_err(|error| format!("{error}"))
}

fn flag(text: &str) -> Result<bool, String> {
    match text {
        "" | "true" => Ok(true),
        "false" => Ok(false),
        _ => Err(format!("`{text}` is neither `true` nor `false`")),
    }
}

impl FromStr for Override {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let example = "write a pattern and settings, such as `web-*:min-warm=1,max-idle=2h`";
        let (pattern, settings) =
            text.rsplit_once(':').ok_or_else(|| format!("there is no `:`; {example}"))?;
        if pattern.is_empty() || settings.trim().is_empty() {
            return Err(format!("something is missing beside the `:`; {example}"));
        }
        let changes = settings.split(',').map(|setting| change(setting.trim()));
        let changes = changes.collect::<Result<_, _>>()?;
        Ok(Self { text: text.to_string(), functions: Pattern::of(pattern), changes })
    }
}

fn change(setting: &str) -> Result<Change, String> {
    let (key, value) = setting.split_once('=').unwrap_or((setting, ""));
    let (key, value) = (key.trim(), value.trim());
    let Some((_, read)) = KEYS.iter().find(|(known, _)| *known == key) else {
        let known = KEYS.iter().map(|(known, _)| *known);
        let all: Vec<_> = known.clone().collect();
        let hint = nearest(key, known);
        return Err(format!("no setting is called `{key}`{hint} (there are: {})", all.join(", ")));
    };
    read(value).map_err(|why| match value.is_empty() {
        true => format!("`{key}` needs a value: `{key}=...`"),
        false => format!("`{key}`: {why}"),
    })
}

impl Pattern {
    fn of(text: &str) -> Self {
        let number = text.strip_prefix('#').and_then(|digits| digits.parse().ok());
        number.map_or_else(|| Self::Name(text.to_string()), Self::Index)
    }

    fn fits(&self, index: usize, name: &str) -> bool {
        match self {
            Self::Index(wanted) => *wanted == index,
            Self::Name(pattern) => fits(pattern, name),
        }
    }
}

/// Whether a name fits a pattern in which `*` stands for any text and `?` for one letter.
fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name): (Vec<char>, Vec<char>) =
        (pattern.chars().collect(), name.chars().collect());
    let (mut at, mut letter) = (0, 0);
    // The last star, and the letter from which on its text ends.
    let mut star = None;
    while letter < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, letter));
                at += 1;
            }
            Some(&wanted) if wanted == '?' || wanted == name[letter] => {
                at += 1;
                letter += 1;
            }
            _ => {
                let Some((place, end)) = star else { return false };
                star = Some((place, end + 1));
                (at, letter) = (place + 1, end + 1);
            }
        }
    }
    pattern[at..].iter().all(|&rest| rest == '*')
}

/// Changes the settings of the functions that are meant, in the order of the overrides,
/// and lets results say so.
pub fn apply(overrides: &[Override], scenario: &mut Scenario) -> Result<(), Letter> {
    let profiles = scenario.trace.functions();
    for one in overrides {
        let mut meant = 0;
        for (index, settings) in scenario.functions.iter_mut().enumerate() {
            if one.functions.fits(index, &profiles[index].name) {
                meant += 1;
                one.changes.iter().for_each(|&change| set(settings, change));
            }
        }
        if meant == 0 {
            let names = profiles.iter().map(|profile| profile.name.as_str());
            return Err(unmatched(one, scenario.trace.name(), names));
        }
    }
    for (index, settings) in scenario.functions.iter().enumerate() {
        if let Some(why) = contradiction(settings) {
            let name = short(&profiles[index].name);
            return Err(Letter::usage(format!("function #{index} (`{name}`) {why}")));
        }
    }
    let texts: Vec<&str> = overrides.iter().map(|one| one.text.as_str()).collect();
    scenario.overrides = texts.join("; ");
    Ok(())
}

fn unmatched<'a>(
    one: &Override,
    trace: &str,
    names: impl ExactSizeIterator<Item = &'a str>,
) -> Letter {
    let Override { text, .. } = one;
    let count = names.len();
    let some: Vec<String> = names.take(3).map(|name| format!("`{}`", short(name))).collect();
    let letter = Letter::usage(format!("`--function {text}`: no function of `{trace}` fits"));
    match count {
        0 => letter,
        _ => letter.hint(format!(
            "it has #0 to #{}, such as {}; `*` stands for any text, `?` for one letter",
            count - 1,
            some.join(", ")
        )),
    }
}

/// A name, or a pattern for it where it is long, as hashes are.
fn short(name: &str) -> String {
    match name.char_indices().nth(16) {
        Some((end, _)) => format!("{}*", &name[..end]),
        None => name.to_string(),
    }
}

fn set(settings: &mut FunctionSettings, change: Change) {
    match change {
        Change::Memory(memory) => {
            // A plain function holds as much while it is paused.
            if settings.paused_memory == settings.memory {
                settings.paused_memory = memory;
            }
            settings.memory = memory;
        }
        Change::MinWarm(count) => settings.min_warm = count,
        Change::MaxIdle(span) => settings.max_idle = Some(span),
        Change::Pinned(pinned) => settings.pinned = pinned,
        Change::RunAndExit(exits) => settings.run_and_exit = exits,
        Change::Concurrency(count) => settings.concurrency = count,
        Change::MaxInstances(count) => settings.max_instances = count,
        Change::PauseAfter(span) => settings.pause_after = Some(span),
        Change::PausedMemory(memory) => settings.paused_memory = memory,
        Change::StartHint(span) => settings.start_hint = span,
    }
}

fn contradiction(settings: &FunctionSettings) -> Option<String> {
    let FunctionSettings { memory, paused_memory, min_warm, max_instances, .. } = settings;
    if paused_memory > memory {
        return Some(format!("would hold {paused_memory} while paused, but only {memory} else"));
    }
    if min_warm > max_instances {
        return Some(format!(
            "would keep {min_warm} instances warm, but may have only {max_instances}"
        ));
    }
    None
}

/// Whether what is possible at best can be computed for such functions: it is, for
/// instances that serve one request at a time and hold all their memory while they live.
pub fn have_bounds(functions: &[FunctionSettings]) -> bool {
    functions.iter().all(|settings| {
        let pauses = settings.pause_after.is_some() && settings.paused_memory < settings.memory;
        settings.concurrency == 1 && !pauses
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_fit_patterns() {
        for (pattern, name, expected) in [
            ("web", "web", true),
            ("web", "webs", false),
            ("web", "we", false),
            ("*", "", true),
            ("*", "anything", true),
            ("web-*", "web-", true),
            ("web-*", "web", false),
            ("*-b", "a-b-b", true),
            ("*-b", "a-b-c", false),
            ("a*b*c", "aXbXbc", true),
            ("a*b*c", "abcb", false),
            ("**a**", "a", true),
            ("?", "ü", true),
            ("?", "", false),
            ("a?c", "abc", true),
            ("", "", true),
            ("", "a", false),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
        assert!(!fits(&"*a".repeat(40), &"a".repeat(39)), "and soon");
    }

    #[test]
    fn overrides_are_read() {
        let read = |text: &str| text.parse::<Override>().map(|one| (one.functions, one.changes));
        let name = |text: &str| Pattern::Name(text.to_string());
        for (text, expected) in [
            ("#3:pinned", (Pattern::Index(3), vec![Change::Pinned(true)])),
            ("#x:pinned=false", (name("#x"), vec![Change::Pinned(false)])),
            ("a:b:run-and-exit=true", (name("a:b"), vec![Change::RunAndExit(true)])),
            (
                "web-*:min-warm=1, max-idle=2h",
                (name("web-*"), vec![Change::MinWarm(1), Change::MaxIdle(Span::from_mins(120))]),
            ),
            (
                "*:memory=1GB,paused-memory=0B,pause-after=5s",
                (
                    name("*"),
                    vec![
                        Change::Memory(Bytes::from_mb(1000)),
                        Change::PausedMemory(Bytes::ZERO),
                        Change::PauseAfter(Span::from_secs(5)),
                    ],
                ),
            ),
            (
                "*:concurrency=4,max-instances=9,start-hint=3s",
                (
                    name("*"),
                    vec![
                        Change::Concurrency(4),
                        Change::MaxInstances(9),
                        Change::StartHint(Span::from_secs(3)),
                    ],
                ),
            ),
        ] {
            assert_eq!(read(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn refusals_say_what_is_right() {
        for (text, expected) in [
            ("web", "there is no `:`"),
            (":pinned", "something is missing"),
            ("web:", "something is missing"),
            ("web:pined", "no setting is called `pined`; did you mean `pinned`?"),
            ("web:min_warm=1", "no setting is called `min_warm`; did you mean `min-warm`?"),
            ("web:pinned,", "no setting is called ``"),
            ("web:memory", "`memory` needs a value"),
            ("web:memory=", "`memory` needs a value"),
            ("web:memory=20", "`memory`: `20` is not an amount of memory"),
            ("web:memory=0B", "`memory`: `0B` is not an amount from 1B to"),
            ("web:memory=16000000TB", "`memory`: `16000000TB` is not an amount from 1B to"),
            ("web:concurrency=0", "`concurrency`: `0` is not a whole number from 1"),
            ("web:max-instances=0", "`max-instances`: `0` is not a whole number from 1"),
            ("web:min-warm=-1", "`min-warm`: `-1` is not a whole number from 0 to 100000"),
            ("web:min-warm=100001", "`min-warm`: `100001` is not a whole number from 0"),
            ("web:max-idle=10", "`max-idle`: `10` is not a length of time"),
            ("web:pinned=yes", "`pinned`: `yes` is neither"),
        ] {
            let error = text.parse::<Override>().expect_err(text);
            assert!(error.starts_with(expected), "{text}: {error}");
        }
    }

    #[test]
    fn the_plain_settings_stay_where_nothing_else_is_asked_for() {
        let mut settings = FunctionSettings::plain(Bytes::from_mb(100));
        assert_eq!(settings.start_hint, Span::from_secs(1));
        set(&mut settings, Change::Memory(Bytes::from_mb(300)));
        assert_eq!(settings, FunctionSettings::plain(Bytes::from_mb(300)));
        set(&mut settings, Change::PausedMemory(Bytes::from_mb(400)));
        assert!(contradiction(&settings).is_some());
        set(&mut settings, Change::Memory(Bytes::from_mb(500)));
        assert_eq!(contradiction(&settings), None);
        assert!(have_bounds(std::slice::from_ref(&settings)));
        set(&mut settings, Change::PauseAfter(Span::from_secs(1)));
        assert!(!have_bounds(&[settings]));
    }
}
