//! The JSON Schema of a manifest, made of the same tables of keys that read it, so that
//! editors complain about what the program would complain about.

use serde_json::{Map, Value, json};

use crate::document::keys::{KeyOf, Shape};

const AMOUNT: &str = r"^[0-9.]+([kKmMgGtT]([iI])?)?[bB]$";
const SPAN: &str = "^([0-9.]+(ns|us|µs|ms|s|m|min|h|d)|forever)$";

/// The schema of a table with these keys and no others.
pub fn table<D>(what: &str, keys: &[KeyOf<D>]) -> Value {
    let mut properties = Map::new();
    for key in keys {
        let mut schema = shape(key.shape);
        schema["description"] = json!(key.meaning);
        properties.insert(key.name.to_string(), schema);
    }
    json!({
        "title": what,
        "type": "object",
        "additionalProperties": false,
        "properties": properties,
    })
}

fn shape(shape: Shape) -> Value {
    match shape {
        Shape::Text => json!({ "type": "string" }),
        Shape::Amount => json!({ "type": "string", "pattern": AMOUNT }),
        Shape::Span => json!({ "type": "string", "pattern": SPAN }),
        Shape::Count(least) => json!({ "type": "integer", "minimum": least }),
        Shape::Flag => json!({ "type": "boolean" }),
        Shape::Word(words) => json!({ "enum": words }),
        Shape::SpanOr(words) => {
            json!({ "anyOf": [{ "enum": words }, { "type": "string", "pattern": SPAN }] })
        }
        Shape::Texts => json!({ "type": ["array", "string"], "items": { "type": "string" } }),
        Shape::Map => {
            let value = json!({ "type": ["string", "integer", "boolean"] });
            json!({ "type": "object", "additionalProperties": value })
        }
        // Where a table may be written, so may its short form, a text.
        Shape::Table(schema) => json!({ "anyOf": [schema(), { "type": "string" }] }),
        Shape::Tables(schema) => {
            json!({ "type": "array", "items": { "anyOf": [schema(), { "type": "string" }] } })
        }
    }
}
