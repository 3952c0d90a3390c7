//! The keys of a trigger: which ones it has depends on its `type`.

use serde_json::{Value as Json, json};
use swell_api::trigger::Trigger;

use crate::document::keys::{KeyOf, Shape, read_table, unknown};
use crate::document::tree::{Mistake, Node, Value};
use crate::document::value::{count, text, word};
use crate::manifest::schema::table;

const MISSED: &[&str] = &["skip", "once", "all"];
const ENDS: &[&str] = &["success", "failure", "any"];

/// All that any trigger may say.
type Draft = serde_json::Map<String, Json>;

/// A key whose text is passed on.
const fn plain(name: &'static str, meaning: &'static str, read: Reader) -> KeyOf<Draft> {
    KeyOf { name, shape: Shape::Text, meaning, read }
}

type Reader = fn(&Node, &mut Draft) -> Result<(), Vec<Mistake>>;

/// A key that was used to tell the kinds of triggers apart.
const TYPE: KeyOf<Draft> = plain("type", "cron, mqtt, event or function", |node, draft| {
    draft.insert("type".to_string(), text(node)?.into());
    Ok(())
});

/// Puts a text under the name it has in the API.
macro_rules! put {
    ($name:literal, $meaning:literal) => {
        plain($name, $meaning, |node, draft| {
            draft.insert($name.to_string(), text(node)?.into());
            Ok(())
        })
    };
    ($name:literal, $meaning:literal, $words:ident) => {
        KeyOf {
            name: $name,
            shape: Shape::Word($words),
            meaning: $meaning,
            read: |node, draft| {
                draft.insert($name.to_string(), word(node, $words)?);
                Ok(())
            },
        }
    };
}

const CRON: &[KeyOf<Draft>] = &[
    TYPE,
    put!("schedule", "Five fields, or six with seconds first"),
    put!("timezone", "A name of the time zone database, such as Europe/Rome; UTC if left out"),
    put!("missed", "What to do about runs while the node was down", MISSED),
    put!("body", "The body of the call"),
];

const MQTT: &[KeyOf<Draft>] = &[
    TYPE,
    put!("broker", "mqtt://host:port of the broker, or mqtts://host:port over TLS"),
    put!("topic", "The topic, with + and #"),
    put!("username", "What the node calls itself to the broker"),
    put!("password_secret", "The name of the node's secret that is the password"),
    KeyOf {
        name: "qos",
        shape: Shape::Count(0),
        meaning: "Quality of service: 0, 1 or 2",
        read: |node, draft| {
            let qos: u8 = count(node, 0)?;
            if qos > 2 {
                return Err(vec![node.wrong(format!("`{qos}` is none of 0, 1 and 2"))]);
            }
            draft.insert("qos".to_string(), qos.into());
            Ok(())
        },
    },
];

const EVENT: &[KeyOf<Draft>] = &[
    TYPE,
    put!("match", "The type of CloudEvents; * at the end stands for any ending"),
    put!("source", "Their source; any if left out"),
];

const FUNCTION: &[KeyOf<Draft>] = &[
    TYPE,
    put!("name", "The other function, whose answer becomes the body"),
    put!("on", "Which ends of its calls count", ENDS),
];

/// A kind of trigger: its word, what it is called, its keys, and those it cannot do without.
type Kind = (&'static str, &'static str, &'static [KeyOf<Draft>], &'static [&'static str]);

const KINDS: &[Kind] = &[
    ("cron", "a cron trigger", CRON, &["schedule"]),
    ("mqtt", "an MQTT trigger", MQTT, &["broker", "topic"]),
    ("event", "an event trigger", EVENT, &["match"]),
    ("function", "a function trigger", FUNCTION, &["name"]),
];

/// Reads a trigger.
pub fn read(node: &Node) -> Result<Trigger, Vec<Mistake>> {
    let Value::Table(pairs) = &node.value else {
        let kind = node.value.kind();
        return Err(vec![node.wrong(format!("a trigger is a table of keys, not {kind}"))]);
    };
    let Some((_, named)) = pairs.iter().find(|(key, _)| key.text == "type") else {
        let message = "a trigger needs a `type`: `cron`, `mqtt`, `event` or `function`";
        return Err(vec![node.wrong(message)]);
    };
    let named_text = text(named)?;
    let Some((_, what, keys, needed)) = KINDS.iter().find(|(word, ..)| *word == named_text) else {
        let words = KINDS.iter().map(|(word, ..)| *word);
        let message = unknown(&named_text, "the list of triggers", words);
        return Err(vec![named.wrong(message.replace("has no key", "has no type"))]);
    };
    let mut draft = Draft::new();
    read_table(node, what, keys, &mut draft)?;
    if let Some(missing) = needed.iter().find(|key| !draft.contains_key(**key)) {
        return Err(vec![node.wrong(format!("{what} needs a `{missing}`"))]);
    }
    serde_json::from_value(Json::Object(draft)).map_err(|error| vec![node.wrong(error.to_string())])
}

/// The schema of a trigger.
pub fn schema() -> Json {
    let kinds = KINDS.iter().map(|(word, what, keys, needed)| {
        let mut kind = table(what, keys);
        kind["properties"]["type"] = json!({ "const": word });
        let required: Vec<&str> = std::iter::once("type").chain(needed.iter().copied()).collect();
        kind["required"] = json!(required);
        kind
    });
    json!({ "oneOf": kinds.collect::<Vec<_>>() })
}
