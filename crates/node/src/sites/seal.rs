//! The seal of a call that one node of a cluster passes on to the gateway of another: what it tells
//! its function (of which item it is, how many calls led to it) is believed with this seal alone, as
//! anybody can call a gateway and say so.
//!
//! It is a code over path and headers (HMAC-SHA-256, RFC 2104) with a key that all sites of a cluster
//! were invited with. It does not cover the body: whoever can read and change what sites pass on needs
//! to be kept out by TLS at their gateways.

use http::{HeaderMap, HeaderName, HeaderValue};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::later::TOLD;

/// How often a call was passed on. Anybody may say so: it only bounds how often it is passed on.
pub const HOPS: HeaderName = HeaderName::from_static("x-swell-hops");
/// Holds the seal; taken off before a function sees the call.
pub const SEAL: HeaderName = HeaderName::from_static("x-swell-seal");

/// Bytes that the digest works on at a time.
const BLOCK: usize = 64;

/// What calls between the sites of a cluster are sealed with.
#[derive(Clone, PartialEq, Eq)]
pub struct Key([u8; 32]);

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Key")
    }
}

/// A new key, as text.
pub fn draw() -> String {
    let half = || uuid::Uuid::new_v4().simple().to_string();
    half() + &half()
}

impl Key {
    /// The key that this text is made of; nothing if there is none.
    pub fn of(text: &str) -> Option<Self> {
        (!text.is_empty()).then(|| Self(Sha256::digest(text.as_bytes()).into()))
    }

    /// Seals a call of this path with these headers.
    pub fn seal(&self, path: &str, headers: &mut HeaderMap) {
        let seal = HeaderValue::from_str(&self.code(path, headers));
        headers.insert(SEAL, seal.expect("it is of hexadecimal digits"));
    }

    /// Whether a call was sealed so.
    pub fn holds(&self, path: &str, headers: &HeaderMap) -> bool {
        let expected = self.code(path, headers);
        let seal = headers.get(SEAL).map(HeaderValue::as_bytes);
        seal.is_some_and(|seal| bool::from(seal.ct_eq(expected.as_bytes())))
    }

    fn code(&self, path: &str, headers: &HeaderMap) -> String {
        let mut message = Vec::new();
        let mut put = |part: &[u8]| {
            message.extend((part.len() as u64).to_le_bytes());
            message.extend(part);
        };
        put(path.as_bytes());
        for name in [HOPS].iter().chain(&TOLD) {
            for value in headers.get_all(name) {
                put(name.as_str().as_bytes());
                put(value.as_bytes());
            }
        }
        let code = hmac(&self.0, &message);
        code.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// HMAC-SHA-256 with a key that is no longer than a block.
fn hmac(key: &[u8], message: &[u8]) -> [u8; 32] {
    let pad = |with: u8| {
        let mut block = [with; BLOCK];
        block.iter_mut().zip(key).for_each(|(byte, key)| *byte ^= key);
        block
    };
    let inner = Sha256::new().chain_update(pad(0x36)).chain_update(message).finalize();
    Sha256::new().chain_update(pad(0x5c)).chain_update(inner).finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_code_is_that_of_the_standard() {
        // RFC 4231, test cases 1 and 2.
        for (key, message, expected) in [
            (
                &[0x0b; 20][..],
                &b"Hi There"[..],
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
        ] {
            let code: String = hmac(key, message).iter().map(|b| format!("{b:02x}")).collect();
            assert_eq!(code, expected);
        }
    }

    #[test]
    fn what_was_not_sealed_so_is_not_believed() {
        let (key, path) = (Key::of(&draw()).expect("it is one"), "/function/detect?x=1");
        let mut headers = HeaderMap::new();
        headers.insert(HOPS, HeaderValue::from_static("1"));
        headers.insert("x-swell-item", HeaderValue::from_static("camera@oslo/17"));
        assert!(!key.holds(path, &headers), "there is none");
        key.seal(path, &mut headers);
        assert!(key.holds(path, &headers));
        headers.insert("accept", HeaderValue::from_static("text/plain"));
        assert!(key.holds(path, &headers), "that is the caller's");
        assert!(!key.holds("/function/other", &headers));
        assert!(!Key::of(&draw()).expect("it is one").holds(path, &headers));
        for (name, value) in [
            ("x-swell-item", "camera@oslo/18"),
            ("x-swell-hops", "2"),
            ("x-swell-depth", "3"),
            ("x-swell-seal", "17"),
        ] {
            let mut forged = headers.clone();
            forged.insert(name, HeaderValue::from_static(value));
            assert!(!key.holds(path, &forged), "{name}");
        }
        headers.append("x-swell-item", HeaderValue::from_static("camera@oslo/17"));
        assert!(!key.holds(path, &headers), "said twice");
        assert_eq!(Key::of(""), None);
    }
}
