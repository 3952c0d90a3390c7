//! What goes wrong between two nodes, told apart by what the caller would do next.

use thiserror::Error;

/// Why a certificate cannot be used or a call came to nothing.
#[derive(Clone, Debug, Error)]
pub enum LinkError {
    /// What was given as certificate, key or name is none: a person has to mend it.
    #[error("{0}")]
    Unusable(String),
    /// Nobody answers there, or who answers is not who was asked for: another try later, or
    /// another peer.
    #[error("cannot reach `{peer}` at {address}: {reason}")]
    Unreachable {
        /// The name of the peer.
        peer: String,
        /// Where it was looked for.
        address: String,
        /// What the network or the handshake said.
        reason: String,
    },
    /// The peer took the call and did not end it in time; whether it acted is unknown.
    #[error("`{0}` did not answer in time")]
    Late(String),
    /// The connection broke under the call; whether the peer acted is unknown.
    #[error("the connection to `{peer}` broke: {reason}")]
    Broken {
        /// The name of the peer.
        peer: String,
        /// What the connection said.
        reason: String,
    },
    /// The peer answered with another status than 2xx.
    #[error("`{peer}` refuses ({status}): {reason}")]
    Refused {
        /// The name of the peer.
        peer: String,
        /// The HTTP status.
        status: u16,
        /// The body of the answer, as text.
        reason: String,
    },
    /// The answer is longer than the caller takes.
    #[error("the answer of `{peer}` is longer than {limit} bytes")]
    TooLong {
        /// The name of the peer.
        peer: String,
        /// How many bytes the caller takes.
        limit: usize,
    },
}

impl LinkError {
    /// Whether the peer surely did nothing, so that the call may be made again.
    #[must_use]
    pub const fn is_harmless(&self) -> bool {
        matches!(self, Self::Unusable(_) | Self::Unreachable { .. })
    }
}
