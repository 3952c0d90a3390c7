//! A manifest as a whole: its version and its functions.

use std::path::{Path, PathBuf};

use serde_json::{Value as Json, json};

use crate::document::keys::unknown;
use crate::document::read::{letter, read};
use crate::document::tree::{Mistake, Node, Value};
use crate::document::value::list;
use crate::error::Letter;
use crate::manifest::entry::{Entry, Source};
use crate::manifest::function;

/// The version of manifests that this program reads.
const VERSION: i128 = 1;

/// A manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Manifest {
    /// The folder it is in, which paths in it start from.
    pub folder: PathBuf,
    /// Its functions.
    pub entries: Vec<Entry>,
}

/// Reads a manifest.
pub fn load(path: &Path) -> Result<Manifest, Letter> {
    let tree = read(path)?;
    let mut entries = parse(&tree).map_err(|mistakes| letter(path, &mistakes))?;
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
    Ok(Manifest { folder, entries })
}

/// Reads the functions of a manifest.
pub fn parse(tree: &Node) -> Result<Vec<Entry>, Vec<Mistake>> {
    let Value::Table(pairs) = &tree.value else {
        return Err(vec![
            tree.wrong(format!("a manifest is a table of keys, not {}", tree.value.kind())),
        ]);
    };
    let mut mistakes = Vec::new();
    let (mut version, mut entries) = (None, Vec::new());
    for (key, value) in pairs {
        match key.text.as_str() {
            "version" => version = Some(value),
            "function" => match list(value, |node| Ok((node.place, function::read(node)?))) {
                Ok(found) => entries = found,
                Err(found) => mistakes.extend(found),
            },
            other => mistakes.push(Mistake {
                place: key.place,
                message: unknown(other, "a manifest", ["version", "function"].into_iter()),
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
    for (index, (place, entry)) in entries.iter().enumerate() {
        let name = &entry.spec.name;
        if let Some((first, _)) =
            entries[..index].iter().find(|(_, other)| other.spec.name == *name)
        {
            let message = format!("the function `{name}` is there already, in line {}", first.line);
            mistakes.push(Mistake { place: *place, message });
        }
    }
    if !mistakes.is_empty() {
        mistakes.sort_by_key(|mistake| mistake.place);
        return Err(mistakes);
    }
    Ok(entries.into_iter().map(|(_, entry)| entry).collect())
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
        },
    })
}
