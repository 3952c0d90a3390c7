//! From what several sources say to the settings of a node: the later source wins, key by
//! key, and each value remembers its source.

use std::path::{Path, PathBuf};

use serde::Serialize;
use swell_node::settings::{NodeSettings, TlsSettings};

use crate::document::read::{letter, read};
use crate::error::Letter;
use crate::settings::all::all;
use crate::settings::keys::Draft;
use crate::settings::layer::{Given, of_environment, of_file, of_flags};
use crate::settings::machine::Machine;
use crate::settings::origin::Origin;

/// The file that is read if it is there and no other was named.
pub const FILE: &str = "swell.toml";

/// What people said, in order of weight.
pub struct Sources<'a> {
    /// The file that was named.
    pub file: Option<&'a Path>,
    /// Variables of the environment.
    pub environment: Vec<(String, String)>,
    /// Options: their name, the setting they are for, and the text of its value.
    pub flags: Vec<(&'static str, String, String)>,
}

/// Settings, and how they came to be.
#[derive(Debug)]
pub struct Resolved {
    /// The settings.
    pub settings: NodeSettings,
    /// Each setting as text, with its origin.
    pub rows: Vec<Row>,
}

/// A setting as text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// The section and, after a dot, the key.
    pub name: &'static str,
    /// The value; a secret is only said to be there.
    pub value: String,
    /// Where it came from.
    pub origin: String,
    /// What it means.
    pub meaning: &'static str,
}

/// Puts settings together.
pub fn resolve(sources: Sources<'_>, machine: &Machine) -> Result<Resolved, Letter> {
    let mut given = match file(sources.file)? {
        None => Vec::new(),
        Some(path) => {
            let tree = read(&path)?;
            of_file(&path, &tree).map_err(|mistakes| letter(&path, &mistakes))?
        }
    };
    given.extend(of_environment(sources.environment.into_iter()).map_err(Letter::usage)?);
    given.extend(of_flags(&sources.flags).map_err(Letter::usage)?);
    merge(&given, machine)
}

/// The settings about which nobody said anything.
pub fn defaults(machine: &Machine) -> Resolved {
    merge(&[], machine).expect("the defaults are settings")
}

/// Puts together what was given; of what was given twice, the last.
fn merge(given: &[Given], machine: &Machine) -> Result<Resolved, Letter> {
    let mut draft = Draft::blank();
    let mut rows = Vec::new();
    for setting in all() {
        let last = given.iter().rev().find(|given| given.setting.name == setting.name);
        let (text, origin) = match last {
            None => ((setting.default)(machine), Origin::Default),
            Some(Given { text, origin, .. }) => (text.clone(), origin.clone()),
        };
        (setting.read)(&mut draft, &text).map_err(|why| wrong(setting.name, &origin, &why))?;
        let is_hidden = setting.is_secret && !text.is_empty();
        let value = if is_hidden { "(set, not shown)".to_string() } else { text };
        let (name, meaning) = (setting.name, setting.meaning);
        rows.push(Row { name, value, origin: origin.to_string(), meaning });
    }
    let Draft { mut settings, certificate, key } = draft;
    settings.tls = match (certificate, key) {
        (None, None) => None,
        (Some(certificate), Some(key)) => Some(TlsSettings { certificate, key }),
        (Some(_), None) => return Err(lonely("tls.certificate", "tls.key")),
        (None, Some(_)) => return Err(lonely("tls.key", "tls.certificate")),
    };
    Ok(Resolved { settings, rows })
}

/// The file to read, if there is one.
fn file(named: Option<&Path>) -> Result<Option<PathBuf>, Letter> {
    match named {
        Some(path) if path.is_file() => Ok(Some(path.to_path_buf())),
        Some(path) => Err(Letter::usage(format!("there is no file `{}`", path.display()))),
        None => Ok(Some(PathBuf::from(FILE)).filter(|path| path.is_file())),
    }
}

fn wrong(name: &str, origin: &Origin, why: &str) -> Letter {
    let place = match origin {
        Origin::Default => String::new(),
        origin => format!("{origin}: "),
    };
    Letter::usage(format!("{place}`{name}`: {why}"))
}

fn lonely(one: &str, other: &str) -> Letter {
    Letter::usage(format!("`{one}` is set, but `{other}` is not")).hint("TLS needs both")
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use swell_core::units::Bytes;

    use super::*;

    fn machine() -> Machine {
        Machine { memory: Some(Bytes::new(8 << 30)), state: PathBuf::from("/state") }
    }

    /// What the sources come to, or the letter.
    fn check(
        file: &str,
        environment: &[(&str, &str)],
        flags: &[(&str, &str)],
    ) -> Result<Resolved, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("swell.toml");
        std::fs::write(&path, file).unwrap();
        let own = |text: &&str| (*text).to_string();
        let sources = Sources {
            file: Some(&path),
            environment: environment.iter().map(|(name, text)| (own(name), own(text))).collect(),
            flags: flags.iter().map(|(path, text)| ("set", own(path), own(text))).collect(),
        };
        let shown = path.display().to_string();
        resolve(sources, &machine())
            .map_err(|letter| letter.message().replace(&shown, "swell.toml"))
    }

    #[test]
    fn defaults_are_complete() {
        let NodeSettings { listen, memory, data, policy, tls, token, .. } =
            check("", &[], &[]).unwrap().settings;
        assert_eq!(listen, ([127, 0, 0, 1], 7070).into());
        assert_eq!(memory, Bytes::new(4 << 30));
        assert_eq!(data, PathBuf::from("/state/swell"));
        assert_eq!((policy.as_str(), tls, token), ("hazard", None, None));
    }

    #[test]
    fn later_sources_win_key_by_key() {
        let file = "[node]\nmemory = \"1GiB\"\ndrain = \"5s\"\nseed = 7\n[queue]\nworkers = 3\n";
        let environment =
            [("SWELL__NODE__DRAIN", "6s"), ("SWELL__NODE__SEED", "8"), ("OTHER", "x")];
        let resolved = check(file, &environment, &[("node.seed", "9")]).unwrap();
        let NodeSettings { memory, drain, seed, queue, .. } = resolved.settings;
        assert_eq!((memory, drain, seed), (Bytes::new(1 << 30), Duration::from_secs(6), 9));
        assert_eq!(queue.workers, 3);
        let origin = |name: &str| {
            let row = resolved.rows.iter().find(|row| row.name == name).unwrap();
            row.origin.rsplit('/').next().unwrap().to_string()
        };
        for (name, expected) in [
            ("node.memory", "swell.toml:2"),
            ("node.drain", "SWELL__NODE__DRAIN"),
            ("node.seed", "--set"),
            ("node.policy", "default"),
        ] {
            assert_eq!(origin(name), expected, "{name}");
        }
    }

    #[test]
    fn secrets_are_not_shown_and_paths_start_from_their_file() {
        let resolved =
            check("[api]\ntoken = \"hush\"\n[node]\ndata = \"here\"\n", &[], &[]).unwrap();
        assert_eq!(resolved.settings.token.as_deref(), Some("hush"));
        assert!(!format!("{:?}", resolved.rows).contains("hush"));
        assert!(resolved.settings.data.is_absolute() && resolved.settings.data.ends_with("here"));
    }

    #[test]
    fn mistakes_are_named_with_what_would_be_right() {
        for (file, environment, flags, expected) in [
            (
                "[node]\nlistn = 1",
                &[][..],
                &[][..],
                "swell.toml:2:1: [node] has no key `listn`; did you mean `listen`?",
            ),
            (
                "[nod]\nlisten = 1",
                &[],
                &[],
                "swell.toml:1:2: the settings have no section `nod`; did you mean `node`?",
            ),
            (
                "version = 1\n[[function]]\nname = \"hello\"",
                &[],
                &[],
                "swell.toml:2:3: a list of `function` belongs to a manifest, which `swell deploy -f` takes; name the node's settings with `--config`, or keep them in another folder",
            ),
            (
                "node = 1",
                &[],
                &[],
                "swell.toml:1:8: [node]: a whole number stands where a table should",
            ),
            (
                "[node]\nmemory = [1]",
                &[],
                &[],
                "swell.toml:2:10: `memory`: a list stands where one value should",
            ),
            (
                "[node]\nlisten = \"here\"",
                &[],
                &[],
                "swell.toml:2: `node.listen`: `here` is no address and port, such as `127.0.0.1:7070` or `0.0.0.0:80`",
            ),
            (
                "",
                &[("SWELL__NODE__LISTN", "x")],
                &[],
                "`SWELL__NODE__LISTN` in the environment is no setting; did you mean `node.listen`?",
            ),
            (
                "",
                &[("SWELL__QUEUE__WORKERS", "0")],
                &[],
                "SWELL__QUEUE__WORKERS: `queue.workers`: `0` is not a whole number from 1, or too large",
            ),
            (
                "",
                &[],
                &[("node.polcy", "lru")],
                "no setting is called `node.polcy`; did you mean `node.policy`?",
            ),
            (
                "",
                &[],
                &[("node.speed", "0")],
                "--set: `node.speed`: `0` is not a number from 0.001 to 1000000",
            ),
            (
                "[forecast]\nfollow = \"mail=sum(queue)\"",
                &[],
                &[],
                "swell.toml:2: `forecast.follow`: it is set, but `forecast.prometheus` is not",
            ),
            ("[tls]\nkey = \"k.pem\"", &[], &[], "`tls.key` is set, but `tls.certificate` is not"),
        ] {
            let found = check(file, environment, flags).map(|_| ());
            assert_eq!(found, Err(expected.to_string()), "{file}");
        }
    }
}
