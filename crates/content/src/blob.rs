//! The bytes of a version as they are kept and sent: the media type and when the version was made in
//! a head of fixed length, so that the length of the body follows from that of the whole, then the
//! body. The digest of the protocol is over all of it.

use bytes::{Bytes, BytesMut};
use sha2::{Digest as _, Sha256};

use swell_core::cachegroup::names::{Digest, Payload};

/// The head: one byte for the length of the media type, the type, zeros; its last nine bytes say
/// when the version was made, if the type leaves room.
pub const HEAD_BYTES: usize = 96;

/// The longest media type.
pub const MEDIA_TYPE_BYTES_MAX: usize = HEAD_BYTES - 1;

/// Where a head that says when its version was made has this mark, and eight bytes after it.
const MADE_PLACE: usize = HEAD_BYTES - 9;
const MADE_MARK: u8 = 1;

/// The type of what came without one.
pub const MEDIA_TYPE_DEFAULT: &str = "application/octet-stream";

/// The bytes of a version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob(Bytes);

impl Blob {
    /// A body of a media type; nothing if the type is longer than there is room for.
    pub fn new(media_type: &str, body: &[u8]) -> Option<Self> {
        let length = u8::try_from(media_type.len()).ok()?;
        if media_type.len() > MEDIA_TYPE_BYTES_MAX {
            return None;
        }
        let mut whole = BytesMut::zeroed(HEAD_BYTES + body.len());
        whole[0] = length;
        whole[1..=media_type.len()].copy_from_slice(media_type.as_bytes());
        whole[HEAD_BYTES..].copy_from_slice(body);
        Some(Self(whole.freeze()))
    }

    /// The same, made at this time: milliseconds of the wall clock since 1970. A media type of more
    /// than 86 bytes leaves no room for that.
    pub fn made_at(self, wall_ms: u64) -> Self {
        if usize::from(self.0[0]) >= MADE_PLACE {
            return self;
        }
        let mut whole = BytesMut::from(&self.0[..]);
        whole[MADE_PLACE] = MADE_MARK;
        whole[MADE_PLACE + 1..HEAD_BYTES].copy_from_slice(&wall_ms.to_be_bytes());
        Self(whole.freeze())
    }

    /// When the version was made, by its writer's clock: milliseconds since 1970, if it says so.
    pub fn made_ms(&self) -> Option<u64> {
        let says = usize::from(self.0[0]) < MADE_PLACE && self.0[MADE_PLACE] == MADE_MARK;
        let bytes = self.0[MADE_PLACE + 1..HEAD_BYTES].try_into().expect("there are eight");
        says.then(|| u64::from_be_bytes(bytes))
    }

    /// What came from a disk or another node; nothing if it cannot be the bytes of a version.
    pub fn of_bytes(whole: Bytes) -> Option<Self> {
        let length = usize::from(*whole.first()?);
        let fits = whole.len() >= HEAD_BYTES && length <= MEDIA_TYPE_BYTES_MAX;
        (fits && std::str::from_utf8(&whole[1..=length]).is_ok()).then_some(Self(whole))
    }

    /// All of it.
    pub fn bytes(&self) -> &Bytes {
        &self.0
    }

    /// The body.
    pub fn body(&self) -> Bytes {
        self.0.slice(HEAD_BYTES..)
    }

    /// The media type.
    pub fn media_type(&self) -> &str {
        let length = usize::from(self.0[0]);
        std::str::from_utf8(&self.0[1..=length]).expect("it was looked at when it was made")
    }

    /// What the protocol says of it.
    pub fn payload(&self) -> Payload {
        let size = swell_core::units::Bytes::new(self.0.len() as u64);
        Payload { digest: digest(&self.0), size }
    }
}

/// The digest of bytes.
pub fn digest(bytes: &[u8]) -> Digest {
    Digest(Sha256::digest(bytes).into())
}

/// How long the body of a version is.
pub fn body_length(payload: &Payload) -> u64 {
    payload.size.get().saturating_sub(HEAD_BYTES as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_blob_is_what_it_was_made_of() {
        let blob = Blob::new("text/plain", b"hello").expect("it fits");
        assert_eq!((blob.media_type(), &blob.body()[..]), ("text/plain", &b"hello"[..]));
        assert_eq!(body_length(&blob.payload()), 5);
        assert_eq!(Blob::of_bytes(blob.bytes().clone()), Some(blob.clone()));
        assert!(Blob::new(&"x".repeat(MEDIA_TYPE_BYTES_MAX), b"").is_some());
        assert!(Blob::new(&"x".repeat(MEDIA_TYPE_BYTES_MAX + 1), b"").is_none());
    }

    #[test]
    fn a_blob_says_when_it_was_made_where_there_is_room() {
        let made = |length: usize| {
            let blob = Blob::new(&"x".repeat(length), b"body").expect("it fits").made_at(1 << 40);
            assert_eq!((blob.media_type().len(), &blob.body()[..]), (length, &b"body"[..]));
            Blob::of_bytes(blob.bytes().clone()).expect("it is one").made_ms()
        };
        let most = MADE_PLACE - 1;
        assert_eq!([0, most].map(made), [Some(1 << 40); 2]);
        assert_eq!([most + 1, MEDIA_TYPE_BYTES_MAX].map(made), [None; 2]);
        assert_eq!(Blob::new("text/plain", b"").expect("it fits").made_ms(), None);
    }

    #[test]
    fn what_is_no_blob_is_not_taken_for_one() {
        assert_eq!(Blob::of_bytes(Bytes::new()), None);
        assert_eq!(Blob::of_bytes(Bytes::from_static(b"short")), None);
        let mut bytes = vec![0; HEAD_BYTES];
        bytes[0] = 255;
        assert_eq!(Blob::of_bytes(bytes.clone().into()), None, "a type longer than its room");
        (bytes[0], bytes[1]) = (1, 0xff);
        assert_eq!(Blob::of_bytes(bytes.into()), None, "a type that is no text");
    }
}
