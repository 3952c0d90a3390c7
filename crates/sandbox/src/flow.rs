//! The flows of a call: what its guest may put items into and take items out of. The sandbox
//! only passes that on.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

/// Something that may have to wait.
pub type Doing<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why a flow did not do as asked, for the guest to act upon.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FlowError {
    /// There is none of that name.
    #[error("no such flow")]
    NoSuchFlow,
    /// The function may not; why.
    #[error("{0}")]
    Denied(String),
    /// There is no room, and no waiting for some.
    #[error("the flow is full")]
    Full,
    /// The payload is longer than items may be.
    #[error("an item of the flow may have up to {0} bytes")]
    TooLarge(u64),
    /// Nothing more is given out to this call.
    #[error("somebody else is to have the items; end this call")]
    Moved,
    /// Something else.
    #[error("{0}")]
    Other(String),
}

/// What became of items that were put in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pushed {
    /// With so many of them, from the first on, the flow is done.
    pub count: u32,
    /// Of these it dropped so many, as it was full.
    pub dropped: u32,
}

/// An item that was taken out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FlowItem {
    /// The function that put it in.
    pub from: String,
    /// Its number among the items of that function.
    pub sequence: u64,
    /// The media type of its payload; empty where none was stated.
    pub media_type: String,
    /// Its payload.
    pub payload: bytes::Bytes,
}

/// The flows of one call.
pub trait CallFlows: Send + Sync {
    /// Whether the call may put items into this flow.
    fn may_send(&self, flow: &str) -> Result<(), FlowError>;

    /// Puts items in, in this order. Fails only if it comes to nothing with the first.
    fn push<'a>(
        &'a self,
        flow: &'a str,
        media_type: &'a str,
        payloads: Vec<Vec<u8>>,
    ) -> Doing<'a, Result<Pushed, FlowError>>;

    /// Whether the call may take items out of this flow.
    fn may_receive(&self, flow: &str) -> Result<(), FlowError>;

    /// Takes out up to `most` items, and waits for the first for so long at most.
    fn pop<'a>(
        &'a self,
        flow: &'a str,
        most: u32,
        wait: Duration,
    ) -> Doing<'a, Result<Vec<FlowItem>, FlowError>>;

    /// All that was given out to this call so far is done with.
    fn done<'a>(&'a self, flow: &'a str) -> Doing<'a, Result<(), FlowError>>;
}
