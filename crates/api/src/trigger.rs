//! What calls a function besides people and programs over HTTP.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A source of calls.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
pub enum Trigger {
    /// By the clock.
    Cron {
        /// Five fields, or six with seconds first.
        schedule: String,
        /// A name of the IANA time zone database; left out is UTC.
        #[serde(default = "default_timezone")]
        timezone: String,
        /// What to do about runs that fell into a time when the node was down.
        #[serde(default)]
        missed: Missed,
        /// The body of the call.
        #[serde(default)]
        body: String,
    },
    /// By a message of an MQTT broker.
    Mqtt {
        /// `mqtt://host:port` of the broker, or `mqtts://host:port` over TLS.
        broker: String,
        /// The topic, with `+` and `#`.
        topic: String,
        /// Quality of service: 0, 1 or 2.
        #[serde(default = "default_qos")]
        qos: u8,
        /// What the node calls itself to the broker; left out is nothing.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        username: Option<String>,
        /// The name of the node's secret that is the password.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        password_secret: Option<String>,
    },
    /// By a CloudEvent posted to `/v1/events`.
    Event {
        /// The `type` it must have; `*` at the end stands for any ending.
        #[serde(rename = "match")]
        matches: String,
        /// The `source` it must have; left out is any.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        source: Option<String>,
    },
    /// By the end of another function's call: its answer becomes the body.
    Function {
        /// The other function.
        name: String,
        /// Which ends count.
        #[serde(default)]
        on: CallEnd,
    },
}

fn default_timezone() -> String {
    "UTC".to_string()
}

fn default_qos() -> u8 {
    1
}

/// What to do about runs that were missed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Missed {
    /// Nothing.
    #[default]
    Skip,
    /// One run for all of them.
    Once,
    /// Each, in order, up to 100.
    All,
}

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum CallEnd {
    /// With a status below 400.
    #[default]
    Success,
    /// Otherwise.
    Failure,
    /// Either way.
    Any,
}
