//! Tables of keys: which keys a table in a file has, what each means and how it is read.
//!
//! The list of keys is data, and everything else follows from it: reading, the complaint
//! about an unknown key with the nearest known one, and the JSON Schema.

use swell_core::parameters::nearest;

use crate::document::tree::{Mistake, Node, Value};

/// A key of a table that is read into a `D`.
pub struct KeyOf<D: 'static> {
    /// The key.
    pub name: &'static str,
    /// What its value looks like.
    pub shape: Shape,
    /// What it means.
    pub meaning: &'static str,
    /// Reads the value into the draft.
    pub read: fn(&Node, &mut D) -> Result<(), Vec<Mistake>>,
}

/// What a value looks like; for the schema.
#[derive(Clone, Copy)]
pub enum Shape {
    /// A text.
    Text,
    /// A text such as `64MiB`.
    Amount,
    /// A text such as `30s`.
    Span,
    /// A whole number from this.
    Count(u64),
    /// Yes or no.
    Flag,
    /// One of these words.
    Word(&'static [&'static str]),
    /// One of these words, or a text such as `30s`.
    SpanOr(&'static [&'static str]),
    /// Texts.
    Texts,
    /// Texts by keys of the person's own.
    Map,
    /// A table with keys of its own, as a schema.
    Table(fn() -> serde_json::Value),
    /// A list of such tables.
    Tables(fn() -> serde_json::Value),
}

/// Reads a table; all mistakes are found, not only the first.
pub fn read_table<D>(
    node: &Node,
    what: &str,
    keys: &'static [KeyOf<D>],
    draft: &mut D,
) -> Result<(), Vec<Mistake>> {
    let Value::Table(pairs) = &node.value else {
        let kind = node.value.kind();
        return Err(vec![node.wrong(format!("{what} is a table of keys, not {kind}"))]);
    };
    let mut mistakes = Vec::new();
    for (key, value) in pairs {
        match keys.iter().find(|known| known.name == key.text) {
            None => mistakes.push(Mistake {
                place: key.place,
                message: unknown(&key.text, what, keys.iter().map(|known| known.name)),
            }),
            Some(known) => {
                if let Err(found) = (known.read)(value, draft) {
                    mistakes.extend(found.into_iter().map(|mistake| mistake.about(known.name)));
                }
            }
        }
    }
    if mistakes.is_empty() { Ok(()) } else { Err(mistakes) }
}

/// The complaint about an unknown key, with the nearest known one, or else all of them.
pub fn unknown(key: &str, what: &str, known: impl Iterator<Item = &'static str> + Clone) -> String {
    let hint = nearest(key, known.clone());
    if hint.is_empty() {
        let all: Vec<_> = known.collect();
        return format!("{what} has no key `{key}` (it has: {})", all.join(", "));
    }
    format!("{what} has no key `{key}`{hint}")
}
