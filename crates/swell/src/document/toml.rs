//! TOML as a tree.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::document::tree::{Key, Mistake, Node, Place, Value};

/// Reads a document.
pub fn read(text: &str) -> Result<Node, Mistake> {
    let table = DeTable::parse(text).map_err(|error| Mistake {
        place: error.span().map(|span| Place::of(text, span.start)).unwrap_or_default(),
        message: format!("this is no TOML: {}", error.message().trim_end().replace('\n', "; ")),
    })?;
    Ok(Node { place: Place { line: 1, column: 1 }, value: of_table(text, table.get_ref())? })
}

fn of_table(text: &str, table: &DeTable<'_>) -> Result<Value, Mistake> {
    let mut pairs = Vec::new();
    for (key, value) in table.iter() {
        let start = key.span().start;
        let key = Key { place: Place::of(text, start), text: key.get_ref().to_string() };
        pairs.push((start, key, of_value(text, value)?));
    }
    pairs.sort_by_key(|(start, ..)| *start);
    Ok(Value::Table(pairs.into_iter().map(|(_, key, value)| (key, value)).collect()))
}

fn of_value(text: &str, value: &Spanned<DeValue<'_>>) -> Result<Node, Mistake> {
    let place = Place::of(text, value.span().start);
    let wrong = |message: String| Mistake { place, message };
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Boolean(flag) => Value::Flag(*flag),
        DeValue::Integer(number) => {
            let parsed = i128::from_str_radix(number.as_str(), number.radix());
            Value::Integer(parsed.map_err(|_| wrong(format!("`{number}` is beyond all numbers")))?)
        }
        DeValue::Float(number) => {
            let parsed = number.as_str().parse();
            Value::Float(parsed.map_err(|_| wrong(format!("`{number}` is no number")))?)
        }
        DeValue::Datetime(moment) => Value::Text(moment.to_string()),
        DeValue::Array(list) => {
            let items = list.iter().map(|item| of_value(text, item));
            Value::List(items.collect::<Result<_, _>>()?)
        }
        DeValue::Table(table) => of_table(text, table)?,
    };
    Ok(Node { place, value })
}
