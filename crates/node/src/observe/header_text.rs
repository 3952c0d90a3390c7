//! Short header values made for every request: cut from a block that each thread keeps, so
//! that neither making one nor sharing it asks for memory.
//!
//! A block lives as long as a value cut from it; blocks are small, so that one value kept
//! for long keeps little else.

use std::cell::RefCell;

use bytes::{Bytes, BytesMut};
use http::HeaderValue;

const BLOCK_BYTES: usize = 2048;

thread_local! {
    static BLOCK: RefCell<BytesMut> = RefCell::default();
}

/// A header value of these bytes, which must be visible ASCII and shorter than a block.
pub(crate) fn value(text: &[u8]) -> HeaderValue {
    let shared: Bytes = BLOCK.with_borrow_mut(|block| {
        if block.capacity() < text.len() {
            *block = BytesMut::with_capacity(BLOCK_BYTES.max(text.len()));
        }
        block.extend_from_slice(text);
        block.split().freeze()
    });
    HeaderValue::from_maybe_shared(shared).expect("the text is visible ASCII")
}

/// Writes `number` as lower-case hexadecimal digits over the whole of `out`.
pub(crate) fn hexadecimal(mut number: u128, out: &mut [u8]) {
    for digit in out.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(number & 0xf) as usize];
        number >>= 4;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_hold_their_text_across_blocks() {
        let texts: Vec<String> = (0..500).map(|number| format!("value-{number}")).collect();
        let values: Vec<_> = texts.iter().map(|text| value(text.as_bytes())).collect();
        for (text, value) in texts.iter().zip(&values) {
            assert_eq!(value.as_bytes(), text.as_bytes());
        }
    }

    #[test]
    fn digits_fill_their_place() {
        let mut out = [0; 6];
        hexadecimal(0x1a2f, &mut out);
        assert_eq!(&out, b"001a2f");
    }
}
