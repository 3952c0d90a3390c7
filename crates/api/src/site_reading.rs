//! What is read of what sites decided, with how true it is.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::site::{Authority, LedgerRow, Proposal};

/// How true what was read is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Standing {
    /// All is in it that was decided anywhere before it was asked for.
    Linearizable,
    /// It is what the site that was asked knows, which may be behind.
    Local,
}

/// What was read, with how true it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Read<T> {
    /// How true it is.
    pub consistency: Standing,
    /// What was read.
    #[serde(flatten)]
    pub told: T,
}

/// Proposals.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Proposals {
    /// All that are remembered, the newest first.
    pub proposals: Vec<Proposal>,
}

/// Who has authority.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Authorities {
    /// The workloads, by name.
    pub authorities: Vec<Authority>,
}

/// What sites forecast, what then came, and what they weigh.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Ledger {
    /// A row for each site and metric.
    pub ledger: Vec<LedgerRow>,
}
