//! The question to all strategies: a request comes, from where is it served?

use crate::cache::replacement::bank::{Bank, Content};

/// Who asks for what.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Request {
    /// The receiver, by its place among the receivers.
    pub receiver: u32,
    /// The content.
    pub content: Content,
}

/// From where a request was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// The cache that the receiver meets first.
    Local,
    /// Another cache.
    Group,
    /// The source.
    Store,
}

/// How a request was served.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Served {
    /// From where.
    pub from: From,
    /// Nanoseconds of delay, of request and reply together.
    pub latency: u64,
    /// Messages between nodes that handle them.
    pub messages: u32,
}

/// A strategy of caching, with what it needs to know of the network.
pub trait Strategy {
    /// Reads what serving a request will read, and changes nothing (see [`Bank::touch`]).
    fn touch<B: Bank>(&self, _: &B, _: Request) -> u64 {
        0
    }

    /// Serves a request, and leaves copies.
    fn serve<B: Bank>(&mut self, bank: &mut B, request: Request) -> Served;
}
