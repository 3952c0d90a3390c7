//! The settings there are: section and key, what they mean, their default, how the text of
//! a value is read. Everything else about settings follows from this table.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use swell_core::catalog;
use swell_core::time::Span;
use swell_core::units::Bytes;
use swell_node::settings::{
    CacheSettings, FlowSettings, ForecastSettings, NodeSettings, QueueSettings,
};

use crate::settings::machine::Machine;

/// What variables of the environment that are settings begin with.
pub const PREFIX: &str = "SWELL__";

/// A setting.
pub struct Setting {
    /// The table of the file it is in and, after a dot, its key there.
    pub name: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// Whether the value is a path; in a file it starts from the file's folder.
    pub is_path: bool,
    /// Whether the value is not to be shown.
    pub is_secret: bool,
    /// The text of its value where nobody said anything; empty is none.
    pub default: fn(&Machine) -> String,
    /// Reads the text of a value.
    pub read: fn(&mut Draft, &str) -> Result<(), String>,
}

impl Setting {
    /// The table of the file it is in.
    pub fn section(&self) -> &'static str {
        self.name.split_once('.').map_or("", |(section, _)| section)
    }

    /// Its key there.
    pub fn key(&self) -> &'static str {
        self.name.split_once('.').map_or(self.name, |(_, key)| key)
    }

    /// The variable of the environment.
    pub fn variable(&self) -> String {
        let name = self.name.replace('.', "__").replace('-', "_");
        format!("{PREFIX}{}", name.to_uppercase())
    }
}

/// Settings that are being put together.
pub struct Draft {
    /// What is there already.
    pub settings: NodeSettings,
    /// File of the certificate.
    pub certificate: Option<PathBuf>,
    /// File of its key.
    pub key: Option<PathBuf>,
}

impl Draft {
    /// Values that are all overwritten, because every setting has a default.
    pub fn blank() -> Self {
        let settings = NodeSettings {
            listen: ([127, 0, 0, 1], 0).into(),
            tls: None,
            token: None,
            data: PathBuf::new(),
            memory: Bytes::ZERO,
            policy: String::new(),
            seed: 0,
            speed: 1.0,
            clones_max: None,
            requests_max: 0,
            journal_bytes_max: Bytes::ZERO,
            log_lines_max: 0,
            drain: Duration::ZERO,
            secrets: None,
            queue: QueueSettings {
                workers: 0,
                entries_max: 0,
                bytes_max: Bytes::ZERO,
                keep: Duration::ZERO,
                dead_max: 0,
                callbacks: Vec::new(),
            },
            forecast: ForecastSettings::default(),
            flow: FlowSettings {
                memory_max: Bytes::ZERO,
                function_memory_max: Bytes::ZERO,
                policy: String::new(),
                cores: Default::default(),
                link: None,
                nodes: Default::default(),
                socket: None,
                socket_group: false,
            },
            cache: CacheSettings::off(),
            shared_machine: false,
            otlp: None,
        };
        Self { settings, certificate: None, key: None }
    }
}

/// A setting that is neither a path nor a secret.
pub(super) const fn plain(
    name: &'static str,
    meaning: &'static str,
    default: fn(&Machine) -> String,
    read: fn(&mut Draft, &str) -> Result<(), String>,
) -> Setting {
    Setting { name, meaning, is_path: false, is_secret: false, default, read }
}

/// A setting whose value is a path.
pub(super) const fn path(
    name: &'static str,
    meaning: &'static str,
    default: fn(&Machine) -> String,
    read: fn(&mut Draft, &str) -> Result<(), String>,
) -> Setting {
    Setting { name, meaning, is_path: true, is_secret: false, default, read }
}

/// Half of what there is; where that cannot be told, what any machine has.
fn half(machine: &Machine) -> String {
    let bytes = machine.memory.map_or(512 << 20, |memory| memory.get() / 2);
    format!("{}MiB", (bytes >> 20).max(1))
}

fn data(machine: &Machine) -> String {
    machine.state.join("swell").to_string_lossy().into_owned()
}

pub(super) fn nothing(_: &Machine) -> String {
    String::new()
}

/// The settings, in the order in which they are shown; those of forecasts follow.
pub const SETTINGS: &[Setting] = &[
    plain(
        "node.listen",
        "address and port to listen at",
        |_| "127.0.0.1:7070".into(),
        |draft, text| {
            draft.settings.listen = text.parse().map_err(|_| {
                format!("`{text}` is no address and port, such as `127.0.0.1:7070` or `0.0.0.0:80`")
            })?;
            Ok(())
        },
    ),
    path("node.data", "the folder that holds all its state", data, |draft, text| {
        draft.settings.data = some(text)?.into();
        Ok(())
    }),
    plain("node.memory", "memory that instances may hold together", half, |draft, text| {
        draft.settings.memory = text.parse().map_err(|error| format!("{error}"))?;
        match draft.settings.memory {
            Bytes::ZERO => Err("without memory there is no instance".to_string()),
            memory if memory > swell_core::settings::MEMORY_MAX => {
                Err(format!("`{text}` is more than any machine has"))
            }
            _ => Ok(()),
        }
    }),
    plain(
        "node.policy",
        "the keep-alive policy, with parameters",
        |_| "hazard".into(),
        |draft, text| {
            catalog::build(text, 0).map_err(|error| error.to_string())?;
            draft.settings.policy = text.to_string();
            Ok(())
        },
    ),
    plain(
        "node.seed",
        "seed of the chance in decisions",
        |_| "1".into(),
        |draft, text| {
            draft.settings.seed = number(text, 0)?;
            Ok(())
        },
    ),
    plain(
        "node.speed",
        "how many times faster than the wall the clock of decisions goes",
        |_| "1".into(),
        |draft, text| {
            let speed = text.parse().ok().filter(|speed: &f64| (0.001..=1e6).contains(speed));
            draft.settings.speed =
                speed.ok_or_else(|| format!("`{text}` is not a number from 0.001 to 1000000"))?;
            Ok(())
        },
    ),
    plain(
        "node.clones-max",
        "clones that can exist at a time; none is as many as fit",
        nothing,
        |draft, text| {
            draft.settings.clones_max = optional(text, |text| number(text, 1))?;
            Ok(())
        },
    ),
    plain(
        "node.requests-max",
        "requests worked on at a time; one more is answered with 503",
        |_| "10000".into(),
        |draft, text| {
            draft.settings.requests_max = number(text, 1)?;
            Ok(())
        },
    ),
    plain(
        "node.machine",
        "whether what else this machine does counts as its site's load: own, or shared by nodes",
        |_| "own".into(),
        |draft, text| {
            draft.settings.shared_machine = match text {
                "own" => false,
                "shared" => true,
                _ => return Err(format!("`{text}` is not `own` or `shared`")),
            };
            Ok(())
        },
    ),
    plain(
        "node.drain",
        "how long requests may take to finish when the node stops",
        |_| "30s".into(),
        |draft, text| {
            draft.settings.drain = duration(text)?;
            Ok(())
        },
    ),
    path("node.secrets", "a file of secrets, NAME=value a line", nothing, |draft, text| {
        draft.settings.secrets = optional(text, |text| Ok(text.into()))?;
        Ok(())
    }),
    path("tls.certificate", "PEM file of the certificate chain", nothing, |draft, text| {
        draft.certificate = optional(text, |text| Ok(text.into()))?;
        Ok(())
    }),
    path("tls.key", "PEM file of the private key", nothing, |draft, text| {
        draft.key = optional(text, |text| Ok(text.into()))?;
        Ok(())
    }),
    Setting {
        is_secret: true,
        ..plain(
            "api.token",
            "what callers of /v1 must show; without it only this machine may",
            nothing,
            |draft, text| {
                draft.settings.token = optional(text, |text| Ok(text.to_string()))?;
                Ok(())
            },
        )
    },
    plain(
        "journal.bytes-max",
        "disk that journals may take; 0B keeps none",
        |_| "256MiB".into(),
        |draft, text| {
            draft.settings.journal_bytes_max = text.parse().map_err(|error| format!("{error}"))?;
            Ok(())
        },
    ),
    plain(
        "logs.lines-max",
        "lines of guests kept in memory",
        |_| "10000".into(),
        |draft, text| {
            draft.settings.log_lines_max = number(text, 0)?;
            Ok(())
        },
    ),
    plain(
        "queue.workers",
        "asynchronous calls tried at a time",
        |_| "16".into(),
        |draft, text| {
            draft.settings.queue.workers = number(text, 1)?;
            Ok(())
        },
    ),
    plain(
        "queue.entries-max",
        "asynchronous calls that may wait or be tried",
        |_| "100000".into(),
        |draft, text| {
            draft.settings.queue.entries_max = number(text, 1)?;
            Ok(())
        },
    ),
    plain(
        "queue.bytes-max",
        "bytes that asynchronous calls and their answers may take together",
        |_| "1GiB".into(),
        |draft, text| {
            draft.settings.queue.bytes_max = text.parse().map_err(|error| format!("{error}"))?;
            Ok(())
        },
    ),
    plain(
        "queue.keep",
        "how long results are kept",
        |_| "24h".into(),
        |draft, text| {
            draft.settings.queue.keep = duration(text)?;
            Ok(())
        },
    ),
    plain(
        "queue.dead-max",
        "dead letters kept; the oldest go first",
        |_| "10000".into(),
        |draft, text| {
            draft.settings.queue.dead_max = number(text, 0)?;
            Ok(())
        },
    ),
    plain(
        "queue.callbacks",
        "hosts that answers may be posted to, with commas between them; * is any",
        |_| "*".into(),
        |draft, text| {
            let hosts = text.split(',').map(str::trim).filter(|host| !host.is_empty());
            draft.settings.queue.callbacks = hosts.map(str::to_string).collect();
            Ok(())
        },
    ),
    plain(
        "telemetry.otlp",
        "where traces go, such as http://127.0.0.1:4318",
        nothing,
        |draft, text| {
            draft.settings.otlp = optional(text, |text| match text.starts_with("http") {
                true => Ok(text.to_string()),
                false => Err(format!("`{text}` is no address such as `http://127.0.0.1:4318`")),
            })?;
            Ok(())
        },
    ),
];

fn some(text: &str) -> Result<&str, String> {
    if text.is_empty() { Err("a value is needed".to_string()) } else { Ok(text) }
}

pub(super) fn optional<T>(
    text: &str,
    read: impl Fn(&str) -> Result<T, String>,
) -> Result<Option<T>, String> {
    if text.is_empty() { Ok(None) } else { read(text).map(Some) }
}

pub(super) fn number<T: FromStr + PartialOrd + From<u8>>(
    text: &str,
    least: u8,
) -> Result<T, String> {
    let number: Option<T> = text.parse().ok().filter(|number| *number >= T::from(least));
    number.ok_or_else(|| format!("`{text}` is not a whole number from {least}, or too large"))
}

pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let span: Span = text.parse().map_err(|error| format!("{error}"))?;
    Ok(Duration::from_nanos(span.nanos()))
}
