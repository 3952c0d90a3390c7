//! Calls that were left here for functions of other sites wait there: who asks here what became of one
//! is answered from there.

use bytes::Bytes;
use http::Response;
use swell_api::invocation::Invocation;
use uuid::Uuid;

/// The queues of other sites. May wait for the network, and is asked where waiting hurts nobody.
pub trait Afar: Send + Sync {
    /// A call that waits or ended at one of them.
    fn call(&self, id: Uuid) -> Option<Invocation>;

    /// The answer that one got there.
    fn answer(&self, id: Uuid) -> Option<Response<Bytes>>;
}
