//! A manifest as a whole: its version, its functions and the flows between them.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};
use swell_api::flow::FlowSpec;

use crate::document::keys::unknown;
use crate::document::read::{letter, read};
use crate::document::tree::{Mistake, Node, Place, Value};
use crate::document::value::list;
use crate::error::Letter;
use crate::manifest::entry::{Entry, Source};
use crate::manifest::{flow, function};

/// The version of manifests that this program reads.
const VERSION: i128 = 1;

/// A manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The folder it is in, which paths in it start from.
    pub folder: PathBuf,
    /// Its functions.
    pub entries: Vec<Entry>,
    /// Its flows.
    pub flows: Vec<FlowSpec>,
}

/// What a manifest holds.
pub type Contents = (Vec<Entry>, Vec<FlowSpec>);

/// Reads a manifest.
pub fn load(path: &Path) -> Result<Manifest, Letter> {
    let tree = read(path)?;
    let (mut entries, flows) = parse(&tree).map_err(|mistakes| letter(path, &mistakes))?;
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    let folder = parent.unwrap_or_else(|| Path::new(".")).to_path_buf();
    let absolute = std::path::absolute(&folder).map_err(|error| {
        Letter::failed(format!("cannot tell where `{}` is: {error}", path.display()))
    })?;
    for entry in &mut entries {
        if let Source::File(file) = &mut entry.code {
            *file = folder.join(&*file);
        }
        // The node may run in another folder: what it gets to see has to be whole.
        for place in entry.spec.files.values_mut() {
            *place = absolute.join(&*place).to_string_lossy().into_owned();
        }
    }
    Ok(Manifest { folder, entries, flows })
}

/// Reads the functions and flows of a manifest.
pub fn parse(tree: &Node) -> Result<Contents, Vec<Mistake>> {
    let Value::Table(pairs) = &tree.value else {
        return Err(vec![
            tree.wrong(format!("a manifest is a table of keys, not {}", tree.value.kind())),
        ]);
    };
    let mut mistakes = Vec::new();
    let (mut version, mut entries, mut flows) = (None, Vec::new(), Vec::new());
    for (key, value) in pairs {
        match key.text.as_str() {
            "version" => version = Some(value),
            "function" => match list(value, |node| Ok((node.place, function::read(node)?))) {
                Ok(found) => entries = found,
                Err(found) => mistakes.extend(found),
            },
            "flow" => match list(value, |node| Ok((node.place, flow::read(node)?))) {
                Ok(found) => flows = found,
                Err(found) => mistakes.extend(found),
            },
            other => mistakes.push(Mistake {
                place: key.place,
                message: unknown(other, "a manifest", ["version", "function", "flow"].into_iter()),
            }),
        }
    }
    match version {
        None => mistakes.insert(0, tree.wrong("a manifest begins with `version = 1`")),
        Some(node) if node.value != Value::Integer(VERSION) => {
            mistakes.push(node.wrong("this program reads manifests of `version = 1` only"));
        }
        Some(_) => {}
    }
    let names = entries.iter().map(|(place, entry)| (*place, entry.spec.name.as_str()));
    twice("function", names.collect(), &mut mistakes);
    let names = flows.iter().map(|(place, flow)| (*place, flow.name.as_str()));
    twice("flow", names.collect(), &mut mistakes);
    if !mistakes.is_empty() {
        mistakes.sort_by_key(|mistake| mistake.place);
        return Err(mistakes);
    }
    let entries = entries.into_iter().map(|(_, entry)| entry).collect();
    Ok((entries, flows.into_iter().map(|(_, flow)| flow).collect()))
}

/// Finds names that are there more than once.
fn twice(what: &str, names: Vec<(Place, &str)>, mistakes: &mut Vec<Mistake>) {
    for (index, (place, name)) in names.iter().enumerate() {
        if let Some((first, _)) = names[..index].iter().find(|(_, other)| other == name) {
            let message = format!("the {what} `{name}` is there already, in line {}", first.line);
            mistakes.push(Mistake { place: *place, message });
        }
    }
}

/// The JSON Schema of a manifest.
pub fn schema() -> Json {
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A Swell manifest",
        "type": "object",
        "required": ["version"],
        "additionalProperties": false,
        "properties": {
            "version": { "const": VERSION as u64 },
            "function": { "type": "array", "items": function::schema() },
            "flow": { "type": "array", "items": flow::schema() },
        },
    })
}
