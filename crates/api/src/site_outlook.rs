//! What a site expects of all sites and workloads, and what moves that were only approved would
//! have saved and cost.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::site::SiteMode;

/// What a site expects: a curve for each site and each workload, and each metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct SiteOutlook {
    /// The site that forecasts.
    pub site: String,
    /// Length of a slot in milliseconds.
    pub slot_ms: u64,
    /// Which quantiles the curves tell: the chances, from 0 to 1, that it will be no more.
    pub levels: Vec<f64>,
    /// The curves.
    pub curves: Vec<Curve>,
}

/// What is expected of a site or a workload, in one metric.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Curve {
    /// The workload; left out where it is the curve of a whole site.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// The node, where it is the curve of one of several nodes of the site that forecasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub node: Option<String>,
    /// The site, or the one that has authority over the workload.
    pub site: String,
    /// In what: `cpu`, `memory`, `network` or `io`.
    pub metric: String,
    /// What it counts: thousandths of a processor, MiB, kbit/s or operations a second.
    pub unit: String,
    /// What the site can bear; left out where it is not limited.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u64>,
    /// The method that is believed, as it missed least of late; left out for a whole site, which
    /// is a sum.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub method: Option<String>,
    /// What was seen in the last slot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen: Option<f64>,
    /// Slot by slot, from the one after the last that was seen.
    pub steps: Vec<CurveStep>,
}

/// What is expected of a slot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CurveStep {
    /// When it begins, in milliseconds since 1970.
    pub at_ms: u64,
    /// In the unit of the curve, in the order of the levels.
    pub quantiles: Vec<f64>,
    /// The share of what the site bears that maintenance leaves of it; left out where it is all.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left: Option<f64>,
    /// The chance that the site is overloaded, from 0 to 1; of limited metrics of sites only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub overload_chance: Option<f64>,
}

/// What moves that were approved in shadow mode would have saved and cost, judged by what then
/// really happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ShadowReceipt {
    /// Whether anything moves now.
    pub mode: SiteMode,
    /// The first slot that it speaks of begins, in milliseconds since 1970.
    pub since_ms: u64,
    /// The last ends.
    pub until_ms: u64,
    /// Length of a slot in milliseconds.
    pub slot_ms: u64,
    /// Slots that were measured.
    pub slots: u64,
    /// All of it in a sentence.
    pub text: String,
    /// The sites.
    pub sites: Vec<ShadowSite>,
    /// The moves, the oldest first.
    pub moves: Vec<ShadowMove>,
    /// MiB times minutes that two sites would have held while a move was checked.
    pub held_twice_mib_minutes: f64,
}

/// A site with and without the moves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ShadowSite {
    /// The site.
    pub site: String,
    /// How it came and would have been.
    #[serde(flatten)]
    pub fill: ShadowFill,
}

/// How full a site was, and would have been with the moves.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ShadowFill {
    /// Slots in which it was overloaded.
    pub overloaded: u64,
    /// Slots in which it would have been.
    pub overloaded_with_moves: u64,
    /// Its fullest slot, as a share of what it can bear.
    pub peak: f64,
    /// The same with the moves.
    pub peak_with_moves: f64,
}

/// A move that was approved, and not made.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ShadowMove {
    /// The proposal.
    pub proposal: u64,
    /// When it was approved, in milliseconds since 1970.
    pub at_ms: u64,
    /// What would have moved.
    pub workloads: Vec<String>,
    /// From where.
    pub source: String,
    /// Where to.
    pub destination: String,
    /// What it would have come to: `pending`, `repeated` (it would have been gone already),
    /// `unknown`, `needless`, `helped`, `harmful` or `taken-back`.
    pub verdict: String,
    /// Slots that were measured until it was judged.
    pub slots: u64,
    /// Of these, those in which the source was not there, where that is why it would have moved.
    #[serde(default)]
    pub lost_slots: u64,
    /// About how many calls came in them, as many as before, that would have been served.
    #[serde(default)]
    pub lost_calls: u64,
    /// The source in them.
    pub source_fill: ShadowFill,
    /// The destination in them.
    pub destination_fill: ShadowFill,
}
