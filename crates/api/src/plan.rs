//! What would change if specifications were deployed.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What would become of one function.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PlanStep {
    /// The function.
    pub name: String,
    /// What would be done.
    pub action: PlanAction,
    /// Where the specification differs from what serves now.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// Why the node would refuse it, if it would. Code that is not uploaded yet is no
    /// problem.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub problems: Vec<String>,
}

/// What would be done with a function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum PlanAction {
    /// It is new.
    Create,
    /// It gets a new version.
    Update,
    /// Nothing.
    Same,
    /// It goes.
    Remove,
}

/// A key of a specification that would change.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Difference {
    /// The key.
    pub field: String,
    /// Its value now; left out if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<serde_json::Value>,
    /// Its value then; left out if it has none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<serde_json::Value>,
}
