//! Why a run did not come to its end.

/// Why a run did not come to its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RunError {
    /// It was stopped.
    #[error("interrupted")]
    Interrupted,
    /// The network is in pieces.
    #[error("node {0} of the network is not connected with every source")]
    Apart(u32),
}
