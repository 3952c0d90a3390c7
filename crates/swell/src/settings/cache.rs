//! The settings of contents and of the nodes that share them.

use std::net::SocketAddr;
use std::path::PathBuf;

use swell_core::cachegroup::prefetch::layers::LayersError;
use swell_core::units::Bytes;
use swell_node::settings::PeerSettings;

use crate::settings::keys::{Draft, Setting, plain};

/// The most memory or disk that copies may be given.
const BYTES_MAX: Bytes = Bytes::new(1 << 46);
/// The longest content that may be allowed: it is in memory as a whole.
const CONTENT_MAX: Bytes = Bytes::new(256 << 20);

fn nothing(_: &crate::settings::machine::Machine) -> String {
    String::new()
}

/// The peers, as far as they are known.
fn peers(draft: &mut Draft) -> &mut PeerSettings {
    draft.settings.cache.peers.get_or_insert_with(|| PeerSettings {
        listen: ([0, 0, 0, 0], 0).into(),
        all: Vec::new(),
        advertise: None,
        authority: PathBuf::new(),
        certificate: PathBuf::new(),
        key: PathBuf::new(),
    })
}

const fn file(
    name: &'static str,
    meaning: &'static str,
    read: fn(&mut Draft, &str) -> Result<(), String>,
) -> Setting {
    Setting { name, meaning, is_path: true, is_secret: false, default: nothing, read }
}

/// The section `cache`. What only nodes with peers need comes after `cache.peers`.
pub const CACHE: &[Setting] = &[
    plain(
        "cache.store",
        "where contents are for good: a folder, s3://bucket/prefix, az://..., gs://...; \
         off: no contents; empty: in the data folder",
        nothing,
        |draft, text| {
            draft.settings.cache.store = (text != "off").then(|| text.to_string());
            if !matches!(text, "" | "off") {
                swell_content::objects::open::Place::parse(text)?;
            }
            Ok(())
        },
    ),
    plain(
        "cache.memory",
        "memory that copies of contents may take",
        |_| "64MiB".into(),
        |draft, text| {
            draft.settings.cache.memory = size(text, BYTES_MAX)?;
            Ok(())
        },
    ),
    plain(
        "cache.disk",
        "disk that copies of contents may take, from 128MiB; less is none",
        |_| "1GiB".into(),
        |draft, text| {
            draft.settings.cache.disk = size(text, BYTES_MAX)?;
            Ok(())
        },
    ),
    plain(
        "cache.content-max",
        "the longest content",
        |_| "16MiB".into(),
        |draft, text| {
            draft.settings.cache.content_max = size(text, CONTENT_MAX)?;
            Ok(())
        },
    ),
    plain(
        "cache.workloads",
        "workloads that have contents beside those of functions, with commas between them",
        nothing,
        |draft, text| {
            let names = text.split(',').map(str::trim).filter(|name| !name.is_empty());
            let names: Vec<String> = names.map(str::to_string).collect();
            for name in &names {
                swell_content::naming::check_workload(name).map_err(|error| error.to_string())?;
            }
            draft.settings.cache.workloads = names;
            Ok(())
        },
    ),
    plain(
        "cache.prefetch",
        "what is fetched before anybody asks: off, or some of p0 (calls go where their inputs \
         are), p1 (what a function declares or read before), p2 (what its workload asks for most)",
        // Four of five fetches of p2 go unread, which a bad link can do without.
        |_| "p0,p1".into(),
        |draft, text| {
            draft.settings.cache.prefetch =
                text.parse().map_err(|error: LayersError| error.to_string())?;
            Ok(())
        },
    ),
    plain(
        "cache.name",
        "what this node is called among its peers",
        |_| "node".into(),
        |draft, text| {
            swell_link::purpose::check_name(text).map_err(|error| error.to_string())?;
            draft.settings.cache.name = text.to_string();
            Ok(())
        },
    ),
    plain(
        "cache.placement",
        "whether calls go to the node of their workload's group that suits them best: on or off",
        |_| "on".into(),
        |draft, text| {
            draft.settings.cache.placement = match text {
                "on" => true,
                "off" => false,
                _ => return Err(format!("`{text}` is neither `on` nor `off`")),
            };
            Ok(())
        },
    ),
    plain(
        "cache.power",
        "work that a processor of this node does a second, against those of its peers",
        |_| "1".into(),
        |draft, text| {
            let power = text.parse::<f64>().ok().filter(|power| (0.001..=1e3).contains(power));
            let power = power.ok_or_else(|| format!("`{text}` is no number from 0.001 to 1000"))?;
            draft.settings.cache.power_per_mille = (power * 1e3).round() as u32;
            Ok(())
        },
    ),
    plain(
        "cache.bandwidth",
        "bytes a second at which nodes fetch contents from each other or the data store",
        |_| "12MiB".into(),
        |draft, text| {
            let bandwidth = size(text, BYTES_MAX)?;
            if bandwidth == Bytes::ZERO {
                return Err("nothing could ever be fetched".to_string());
            }
            draft.settings.cache.bandwidth = bandwidth;
            Ok(())
        },
    ),
    plain(
        "cache.peers",
        "the nodes that vote on who leads, the same list on each: name=host:port with commas; \
         a node that is not among them shares contents all the same",
        nothing,
        |draft, text| {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            let all = parts.map(peer).collect::<Result<Vec<_>, _>>()?;
            if !all.is_empty() {
                peers(draft).all = all;
            }
            Ok(())
        },
    ),
    plain(
        "cache.advertise",
        "host and port at which peers reach this node, if cache.peers does not name it",
        nothing,
        |draft, text| {
            if text.is_empty() {
                return Ok(());
            }
            let (_, at) = peer(&format!("x={text}"))
                .map_err(|_| format!("`{text}` is no host and port, such as `10.0.0.4:7071`"))?;
            if let Some(peers) = &mut draft.settings.cache.peers {
                peers.advertise = Some(at);
            }
            Ok(())
        },
    ),
    plain(
        "cache.listen",
        "address and port at which peers are listened to; needs cache.peers",
        |_| "0.0.0.0:7071".into(),
        |draft, text| {
            let listen: SocketAddr =
                text.parse().map_err(|_| format!("`{text}` is no address and port"))?;
            if let Some(peers) = &mut draft.settings.cache.peers {
                peers.listen = listen;
            }
            Ok(())
        },
    ),
    file("cache.authority", "PEM file of the authority that peers trust", |draft, text| {
        needed(draft, text, |peers| &mut peers.authority)
    }),
    file("cache.certificate", "PEM file of this node's certificate for contents", |draft, text| {
        needed(draft, text, |peers| &mut peers.certificate)
    }),
    file("cache.key", "PEM file of its key", |draft, text| {
        needed(draft, text, |peers| &mut peers.key)
    }),
];

fn needed(
    draft: &mut Draft,
    text: &str,
    place: fn(&mut PeerSettings) -> &mut PathBuf,
) -> Result<(), String> {
    match (&mut draft.settings.cache.peers, text) {
        (None, "") => Ok(()),
        (None, _) => Err("nothing of it is needed without `cache.peers`".to_string()),
        (Some(_), "") => Err("nodes with `cache.peers` need it: who they are is certified".into()),
        (Some(peers), text) => {
            *place(peers) = text.into();
            Ok(())
        }
    }
}

fn peer(text: &str) -> Result<(String, String), String> {
    let wrong = || format!("`{text}` is no peer; write `name=host:port`");
    let (name, at) = text.split_once('=').ok_or_else(wrong)?;
    swell_link::purpose::check_name(name).map_err(|error| error.to_string())?;
    let port = at.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    port.filter(|&port| port > 0).ok_or_else(wrong)?;
    Ok((name.to_string(), at.to_string()))
}

fn size(text: &str, most: Bytes) -> Result<Bytes, String> {
    let size: Bytes = text.parse().map_err(|error| format!("{error}"))?;
    if size > most {
        return Err(format!("`{text}` is more than the {} MiB that are allowed", most.get() >> 20));
    }
    Ok(size)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn peers_have_a_name_and_a_place() {
        for (text, is_fine) in [
            ("a=10.0.0.1:7071", true),
            ("shop-2=box.example:7071", true),
            ("a=10.0.0.1", false),
            ("a=10.0.0.1:0", false),
            ("10.0.0.1:7071", false),
            ("A=10.0.0.1:7071", false),
        ] {
            assert_eq!(peer(text).is_ok(), is_fine, "{text}");
        }
    }
}
