//! A message with what goes beside it, and many of them as the body of one request.

use bytes::{BufMut, Bytes, BytesMut};
use serde::{Deserialize, Serialize};

use swell_core::cachegroup::message::{Envelope, Message};
use swell_core::cachegroup::names::ContentId;

use crate::blob::digest;
use crate::naming::ContentName;

/// A message on its way, with the bytes that belong to it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// The message.
    pub envelope: Envelope,
    /// What its content is called, if the sender knows.
    pub name: Option<ContentName>,
    /// The bytes of the version it is about, if it brings them.
    pub bytes: Option<Bytes>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    envelope: Envelope,
    name: Option<ContentName>,
    has_bytes: bool,
}

impl Parcel {
    /// How long it is on the wire, about.
    pub fn length(&self) -> usize {
        256 + self.bytes.as_ref().map_or(0, Bytes::len)
    }

    /// Appends it to a body.
    pub fn write(&self, body: &mut BytesMut) {
        let has_bytes = self.bytes.is_some();
        let head = Head { envelope: self.envelope.clone(), name: self.name.clone(), has_bytes };
        let head = postcard::to_allocvec(&head).expect("messages always become bytes");
        let bytes = self.bytes.as_deref().unwrap_or_default();
        body.put_u32(u32::try_from(head.len()).expect("heads are short"));
        body.put_u32(u32::try_from(bytes.len()).expect("bodies are bounded"));
        body.put_slice(&head);
        body.put_slice(bytes);
    }

    /// The parcels of a body; nothing if it is not whole, or a name is not that of its content.
    /// What a message says of the bytes it brings is replaced by what they are.
    pub fn read_all(mut body: Bytes) -> Option<Vec<Parcel>> {
        let mut parcels = Vec::new();
        while !body.is_empty() {
            let lengths = body.get(..8)?;
            let (head, bytes) = lengths.split_at(4);
            let head = u32::from_be_bytes(head.try_into().ok()?) as usize;
            let bytes = u32::from_be_bytes(bytes.try_into().ok()?) as usize;
            if body.len() < 8_usize.checked_add(head)?.checked_add(bytes)? {
                return None;
            }
            let _ = body.split_to(8);
            let head = body.split_to(head);
            let bytes = body.split_to(bytes);
            let Head { mut envelope, name, has_bytes } = postcard::from_bytes(&head).ok()?;
            let content = content_of(&envelope.message);
            if name.as_ref().is_some_and(|name| Some(name.id()) != content) {
                return None;
            }
            let bytes = has_bytes.then_some(bytes);
            if let Message::Data { digest: told, .. } = &mut envelope.message {
                *told = digest(bytes.as_deref()?);
            }
            parcels.push(Parcel { envelope, name, bytes });
        }
        Some(parcels)
    }
}

/// The content that a message is about; those between voters are about none.
pub fn content_of(message: &Message) -> Option<ContentId> {
    match message {
        Message::Ask { content, .. }
        | Message::Fresh { content, .. }
        | Message::GoTo { content, .. }
        | Message::Store { content, .. }
        | Message::Locked { content, .. }
        | Message::NotLeader { content, .. }
        | Message::Moved { content, .. }
        | Message::Missing { content, .. }
        | Message::Pull { content, .. }
        | Message::Data { content, .. }
        | Message::Gone { content, .. }
        | Message::Lock { content, .. }
        | Message::Grant { content, .. }
        | Message::Renew { content, .. }
        | Message::Free { content, .. }
        | Message::Acknowledged { content, .. }
        | Message::Abort { content, .. }
        | Message::Coming { content, .. }
        | Message::Forward { content, .. }
        | Message::Give { content, .. }
        | Message::Copied { content, .. } => Some(*content),
        Message::Copy { copy } => Some(copy.content),
        Message::Lease { .. }
        | Message::Promise { .. }
        | Message::Refusal { .. }
        | Message::Change { .. }
        | Message::Changed { .. }
        | Message::Unchanged { .. }
        | Message::Convene
        | Message::Which { .. }
        | Message::Popular { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use swell_core::cachegroup::names::{Digest, NodeId, Ticket, Version};

    fn parcel(name: &ContentName, bytes: Option<Bytes>) -> Parcel {
        let (content, version) = (name.id(), Version::NEVER);
        let ticket = Ticket { incarnation: 1, number: 2 };
        let message = Message::Data { ticket, content, version, digest: Digest([0; 32]) };
        let (from, to, group) = (NodeId(1), NodeId(2), name.group());
        let envelope = Envelope { from, to, group, message };
        Parcel { envelope, name: Some(name.clone()), bytes }
    }

    #[test]
    fn parcels_arrive_whole_or_not_at_all() {
        let name = ContentName::new("shop", "a").expect("a name");
        let mut body = BytesMut::new();
        let sent = parcel(&name, Some(Bytes::from_static(b"bytes")));
        sent.write(&mut body);
        sent.write(&mut body);
        let body = body.freeze();
        let arrived = Parcel::read_all(body.clone()).expect("they are whole");
        assert_eq!(arrived.len(), 2);
        assert_eq!(arrived[1].bytes, sent.bytes);
        let Message::Data { digest: told, .. } = arrived[1].envelope.message else {
            panic!("another message arrived")
        };
        assert_eq!(told, digest(b"bytes"), "made of what arrived");
        for end in [1, 7, 8, 20, body.len() - 1] {
            assert_eq!(Parcel::read_all(body.slice(..end)), None, "{end}");
        }
    }

    #[test]
    fn a_name_of_another_content_is_refused() {
        let name = ContentName::new("shop", "a").expect("a name");
        let other = ContentName::new("shop", "b").expect("a name");
        let mut body = BytesMut::new();
        let wrong = Parcel { name: Some(other), ..parcel(&name, Some(Bytes::new())) };
        wrong.write(&mut body);
        assert_eq!(Parcel::read_all(body.freeze()), None);
    }
}
