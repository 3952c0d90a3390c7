//! The settings of flows, of the socket that native processes connect to, and of how flows go
//! from node to node.

use std::collections::BTreeMap;
use std::path::PathBuf;

use swell_core::flow::choice;
use swell_link::purpose::check_name;
use swell_node::settings::{FlowCores, FlowLinkSettings};

use crate::settings::keys::{Setting, nothing, optional, path, plain};

/// Nodes by name, with their addresses.
fn nodes(text: &str) -> Result<BTreeMap<String, String>, String> {
    let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
    let mut nodes = BTreeMap::new();
    for part in parts {
        let is_address = |at: &str| {
            let parts = at.rsplit_once(':');
            parts.is_some_and(|(host, port)| !host.is_empty() && port.parse::<u16>().is_ok())
        };
        let node = part.split_once('=');
        let node = node.filter(|(name, at)| check_name(name).is_ok() && is_address(at));
        let (name, at) = node.ok_or_else(|| {
            format!("`{part}` is no node; write its name and where it listens for flows, such as `berlin=10.0.0.2:7403`")
        })?;
        if nodes.insert(name.to_string(), at.to_string()).is_some() {
            return Err(format!("`{name}` is there twice"));
        }
    }
    Ok(nodes)
}

/// The section `flow`.
pub const FLOWS: &[Setting] = &[
    plain(
        "flow.memory-max",
        "memory that the lanes of all flows may hold",
        |_| "256MiB".into(),
        |draft, text| {
            draft.settings.flow.memory_max = text.parse().map_err(|error| format!("{error}"))?;
            Ok(())
        },
    ),
    plain(
        "flow.function-memory-max",
        "memory that the lanes of one function may hold",
        |_| "64MiB".into(),
        |draft, text| {
            draft.settings.flow.function_memory_max =
                text.parse().map_err(|error| format!("{error}"))?;
            Ok(())
        },
    ),
    plain(
        "flow.policy",
        "the rule by which flows change hands, with parameters: measured or seed",
        |_| "measured".into(),
        |draft, text| {
            choice::build(text, 0).map_err(|error| error.to_string())?;
            draft.settings.flow.policy = text.to_string();
            Ok(())
        },
    ),
    path(
        "flow.socket",
        "the socket that native processes connect to; flow.sock in the data folder if not given",
        nothing,
        |draft, text| {
            draft.settings.flow.socket = optional(text, |text| Ok(PathBuf::from(text)))?;
            Ok(())
        },
    ),
    plain(
        "flow.socket-mode",
        "who may connect to it: owner (0600), or group (0660), always with the node's own user",
        |_| "owner".into(),
        |draft, text| {
            draft.settings.flow.socket_group = match text {
                "owner" => false,
                "group" => true,
                _ => return Err(format!("`{text}` is neither owner nor group")),
            };
            Ok(())
        },
    ),
    plain(
        "flow.cores",
        "whether busy flows work on threads of their own, each on one core: auto, on or off",
        |_| "auto".into(),
        |draft, text| {
            draft.settings.flow.cores = match text {
                "auto" => FlowCores::Auto,
                "on" => FlowCores::On,
                "off" => FlowCores::Off,
                _ => return Err(format!("`{text}` is neither `auto`, `on` nor `off`")),
            };
            Ok(())
        },
    ),
    plain(
        "flow.listen",
        "address and port to listen at for flows of other nodes; needs flow.certificates",
        nothing,
        |draft, text| {
            let listen = optional(text, |text| {
                text.parse()
                    .map_err(|_| format!("`{text}` is no address and port, such as `0.0.0.0:7403`"))
            })?;
            draft.settings.flow.link = listen.map(|listen| FlowLinkSettings {
                listen,
                authority: Default::default(),
                certificate: Default::default(),
                key: Default::default(),
            });
            Ok(())
        },
    ),
    plain(
        "flow.nodes",
        "other nodes that flows may go to by themselves, NAME=HOST:PORT,...; needs flow.listen",
        nothing,
        |draft, text| {
            draft.settings.flow.nodes = nodes(text)?;
            match draft.settings.flow.link {
                None if !text.is_empty() => Err("it is set, but `flow.listen` is not".to_string()),
                _ => Ok(()),
            }
        },
    ),
    path(
        "flow.certificates",
        "folder of authority.pem, flow.pem and flow.key, by which nodes know each other",
        nothing,
        |draft, text| match (&mut draft.settings.flow.link, text) {
            (None, "") => Ok(()),
            (None, _) => Err("it is set, but `flow.listen` is not".to_string()),
            (Some(_), "") => Err("`flow.listen` is set, so it is needed".to_string()),
            (Some(link), folder) => {
                let file = |name: &str| std::path::Path::new(folder).join(name);
                link.authority = file("authority.pem");
                (link.certificate, link.key) = (file("flow.pem"), file("flow.key"));
                Ok(())
            }
        },
    ),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_have_a_name_and_an_address_each() {
        let read = nodes("paris=10.0.0.2:7403, rome=[::1]:7403,").expect("they are nodes");
        let read: Vec<String> = read.into_iter().map(|(name, at)| name + " " + &at).collect();
        assert_eq!(read, ["paris 10.0.0.2:7403", "rome [::1]:7403"]);
        assert_eq!(nodes(""), Ok(BTreeMap::new()));
        for (text, words) in [
            ("paris", "`paris` is no node; write its name"),
            ("paris=10.0.0.2", "is no node"),
            ("paris=:7403", "is no node"),
            ("paris=x:99999", "is no node"),
            ("Pa ris=x:1", "is no node"),
            ("a=x:1,a=x:2", "`a` is there twice"),
        ] {
            let error = nodes(text).expect_err("it is none");
            assert!(error.contains(words), "{text}: {error}");
        }
    }
}
