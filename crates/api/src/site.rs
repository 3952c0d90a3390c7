//! Sites: who takes part, what each expects and weighs, who has authority over which workload,
//! and what was proposed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The sites of a cluster, as one of them sees them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Cluster {
    /// The cluster.
    pub name: String,
    /// The site that answers.
    pub site: String,
    /// Whether it takes part in decisions now, or why not.
    pub state: ClusterState,
    /// Who leads the log, if it knows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub leader: Option<String>,
    /// Whether anything moves, for workloads without a mode of their own. This and the next three
    /// are left out where the site has not read what its cluster is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mode: Option<SiteMode>,
    /// The time of the cluster, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub now_ms: Option<u64>,
    /// Length of the slots that forecasts and observations speak of, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot_ms: Option<u64>,
    /// Entries of the log that it has applied.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied: Option<u64>,
    /// What went wrong there last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// The sites, by name.
    pub sites: Vec<Site>,
    /// What was out of the ordinary about workloads of late, as this site saw it, the latest last.
    #[serde(default)]
    pub anomalies: Vec<SiteAnomaly>,
}

/// Something out of the ordinary about what a workload takes of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SiteAnomaly {
    /// When it began, in milliseconds since 1970.
    pub since_ms: u64,
    /// When it was noticed.
    pub noticed_ms: u64,
    /// The workload.
    pub workload: String,
    /// Of which resource: `cpu`, `memory`, `network` or `io`.
    pub metric: String,
    /// `spike`, `level-shift`, `silence` or `changed-season`.
    pub kind: String,
    /// What it is, in a sentence.
    pub what: String,
}

/// Whether a site takes part in decisions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ClusterState {
    /// It does.
    Deciding,
    /// It is being admitted.
    Joining,
    /// It reaches no majority: it serves, and moves nothing.
    CutOff,
    /// Its log goes no further until something is done about it, as its trouble tells: it serves
    /// what it has, and takes part in nothing.
    Stopped,
}

/// Whether anything moves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum SiteMode {
    /// Nothing is proposed.
    Off,
    /// Proposals are voted on; what would have moved is told, and nothing moves.
    Shadow,
    /// What is approved is done.
    On,
}

/// A site.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Site {
    /// Its name.
    pub name: String,
    /// Where its functions are called, if known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// Whether it answered of late.
    pub is_reached: bool,
    /// Whether its majority decides what is committed; others only have the log.
    pub is_voter: bool,
    /// Its share of all votes on processor time, from 0 to 1.
    pub weight: f64,
    /// The chance that it fails in the next slot, from 0 to 1.
    pub failure_chance: f64,
    /// How it answered over the resource channel when it was asked last, at most half a minute ago;
    /// left out of the site that tells, and before it has asked. One that is reached, which gossip says, and is silent
    /// here can decide and move nothing with this site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resource: Option<ResourceHealth>,
    /// Windows of maintenance that it announced and that are not over, the first first.
    #[serde(default)]
    pub maintenance: Vec<MaintenanceWindow>,
    /// Workloads that it has authority over.
    pub workloads: u32,
    /// How full it is and will be, per metric that is limited.
    pub utilisation: Vec<Utilisation>,
    /// Its nodes, where it has several, the one that has the seat first.
    #[serde(default)]
    pub nodes: Vec<NodeOfSite>,
}

/// A time in which less of a site is left than usual.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MaintenanceWindow {
    /// When it begins, in milliseconds since 1970.
    pub from_ms: u64,
    /// When it is over, in milliseconds since 1970.
    pub until_ms: u64,
    /// The share of what the site bears that is left, from 0 (it is down) to 1.
    pub left: f64,
}

/// How a site answers over the resource channel, which carries the log and what moves.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ResourceHealth {
    /// Whether it did.
    pub answers: bool,
    /// How long a round trip took, in milliseconds, over a connection that may have had to be made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub round_ms: Option<f64>,
}

/// A node of a site, as its site tells others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NodeOfSite {
    /// What it is called.
    pub name: String,
    /// Whether it is there and serves.
    pub is_there: bool,
    /// Thousandths of a processor that it can bear.
    pub cpu_milli: u64,
    /// The share of them that functions used of late, from 0.
    pub used: f64,
}

/// How full a site is and will be, as shares of its capacity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Utilisation {
    /// In what: `cpu`, `memory`, `network` or `io`.
    pub metric: String,
    /// What it can bear: thousandths of a processor, MiB, kbit/s or operations a second.
    pub capacity: u64,
    /// What was seen in the last slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<f64>,
    /// What is expected, slot by slot, from the present one.
    pub expected: Vec<Expected>,
}

/// What is expected of a slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Expected {
    /// When it begins, in milliseconds since 1970.
    pub at_ms: u64,
    /// In one case of ten it is less.
    pub low: f64,
    /// As often less as more.
    pub middle: f64,
    /// In one case of ten it is more.
    pub high: f64,
    /// The chance that it is overloaded, from 0 to 1.
    pub overload_chance: f64,
}

/// Who has authority over a workload.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Authority {
    /// The workload.
    pub workload: String,
    /// The site.
    pub holder: String,
    /// Counts grants of authority; what is done under an earlier one has no effect.
    pub epoch: u64,
    /// Until when nobody takes over, however silent the holder, in milliseconds since 1970.
    pub lease_until_ms: u64,
    /// How much it matters: `low`, `normal` or `critical`.
    pub criticality: String,
    /// Whether it moves.
    pub mode: SiteMode,
    /// What it takes: thousandths of a processor.
    pub cpu_milli: u64,
    /// MiB of memory.
    pub memory_mib: u64,
    /// kbit/s of the network.
    pub network_kbit: u64,
    /// Operations a second.
    pub io_ops: u64,
    /// It does not move again before, in milliseconds since 1970.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rests_until_ms: Option<u64>,
    /// The proposal by which it is being moved.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub moving: Option<u64>,
}

/// A resource proposal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Proposal {
    /// The index of the log entry that filed it.
    pub id: u64,
    /// How it stands: `voting`, `waiting` for one of higher priority that wants the same room, a step
    /// of its move, or how it ended.
    pub state: String,
    /// Whether it has ended.
    pub is_ended: bool,
    /// Why it ended so, or why it is taken back, with what the site said whose step went wrong.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
    /// What moves.
    pub workloads: Vec<String>,
    /// From where.
    pub source: String,
    /// Where to.
    pub destination: String,
    /// Who filed it.
    pub proposer: String,
    /// When, in milliseconds since 1970.
    pub filed_ms: u64,
    /// Until when it must be decided: as long before `needed_ms` as moves take.
    pub deadline_ms: u64,
    /// When the slot begins before which the traffic should have left, where a forecast is why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needed_ms: Option<u64>,
    /// When all traffic had left the source.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_ms: Option<u64>,
    /// By how much that was later than needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub late_ms: Option<u64>,
    /// Why, in a sentence.
    pub cause: String,
    /// How long a round trip between source and destination takes, as sites measured it of late, in
    /// milliseconds; 0 where nobody has. A farther site must have more room to be chosen.
    #[serde(default)]
    pub away_ms: f64,
    /// How one will know whether it helped, in a sentence.
    pub criterion: String,
    /// What happens if it did not, in a sentence.
    pub rollback: String,
    /// How much its most critical workload matters.
    pub criticality: String,
    /// The share of all weight that yes must exceed, from 0 to 1.
    pub theta: f64,
    /// So many sites must say yes.
    pub sites_min: u32,
    /// The share of all weight that said yes so far.
    pub yes: f64,
    /// Who weighs and said what.
    pub votes: Vec<Vote>,
    /// What happened, in order.
    pub timeline: Vec<Happening>,
}

/// A site that may vote on a proposal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Vote {
    /// The site.
    pub site: String,
    /// Its share of all weight, frozen when the proposal was filed.
    pub weight: f64,
    /// What it said, if it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub yes: Option<bool>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Something that happened to a proposal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Happening {
    /// When, in milliseconds since 1970.
    pub at_ms: u64,
    /// What, in a sentence.
    pub what: String,
}

/// How good the forecasts of a site were, in one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LedgerRow {
    /// The site.
    pub site: String,
    /// The metric.
    pub metric: String,
    /// Forecasts that were scored.
    pub samples: u64,
    /// Its mean loss by that of a naive forecaster: below 1 is better.
    pub loss_ratio: f64,
    /// The same of its forecasts as they stood some slots before they could not be replaced any
    /// more; what it weighs follows from the worse of both. Left out where there are none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub early_loss_ratio: Option<f64>,
    /// Its share of all votes in this class, from 0 to 1.
    pub weight: f64,
    /// What it committed itself to about itself, and what observers then agreed on, the latest
    /// slots last.
    pub slots: Vec<LedgerSlot>,
}

/// A forecast and what came of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct LedgerSlot {
    /// When the slot begins, in milliseconds since 1970.
    pub at_ms: u64,
    /// What was forecast: one case of ten is less, as many more than less, one of ten more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast: Option<[f64; 3]>,
    /// What came, if observers agreed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub came: Option<f64>,
}

/// A move that a person wants.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct FileProposal {
    /// What is to move; all of it is at one site.
    pub workloads: Vec<String>,
    /// Where to.
    pub destination: String,
    /// Until when it must be decided, in milliseconds from now; left out is ten minutes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub within_ms: Option<u64>,
    /// Slots over which it is looked whether it helped; left out is three.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_slots: Option<u64>,
    /// What the destination's utilisation may be on average meanwhile, from 0 to 1; left out is
    /// the limit of the rules.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub at_most: Option<f64>,
    /// Whether the workload stays there even if it did not help.
    #[serde(default)]
    pub stay: bool,
    /// Whether it may be that the same move was taken back before, or that the workload has just
    /// moved: what was in its way is gone.
    #[serde(default)]
    pub again: bool,
}

/// What was filed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Filed {
    /// The proposal.
    pub id: u64,
}

/// What mode is wanted. Of that of all and that of a workload the stricter holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum WantedMode {
    /// Nothing is proposed.
    Off,
    /// Proposals are voted on; what would have moved is told, and nothing moves.
    Shadow,
    /// What is approved is done.
    On,
    /// None of its own: a workload goes by the mode of all.
    Inherit,
}

/// Whether anything moves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetMode {
    /// The mode.
    pub mode: WantedMode,
    /// For which workload; left out is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
}
