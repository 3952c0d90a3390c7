//! Which split of the data was asked for: by words on the command line, or by a file.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::cli::forecast::SourceArguments;
use crate::error::Letter;

/// What was asked for; what was not is up to the data.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Wanted {
    /// The first steps to forecast.
    pub origins: Option<Vec<usize>>,
    /// Steps to forecast from each.
    pub horizon: Option<usize>,
    /// Steps in a season.
    pub season: Option<usize>,
    /// The data file that this split is for.
    pub file: Option<String>,
}

/// What the command line and the file it names ask for; the command line wins.
pub fn split(arguments: &SourceArguments) -> Result<Wanted, Letter> {
    let mut wanted = match &arguments.split {
        None => Wanted::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(|error| {
                Letter::failed(format!("cannot read `{}`: {error}", path.display()))
            })?;
            choose(&text, arguments.set.as_deref(), &arguments.data).map_err(|reason| {
                Letter::usage(format!("`{}` is no split: {reason}", path.display())).hint(
                    "write {\"origins\": [240, 246], \"horizon\": 12, \"season\": 12}, or several \
                     of these by name",
                )
            })?
        }
    };
    if !arguments.origins.is_empty() {
        wanted.origins = Some(arguments.origins.clone());
    }
    wanted.horizon = arguments.horizon.or(wanted.horizon);
    wanted.season = arguments.season.or(wanted.season);
    Ok(wanted)
}

/// A split, or one of several by name: the one asked for, else the one that names the data
/// file, else the only one.
fn choose(text: &str, set: Option<&str>, data: &Path) -> Result<Wanted, String> {
    let value: serde_json::Value = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if value.get("origins").is_some() {
        return serde_json::from_value(value).map_err(|error| error.to_string());
    }
    let mut splits: BTreeMap<String, Wanted> =
        serde_json::from_value(value).map_err(|error| error.to_string())?;
    let file = data.file_name().map(|name| name.to_string_lossy().into_owned());
    let of_file = splits.iter().find(|(_, split)| split.file.is_some() && split.file == file);
    let only = if splits.len() == 1 { splits.keys().next() } else { None };
    let of_file = || of_file.map(|(name, _)| name.clone());
    let name = set.map(str::to_string).or_else(of_file).or_else(|| only.cloned());
    let names = splits.keys().cloned().collect::<Vec<_>>().join(", ");
    let name = name.ok_or_else(|| {
        format!("none of its splits ({names}) names the data file; choose with `--set`")
    })?;
    splits.remove(&name).ok_or_else(|| format!("it holds {names}, not {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_split_of_the_data_is_found() {
        let several = r#"{"a": {"file": "a.csv", "season": 12, "origins": [5], "horizon": 3, "cap": null},
                          "b": {"file": "b.csv", "origins": [7], "horizon": 2}}"#;
        for (text, set, data, expected) in [
            (r#"{"origins": [1, 2], "horizon": 4}"#, None, "x.csv", Ok(vec![1, 2])),
            (several, None, "some/b.csv", Ok(vec![7])),
            (several, Some("a"), "some/b.csv", Ok(vec![5])),
            (several, None, "c.csv", Err("--set")),
            (several, Some("c"), "c.csv", Err("it holds a, b, not c")),
            (r#"{"a": {"origins": [3], "horizon": 1}}"#, None, "x.csv", Ok(vec![3])),
            ("[1]", None, "x.csv", Err("invalid type")),
            ("{", None, "x.csv", Err("EOF")),
        ] {
            let found = choose(text, set, Path::new(data));
            match expected {
                Ok(origins) => assert_eq!(found.expect(text).origins, Some(origins)),
                Err(reason) => {
                    let refused = found.expect_err(text);
                    assert!(refused.contains(reason), "{text}: {refused}");
                }
            }
        }
    }
}
