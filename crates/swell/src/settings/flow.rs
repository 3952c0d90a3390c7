//! The settings of flows, of the socket that native processes connect to, and of how flows go
//! from node to node.

use std::path::PathBuf;

use swell_core::flow::choice;
use swell_node::settings::{FlowCores, FlowLinkSettings};

use crate::settings::keys::{Setting, nothing, optional, path, plain};

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
