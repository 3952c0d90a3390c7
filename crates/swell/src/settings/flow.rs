//! The settings of flows, and of the socket that native processes connect to.

use std::path::PathBuf;

use swell_core::flow::choice;

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
];
