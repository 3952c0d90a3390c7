//! What each source says about settings: values by section and key, with their origin.

use std::path::Path;

use swell_core::parameters::nearest;

use crate::document::keys::unknown;
use crate::document::tree::{Key, Mistake, Node, Value};
use crate::settings::all::all;
use crate::settings::keys::{PREFIX, Setting};
use crate::settings::origin::Origin;

/// A value somebody gave.
pub struct Given {
    /// The setting.
    pub setting: &'static Setting,
    /// The text of the value.
    pub text: String,
    /// Who gave it.
    pub origin: Origin,
}

/// What a file says.
pub fn of_file(path: &Path, tree: &Node) -> Result<Vec<Given>, Vec<Mistake>> {
    let (mut given, mut mistakes) = (Vec::new(), Vec::new());
    let sections_given = table(tree, "the settings").map_err(|mistake| vec![mistake])?;
    if let Some((section, _)) = sections_given.iter().find(|(_, node)| is_list(node)) {
        let message = format!(
            "a list of `{}` belongs to a manifest, which `swell deploy -f` takes; name the node's \
             settings with `--config`, or keep them in another folder",
            section.text
        );
        return Err(vec![Mistake { place: section.place, message }]);
    }
    for (section, node) in sections_given {
        let known = all().any(|setting| setting.section() == section.text);
        if !known {
            let message = unknown(&section.text, "the settings", sections().into_iter())
                .replace("has no key", "have no section");
            mistakes.push(Mistake { place: section.place, message });
            continue;
        }
        match table(node, &format!("[{}]", section.text)) {
            Err(mistake) => mistakes.push(mistake),
            Ok(pairs) => pairs.iter().for_each(|(key, value)| {
                match of_line(path, &section.text, key, value) {
                    Ok(one) => given.push(one),
                    Err(mistake) => mistakes.push(mistake),
                }
            }),
        }
    }
    if mistakes.is_empty() { Ok(given) } else { Err(mistakes) }
}

fn is_list(node: &Node) -> bool {
    matches!(node.value, Value::List(_))
}

fn table<'a>(node: &'a Node, what: &str) -> Result<&'a [(Key, Node)], Mistake> {
    match &node.value {
        Value::Table(pairs) => Ok(pairs),
        other => Err(node.wrong(format!("{what}: {} stands where a table should", other.kind()))),
    }
}

fn of_line(path: &Path, section: &str, key: &Key, value: &Node) -> Result<Given, Mistake> {
    let in_section = all().filter(|setting| setting.section() == section);
    let Some(setting) = in_section.clone().find(|setting| setting.key() == key.text) else {
        let known = in_section.map(|setting| setting.key());
        let message = unknown(&key.text, &format!("[{section}]"), known);
        return Err(Mistake { place: key.place, message });
    };
    let text = match &value.value {
        Value::Text(text) => text.clone(),
        Value::Integer(number) => number.to_string(),
        Value::Float(number) => number.to_string(),
        Value::Flag(flag) => flag.to_string(),
        other => {
            let wrong = format!("{} stands where one value should", other.kind());
            return Err(value.wrong(wrong).about(&key.text));
        }
    };
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let text = match setting.is_path && !text.is_empty() {
        true => folder.join(&text).to_string_lossy().into_owned(),
        false => text,
    };
    Ok(Given { setting, text, origin: Origin::File(path.to_path_buf(), key.place.line) })
}

/// What the environment says: `SWELL__NODE__LISTEN` is `listen` in `[node]`.
pub fn of_environment(
    variables: impl Iterator<Item = (String, String)>,
) -> Result<Vec<Given>, String> {
    let mut given = Vec::new();
    for (name, text) in variables {
        let Some(rest) = name.strip_prefix(PREFIX) else { continue };
        let found = all().find(|setting| setting.variable() == name);
        let Some(setting) = found else {
            let word = rest.replace("__", ".").replace('_', "-").to_lowercase();
            return Err(format!("`{name}` in the environment is no setting{}", near(&word)));
        };
        given.push(Given { setting, text, origin: Origin::Environment(name) });
    }
    Ok(given)
}

/// What options say, each by the setting's path.
pub fn of_flags(flags: &[(&'static str, String, String)]) -> Result<Vec<Given>, String> {
    let mut given = Vec::new();
    for (flag, path, text) in flags {
        let Some(setting) = find(path) else {
            return Err(format!("no setting is called `{path}`{}", near(path)));
        };
        given.push(Given { setting, text: text.clone(), origin: Origin::Flag(flag) });
    }
    Ok(given)
}

fn find(path: &str) -> Option<&'static Setting> {
    all().find(|setting| setting.name == path)
}

/// The name nearest to a wrong one, in words.
fn near(path: &str) -> String {
    let hint = nearest(path, all().map(|setting| setting.name));
    if hint.is_empty() { "; `swell config show` lists all".to_string() } else { hint }
}

fn sections() -> Vec<&'static str> {
    let mut sections: Vec<&'static str> = all().map(|setting| setting.section()).collect();
    sections.dedup();
    sections
}
