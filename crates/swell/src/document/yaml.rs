//! YAML as a tree, and JSON, which is a part of it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_saphyr::{Location, Spanned, from_str_with_options, options};

use crate::document::tree::{Key, Mistake, Node, Place, Value};

/// Reads a document.
pub fn read(text: &str) -> Result<Node, Mistake> {
    let options = options! { strict_booleans: true, with_snippet: false };
    let root: Spanned<Loose> = from_str_with_options(text, options).map_err(|error| Mistake {
        place: error.location().map(place).unwrap_or_default(),
        message: format!("this is no YAML: {}", first_line(&error.to_string())),
    })?;
    Ok(node(root))
}

/// Reads a document in the narrower syntax.
pub fn read_json(text: &str) -> Result<Node, Mistake> {
    serde_json::from_str::<serde::de::IgnoredAny>(text).map_err(|error| Mistake {
        place: Place { line: error.line(), column: error.column() },
        message: format!("this is no JSON: {error}"),
    })?;
    read(text)
}

fn place(location: Location) -> Place {
    Place { line: location.line() as usize, column: location.column() as usize }
}

fn first_line(text: &str) -> &str {
    text.lines().next().unwrap_or(text)
}

/// A value whose parts know their places, and which will know its own from its owner.
struct Loose(Value);

fn node(spanned: Spanned<Loose>) -> Node {
    Node { place: place(spanned.referenced), value: spanned.value.0 }
}

impl<'de> Deserialize<'de> for Loose {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(LooseVisitor).map(Self)
    }
}

struct LooseVisitor;

impl<'de> Visitor<'de> for LooseVisitor {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, inner: D) -> Result<Value, D::Error> {
        inner.deserialize_any(self)
    }

    fn visit_bool<E>(self, flag: bool) -> Result<Value, E> {
        Ok(Value::Flag(flag))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Integer(number.into()))
    }

    fn visit_u64<E>(self, number: u64) -> Result<Value, E> {
        Ok(Value::Integer(number.into()))
    }

    fn visit_i128<E>(self, number: i128) -> Result<Value, E> {
        Ok(Value::Integer(number))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Text(text.to_string()))
    }

    fn visit_string<E>(self, text: String) -> Result<Value, E> {
        Ok(Value::Text(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element::<Spanned<Loose>>()? {
            list.push(node(item));
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut pairs = Vec::new();
        while let Some(key) = entries.next_key::<Spanned<String>>()? {
            let value = entries.next_value::<Spanned<Loose>>()?;
            let key = Key { place: place(key.referenced), text: key.value };
            pairs.push((key, node(value)));
        }
        Ok(Value::Table(pairs))
    }
}
