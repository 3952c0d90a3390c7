//! Who takes messages to other nodes. Any may be lost.

use crate::parcel::Parcel;

/// Takes messages to other nodes.
pub trait Carrier: Send + Sync {
    /// Takes one, or loses it; never waits.
    fn send(&self, parcel: Parcel);
}

/// There is nobody else.
#[derive(Debug, Clone, Copy)]
pub struct Nobody;

impl Carrier for Nobody {
    fn send(&self, parcel: Parcel) {
        tracing::debug!(to = parcel.envelope.to.0, "a message to a node that is not known");
    }
}
