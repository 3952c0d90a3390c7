//! The keys of a `[[flow]]`: a FIFO from functions to a function.

use serde_json::json;
use swell_api::flow::FlowSpec;
use swell_api::flow_cut::Cut;

use crate::document::keys::{KeyOf, Shape, read_table};
use crate::document::tree::{Mistake, Node, Value};
use crate::document::value::{amount, count, span_ms, text, texts, word};
use crate::manifest::function::{RETRY_KEYS, retry};
use crate::manifest::schema;

const FULL: &[&str] = &["block", "reject", "drop-oldest", "drop-newest", "spill"];
const ACK: &[&str] = &["consume", "append"];
const CUT: &[&str] = &["auto", "off"];

/// A key of a flow.
macro_rules! key {
    ($name:literal, $shape:expr, $meaning:literal, |$node:ident, $flow:ident| $place:expr => $value:expr) => {
        KeyOf {
            name: $name,
            shape: $shape,
            meaning: $meaning,
            read: |$node, $flow| {
                $place = $value;
                Ok(())
            },
        }
    };
}

/// The keys.
const KEYS: &[KeyOf<FlowSpec>] = &[
    key!("name", Shape::Text, "Its name: 1 to 63 of a-z, 0-9 and -, beginning with a letter",
        |node, flow| flow.name => text(node)?),
    key!("from", Shape::Texts, "The function, or functions, whose 2xx answers become items",
        |node, flow| flow.from => texts(node)?),
    key!("to", Shape::Text, "The function that is called with the items",
        |node, flow| flow.to => text(node)?),
    key!("owners", Shape::Texts, "Other functions that can take the items when it has no room",
        |node, flow| flow.owners => texts(node)?),
    key!("item", Shape::Amount, "The longest item",
        |node, flow| flow.item_bytes => amount(node)?),
    key!("rate", Shape::Count(1), "Items a second that are expected of each function in from",
        |node, flow| flow.rate => count(node, 1)?),
    key!("stall", Shape::Span, "For how long items may come while none is taken",
        |node, flow| flow.stall_ms => span_ms(node)?),
    key!("full", Shape::Word(FULL), "What happens to an item that finds no room",
        |node, flow| flow.full => word(node, FULL)?),
    key!("ack", Shape::Word(ACK), "consume: an item survives the node until it is done with; append: it is tried once",
        |node, flow| flow.ack => word(node, ACK)?),
    key!("cut", Shape::SpanOr(CUT), "How long a call under way holds up the flow when another function is to own it",
        |node, flow| flow.cut => cut(node)?),
    key!("batch", Shape::Count(1), "Items that one call takes at most; from 2 on as multipart/mixed",
        |node, flow| flow.batch => count(node, 1)?),
    key!("retry", Shape::Table(|| schema::table("Retries", RETRY_KEYS)), "How calls are tried again before their items become a dead letter",
        |node, flow| flow.retry => retry(node)?),
    key!("disk", Shape::Amount, "Disk that each lane may take, for ack = consume and full = spill",
        |node, flow| flow.disk_bytes => amount(node)?),
    key!("hops-max", Shape::Count(1), "Flows that may have led to an item; a circle of flows needs it",
        |node, flow| flow.hops_max => Some(count(node, 1)?)),
];

/// One of the words, or a length of time.
fn cut(node: &Node) -> Result<Cut, Vec<Mistake>> {
    match &node.value {
        Value::Text(text) if text.starts_with(|first: char| first.is_ascii_digit()) => {
            Ok(Cut::AfterMs(span_ms(node)?))
        }
        Value::Text(text) if !CUT.contains(&text.as_str()) => Err(vec![node.wrong(format!(
            "`{text}` is neither `auto` nor `off` nor a length of time such as `200ms`"
        ))]),
        _ => word(node, CUT),
    }
}

/// Reads a flow.
pub fn read(node: &Node) -> Result<FlowSpec, Vec<Mistake>> {
    let mut flow = FlowSpec::plain("", &[], "");
    read_table(node, "a flow", KEYS, &mut flow)?;
    let missing = [
        ("name", flow.name.is_empty()),
        ("from", flow.from.is_empty()),
        ("to", flow.to.is_empty()),
    ];
    let missing: Vec<Mistake> = missing
        .iter()
        .filter(|(_, is_missing)| *is_missing)
        .map(|(key, _)| node.wrong(format!("a flow needs a `{key}`")))
        .collect();
    if missing.is_empty() { Ok(flow) } else { Err(missing) }
}

/// The schema of a flow.
pub fn schema() -> serde_json::Value {
    let mut schema = schema::table("A flow", KEYS);
    schema["required"] = json!(["name", "from", "to"]);
    schema
}
