//! What two nodes say to each other about a flow that goes from one to the other.
//!
//! Each is one request over a link, whose ends know each other by certificate. *Leaving*: an
//! `Offer` says what comes, under a term higher than any before; chunks of items follow, lane by
//! lane; a `Seal` says where each lane begins and ends, and after it the new node has it all;
//! then the old node writes down that the flow is gone, and `Activate` lets the new one begin.
//! *Forwarding*: the old node sends on what its own functions put in, in chunks with numbers
//! that go on from where the lane was, so that what comes twice is recognised.
//!
//! A lane is called after the function and the node that feed it, `camera@berlin`; on that
//! node itself it is called `camera`.

use std::collections::BTreeMap;
use std::io;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use swell_api::flow::FlowSpec;
use swell_core::flow::cooldown::Cooldown;
use swell_fifo::transfer::{LaneManifest, Manifest, TransferError, read, write};

/// The longest head of a chunk.
const HEAD_MAX: usize = 64 << 10;
/// Bytes of items that a chunk has at most, unless it is a single one.
pub(crate) const CHUNK_BYTES: usize = 1 << 20;

/// Paths of the requests.
pub(crate) mod path {
    pub(crate) const OFFER: &str = "/flow/offer";
    pub(crate) const ITEMS: &str = "/flow/items";
    pub(crate) const SEAL: &str = "/flow/seal";
    pub(crate) const ACTIVATE: &str = "/flow/activate";
    pub(crate) const ABORT: &str = "/flow/abort";
    pub(crate) const NEXT: &str = "/flow/next";
    pub(crate) const PUT: &str = "/flow/put";
    pub(crate) const FEED: &str = "/flow/feed";
    pub(crate) const WHERE: &str = "/flow/where";
    pub(crate) const USAGE: &str = "/flow/usage";
}

/// The status of an answer that holds an [`Elsewhere`].
pub(crate) const ELSEWHERE: u16 = 421;
/// The status of an answer to items of which none was taken, as the flow is being changed.
pub(crate) const NOT_UP: u16 = 503;
/// The status of an answer that holds a [`Next`] which is not what the request went by.
pub(crate) const OUT_OF_TURN: u16 = 409;

/// A flow that is to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Offer {
    pub(crate) spec: FlowSpec,
    /// Counts its moves between nodes.
    pub(crate) term: u32,
    /// Which flow of that name it is.
    #[serde(default)]
    pub(crate) identity: u64,
    /// Nodes that may have a way to it, by name, with their addresses for flows.
    #[serde(default)]
    pub(crate) nodes: BTreeMap<String, String>,
    /// Counts its owners, with the next one.
    #[serde(default)]
    pub(crate) epoch: u32,
    /// Its lanes.
    pub(crate) lanes: Vec<String>,
    /// What items are called after, by lane, where that is not the lane's name.
    #[serde(default)]
    pub(crate) called: BTreeMap<String, String>,
    /// The function that owned it.
    pub(crate) owner: Option<String>,
    pub(crate) pinned: Option<String>,
    pub(crate) frozen: bool,
    /// How long it rests, by the nodes that it went between.
    #[serde(default)]
    pub(crate) rests: Cooldown<String>,
}

/// One move of a flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Move {
    pub(crate) flow: String,
    pub(crate) term: u32,
}

/// Where lanes begin and end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Seal {
    pub(crate) flow: String,
    pub(crate) term: u32,
    pub(crate) lanes: Vec<LaneEnds>,
}

/// Where a lane begins and ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct LaneEnds {
    pub(crate) lane: String,
    /// The first item that is not done with.
    pub(crate) first: u64,
    /// The one after the last.
    pub(crate) next: u64,
}

/// What a chunk of items belongs to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ChunkHead {
    pub(crate) flow: String,
    /// Of a move; 0 where items are sent on.
    pub(crate) term: u32,
    pub(crate) lane: String,
    /// The life of the lane that its numbers are of, where items are sent on.
    pub(crate) born: u64,
    /// How long to wait for room, in milliseconds.
    pub(crate) wait_ms: u64,
}

/// How a lane stands that items are sent on to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Next {
    /// Another each time the lane is brought up where items do not outlive that.
    pub(crate) born: u64,
    /// The number of the item that is due.
    pub(crate) next: u64,
    /// Items of the request that were dropped, as the flow is full.
    pub(crate) dropped: u32,
    /// Whether the flow had no room for the rest.
    pub(crate) is_full: bool,
}

/// Where a flow went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Elsewhere {
    /// The node's name.
    pub node: String,
    /// Its host and port for flows.
    pub at: String,
}

/// Items of one lane with consecutive numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Chunk {
    pub(crate) head: ChunkHead,
    pub(crate) first: u64,
    pub(crate) items: Vec<Vec<u8>>,
}

impl Chunk {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let head = serde_json::to_vec(&self.head).expect("a head is plain data");
        let size: usize = self.items.iter().map(|item| item.len() + 4).sum();
        let mut bytes = Vec::with_capacity(head.len() + size + 128);
        bytes.extend((head.len() as u32).to_le_bytes());
        bytes.extend(&head);
        let (first, next) = (self.first, self.first + self.items.len() as u64);
        let lanes = vec![LaneManifest { first, next }];
        let manifest = Manifest { id: 0, epoch: self.head.term, lanes };
        write(&manifest, &mut bytes, |_, sequence, buffer| {
            buffer.clear();
            buffer.extend(&self.items[(sequence - first) as usize]);
            Ok(())
        })
        .expect("memory takes all bytes");
        bytes
    }

    /// Reads a chunk; one that is not whole comes to nothing.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, TransferError> {
        let (length, rest) =
            bytes.split_at_checked(4).ok_or(TransferError::Damaged("its head is missing"))?;
        let length = u32::from_le_bytes(length.try_into().expect("four bytes")) as usize;
        let (head, mut stream) = rest
            .split_at_checked(length.min(HEAD_MAX))
            .ok_or(TransferError::Damaged("its head broke off"))?;
        let head: ChunkHead = serde_json::from_slice(head)
            .map_err(|_| TransferError::Damaged("its head cannot be read"))?;
        let mut items = Vec::new();
        let manifest = read(&mut stream, 1, |_, _, item| {
            items.push(item.to_vec());
            Ok(())
        })?;
        if manifest.epoch != head.term || !stream.is_empty() {
            return Err(TransferError::Damaged("its parts do not belong together"));
        }
        Ok(Self { head, first: manifest.lanes[0].first, items })
    }
}

/// Reads a message.
pub(crate) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, io::Error> {
    serde_json::from_slice(bytes).map_err(io::Error::from)
}

/// Writes a message.
pub(crate) fn text(message: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(message).expect("messages are plain data")
}

/// What a lane is called among nodes, as its name on `node` has it.
pub(crate) fn abroad(lane: &str, node: &str) -> String {
    if lane.contains('@') { lane.to_string() } else { format!("{lane}@{node}") }
}

/// What a lane is called on `node`, as its name among nodes has it.
pub(crate) fn at_home(lane: &str, node: &str) -> String {
    let own = lane.strip_suffix(node).and_then(|rest| rest.strip_suffix('@'));
    own.unwrap_or(lane).to_string()
}

/// The function that feeds a lane, and the name its items have it by.
pub(crate) fn function_of(lane: &str) -> &str {
    lane.split_once('@').map_or(lane, |(function, _)| function)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(items: &[&[u8]]) -> Chunk {
        let head = ChunkHead {
            flow: "frames".to_string(),
            term: 3,
            lane: "camera@berlin".to_string(),
            born: 1,
            wait_ms: 0,
        };
        Chunk { head, first: 7, items: items.iter().map(|item| item.to_vec()).collect() }
    }

    #[test]
    fn chunks_are_read_as_they_were_written_or_not_at_all() {
        for items in [&[][..], &[b"".as_slice()], &[b"one", b"", b"three"]] {
            let chunk = chunk(items);
            let bytes = chunk.encode();
            assert_eq!(Chunk::decode(&bytes).expect("it is whole"), chunk);
            for cut in 0..bytes.len() {
                assert!(Chunk::decode(&bytes[..cut]).is_err(), "cut at {cut}");
            }
            let more = [&bytes[..], b"x"].concat();
            assert!(Chunk::decode(&more).is_err());
            for at in 0..bytes.len() {
                let mut hurt = bytes.clone();
                hurt[at] ^= 0x10;
                let read = Chunk::decode(&hurt).ok();
                // The head has no checksum; items and their numbers do.
                assert!(read.is_none_or(|read| read.items == chunk.items), "hurt at {at}");
            }
        }
    }

    #[test]
    fn lanes_have_a_name_at_home_and_one_abroad() {
        for (home, node, name) in
            [("camera", "berlin", "camera@berlin"), ("camera@paris", "berlin", "camera@paris")]
        {
            assert_eq!(abroad(home, node), name);
            assert_eq!(at_home(name, node), home);
            assert_eq!(function_of(home), "camera");
        }
    }
}
