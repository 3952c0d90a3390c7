//! Bytes that a leader fetches from the data store for its members: once, however many wait.

use std::collections::BTreeMap;

use crate::cachegroup::desk::Desk;
use crate::cachegroup::message::Message;
use crate::cachegroup::names::{ContentId, Digest, GroupId, NodeId, Ticket, Version};
use crate::cachegroup::store_message::{StoreReply, StoreRequest};
use crate::time::Instant;

/// So many versions are fetched at a time; for others members go to the data store themselves.
pub const RELAYS_MAX: usize = 256;
/// So many wait for one of them.
pub const WAITING_MAX: usize = 64;

/// The operation of a node under which it fetches for others; callers have smaller ones.
const RELAYING: u64 = u64::MAX;

/// What is on its way through a leader.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Relays {
    open: BTreeMap<(ContentId, Version), Relay>,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Relay {
    waiting: Vec<(NodeId, Ticket)>,
    /// When those who wait go to the data store themselves, at the latest.
    due: Instant,
}

impl Relays {
    /// Fetches a version for a member, with others if it is under way; false if there is no
    /// room for one more.
    pub fn begin<R>(
        &mut self,
        desk: &mut Desk<'_, R>,
        member: NodeId,
        ticket: Ticket,
        content: ContentId,
        version: Version,
    ) -> bool {
        if self.open.len() >= RELAYS_MAX {
            self.open.retain(|_, relay| relay.due > desk.now);
        }
        let key = (content, version);
        let open = self.open.get_mut(&key).filter(|relay| relay.due > desk.now);
        if let Some(relay) = open {
            let is_new = !relay.waiting.contains(&(member, ticket));
            if is_new && relay.waiting.len() < WAITING_MAX {
                relay.waiting.push((member, ticket));
            }
            return relay.waiting.contains(&(member, ticket));
        }
        if self.open.len() >= RELAYS_MAX {
            return false;
        }
        let due = desk.now + desk.timing.store_timeout;
        self.open.insert(key, Relay { waiting: vec![(member, ticket)], due });
        let ticket = Ticket { incarnation: desk.incarnation, number: RELAYING };
        desk.store(StoreRequest::Fetch { ticket, content, version });
        true
    }

    /// Passes on what the data store answered.
    pub fn on_store<R>(&mut self, desk: &mut Desk<'_, R>, group: GroupId, reply: &StoreReply) {
        let (ticket, content, version, digest) = match *reply {
            StoreReply::Fetched { ticket, content, version, digest } => {
                (ticket, content, version, Some(digest))
            }
            StoreReply::NotFound { ticket, content, version } => (ticket, content, version, None),
            StoreReply::Unavailable { ref request } => match **request {
                StoreRequest::Fetch { ticket, content, version } => {
                    (ticket, content, version, None)
                }
                _ => return,
            },
            _ => return,
        };
        if ticket == (Ticket { incarnation: desk.incarnation, number: RELAYING })
            && let Some(relay) = self.open.remove(&(content, version))
        {
            for (member, ticket) in relay.waiting {
                desk.send(member, group, answer(ticket, content, version, digest));
            }
        }
    }
}

fn answer(ticket: Ticket, content: ContentId, version: Version, digest: Option<Digest>) -> Message {
    match digest {
        Some(digest) => Message::Data { ticket, content, version, digest },
        None => Message::Gone { ticket, content, version },
    }
}
