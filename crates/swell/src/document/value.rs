//! Values of a file as the program uses them: amounts, lengths of time, counts, words.

use std::collections::BTreeMap;

use serde::de::DeserializeOwned;
use swell_core::time::Span;
use swell_core::units::Bytes;

use crate::document::tree::{Mistake, Node, Value};

/// A text.
pub fn text(node: &Node) -> Result<String, Vec<Mistake>> {
    match &node.value {
        Value::Text(text) => Ok(text.clone()),
        other => Err(vec![node.wrong(format!("{} stands where a text should", other.kind()))]),
    }
}

/// A text, or what can be written without quotes for one.
fn plain_text(node: &Node) -> Result<String, Vec<Mistake>> {
    match &node.value {
        Value::Integer(number) => Ok(number.to_string()),
        Value::Flag(flag) => Ok(flag.to_string()),
        Value::Float(_) => Err(vec![node.wrong("put numbers with a point in quotes")]),
        _ => text(node),
    }
}

/// An amount of memory, in bytes, from 1.
pub fn amount(node: &Node) -> Result<u64, Vec<Mistake>> {
    let bytes: Bytes = parsed(node, &plain_text(node)?)?;
    match bytes.get() {
        0 => Err(vec![node.wrong("there has to be some memory")]),
        bytes => Ok(bytes),
    }
}

/// A length of time, in whole milliseconds, from 1.
pub fn span_ms(node: &Node) -> Result<u64, Vec<Mistake>> {
    let text = plain_text(node)?;
    let span: Span = parsed(node, &text)?;
    match span.nanos() / 1_000_000 {
        0 => Err(vec![node.wrong(format!("`{text}` is shorter than the millisecond allowed"))]),
        ms => Ok(ms),
    }
}

/// A length of time, in whole microseconds.
pub fn span_us(node: &Node) -> Result<u64, Vec<Mistake>> {
    let span: Span = parsed(node, &plain_text(node)?)?;
    Ok(span.nanos() / 1_000)
}

fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
    node: &Node,
    text: &str,
) -> Result<T, Vec<Mistake>> {
    text.parse().map_err(|error: T::Err| vec![node.wrong(error.to_string())])
}

/// A whole number from `least` to the end of the type.
pub fn count<T: TryFrom<i128> + Into<u64> + Copy>(
    node: &Node,
    least: u64,
) -> Result<T, Vec<Mistake>> {
    let number = match &node.value {
        Value::Integer(number) => Some(*number),
        Value::Text(text) => text.parse().ok(),
        _ => None,
    };
    let fits = number.and_then(|number| T::try_from(number).ok()).filter(|n| (*n).into() >= least);
    fits.ok_or_else(|| {
        let shown = match &node.value {
            Value::Integer(number) => format!("`{number}`"),
            Value::Text(text) => format!("`{text}`"),
            other => other.kind().to_string(),
        };
        let bits = size_of::<T>() * 8;
        let most = u64::MAX >> (64 - bits);
        vec![node.wrong(format!("{shown} is not a whole number from {least} to {most}"))]
    })
}

/// Yes or no.
pub fn flag(node: &Node) -> Result<bool, Vec<Mistake>> {
    match &node.value {
        Value::Flag(flag) => Ok(*flag),
        Value::Text(text) if text == "true" => Ok(true),
        Value::Text(text) if text == "false" => Ok(false),
        other => Err(vec![node.wrong(format!("{} is neither `true` nor `false`", other.kind()))]),
    }
}

/// One of the words of an enumeration of the API.
pub fn word<T: DeserializeOwned>(node: &Node, words: &[&str]) -> Result<T, Vec<Mistake>> {
    let text = text(node)?;
    let found = words
        .contains(&text.as_str())
        .then(|| serde_json::from_value(serde_json::Value::String(text.clone())).ok());
    found.flatten().ok_or_else(|| {
        let words: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
        vec![node.wrong(format!("`{text}` is none of {}", words.join(", ")))]
    })
}

/// Texts in a list; one alone needs none.
pub fn texts(node: &Node) -> Result<Vec<String>, Vec<Mistake>> {
    match &node.value {
        Value::List(items) => each(items, plain_text),
        Value::Text(text) => Ok(vec![text.clone()]),
        other => Err(vec![node.wrong(format!("{} stands where a list should", other.kind()))]),
    }
}

/// Texts by keys of the person's own.
pub fn map(node: &Node) -> Result<BTreeMap<String, String>, Vec<Mistake>> {
    let Value::Table(pairs) = &node.value else {
        let kind = node.value.kind();
        return Err(vec![node.wrong(format!("{kind} stands where a table should"))]);
    };
    let mut map = BTreeMap::new();
    let mut mistakes = Vec::new();
    for (key, value) in pairs {
        match plain_text(value) {
            Ok(text) => drop(map.insert(key.text.clone(), text)),
            Err(found) => mistakes.extend(found.into_iter().map(|one| one.about(&key.text))),
        }
    }
    if mistakes.is_empty() { Ok(map) } else { Err(mistakes) }
}

/// The items of a list, each read alike.
pub fn list<T>(
    node: &Node,
    read: impl Fn(&Node) -> Result<T, Vec<Mistake>>,
) -> Result<Vec<T>, Vec<Mistake>> {
    match &node.value {
        Value::List(items) => each(items, read),
        other => Err(vec![node.wrong(format!("{} stands where a list should", other.kind()))]),
    }
}

fn each<T>(
    items: &[Node],
    read: impl Fn(&Node) -> Result<T, Vec<Mistake>>,
) -> Result<Vec<T>, Vec<Mistake>> {
    let (mut values, mut mistakes) = (Vec::new(), Vec::new());
    for item in items {
        match read(item) {
            Ok(value) => values.push(value),
            Err(found) => mistakes.extend(found),
        }
    }
    if mistakes.is_empty() { Ok(values) } else { Err(mistakes) }
}
