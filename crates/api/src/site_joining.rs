//! How a node becomes a site: what it can bear, where it is reached, what it was invited with.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a site can bear; what is left out is not limited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Capacity {
    /// Thousandths of a processor.
    pub cpu_milli: u64,
    /// MiB of memory.
    #[serde(default)]
    pub memory_mib: u64,
    /// kbit/s of the network.
    #[serde(default)]
    pub network_kbit: u64,
    /// Operations on disks a second.
    #[serde(default)]
    pub io_ops: u64,
}

/// Where others reach a site, where it is not plain.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Reach {
    /// The address or name of its machine. Left out is the address that the node listens at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// The first of three ports in a row: for state, for the log and transfers, for items of flows.
    /// Left out are three that are free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ports: Option<u16>,
}

/// The first site of a cluster.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InitSite {
    /// What the cluster is called.
    pub cluster: String,
    /// What the site is called.
    pub site: String,
    /// What it can bear.
    pub capacity: Capacity,
    /// Length of a slot in milliseconds; it cannot be changed later. Left out is five minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot_ms: Option<u64>,
    /// Which of the methods of forecasting it believes; left out is `usual`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Where others reach it.
    #[serde(default)]
    pub reach: Reach,
}

/// Who is to be invited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InviteSite {
    /// What the new site will be called.
    pub site: String,
}

/// What a new site needs to join: its certificates and who is there. Whoever has it can join in
/// its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Invitation {
    /// The cluster.
    pub cluster: String,
    /// What the new site is called.
    pub site: String,
    /// Length of a slot in milliseconds, if the cluster was founded with one of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot_ms: Option<u64>,
    /// The certificate of the cluster's authority, as PEM.
    pub authority: String,
    /// Certificate and key for the resource channel, as PEM.
    pub resource: Pem,
    /// Certificate and key for state monitoring, as PEM.
    pub state: Pem,
    /// Certificate and key for items of flows, as PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<Pem>,
    /// What calls that sites pass on to each other are sealed with: text, as long as anybody likes.
    pub seal_key: String,
    /// Sites that are there.
    pub contacts: Vec<SiteContact>,
}

/// A certificate and its key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pem {
    /// The certificate.
    pub certificate: String,
    /// The key.
    pub key: String,
}

/// Where a site is found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SiteContact {
    /// Its name.
    pub name: String,
    /// Where its functions are called.
    pub gateway: String,
    /// Its channel of state monitoring, as `host:port`.
    pub state: String,
    /// Its resource channel, as `host:port`.
    pub resource: String,
    /// Where it is reached for items of flows, if it is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub flow: Option<FlowContact>,
}

/// Where a site is reached for items of flows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowContact {
    /// What it is called there.
    pub node: String,
    /// As `host:port`.
    pub at: String,
}

/// A site that joins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinSite {
    /// What it was invited with.
    pub invitation: Invitation,
    /// What it can bear.
    pub capacity: Capacity,
    /// Which of the methods of forecasting it believes; left out is `usual`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// Where others reach it.
    #[serde(default)]
    pub reach: Reach,
}
