//! The nodes of one site: the one that has its seat, and those that serve with it.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::site_joining::{Capacity, Pem};

/// What is to be made so that another node can join this site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InviteNode {
    /// What the node will be called at its site.
    pub node: String,
}

/// What a node needs to join a site. Whoever has it can join in its name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeInvitation {
    /// The site.
    pub site: String,
    /// What the node is called at it.
    pub node: String,
    /// The certificate of the cluster's authority, as PEM.
    pub authority: String,
    /// Certificate and key of the node, as PEM.
    pub certificate: Pem,
    /// Where the node that has the seat is reached by nodes of its site, as `host:port`.
    pub seat: String,
}

/// A node that joins a site.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinNode {
    /// What it was invited with.
    pub invitation: NodeInvitation,
    /// What it can bear.
    pub capacity: Capacity,
    /// Where others reach it.
    #[serde(default)]
    pub reach: NodeReach,
}

/// Where other nodes of a site reach a node, where it is not plain.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NodeReach {
    /// The address or name of its machine. Left out is the address that the node listens at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Its port for other nodes of the site. Left out is one that is free.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
}

/// The nodes of a site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SiteNodes {
    /// The site.
    pub site: String,
    /// The node that answers.
    pub node: String,
    /// What is not well at the node that answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// The nodes, the one that has the seat first. One that has not the seat knows only itself and,
    /// by what it was told, who else is there.
    pub nodes: Vec<SiteNode>,
}

/// How a node of a site stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum SiteNodeState {
    /// It has the seat: it speaks for the site, and decides with other sites.
    Seat,
    /// It serves what the site serves.
    Serving,
    /// It is there, and has not yet all that it is to serve: its capacity does not count yet.
    Following,
    /// It cannot reach the seat: it serves what it has, and acts by no clock. Only the node itself
    /// says so.
    CutOff,
    /// Nothing is heard of it.
    Lost,
    /// It was invited, and has not come yet.
    Invited,
}

/// A node of a site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SiteNode {
    /// What it is called at its site.
    pub name: String,
    /// How it stands.
    pub state: SiteNodeState,
    /// Where functions are called at it, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// What it can bear, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<Capacity>,
    /// The share of its processors that functions used of late, from 0; above 1 where they waited
    /// for what is not there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub used: Option<f64>,
    /// Calls that run or wait there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub busy: Option<u32>,
    /// The chance that it is overloaded in the worst slot ahead, from 0 to 1; known at the seat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overload_chance: Option<f64>,
    /// The chance that it fails in the next slot, from 0 to 1; known at the seat.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure_chance: Option<f64>,
    /// Functions of the site that are not served there, each with the reason.
    #[serde(default)]
    pub without: Vec<NotServed>,
}

/// A function that a node of a site does not serve.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
pub struct NotServed {
    /// The function.
    pub function: String,
    /// Why.
    pub why: String,
}
