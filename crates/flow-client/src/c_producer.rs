//! Putting items in from C; see `c` for what each block of unsafe code relies on.
#![expect(unsafe_code, reason = "pointers of C; each block lists what it relies on")]

use std::ffi::{c_char, c_int, c_void};
use std::ptr;

use crate::c::{Failure, OK, guard, handle, limit, patience, read, slice};
use crate::producer::Producer;

/// Bytes to be put in, as C has them.
#[repr(C)]
pub struct SwellPiece {
    data: *const c_void,
    length: usize,
}

/// Connects as a producer; null on failure.
///
/// # Safety
///
/// The texts are null or end with a zero.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swell_producer_connect(
    socket: *const c_char,
    flow: *const c_char,
    name: *const c_char,
    patience_ms: i64,
) -> *mut Producer {
    let mut made = ptr::null_mut();
    guard(|| {
        // SAFETY: the caller vouches for the texts.
        let (socket, flow, name) = unsafe { (read(socket)?, read(flow)?, read(name)?) };
        let producer = Producer::connect(socket, flow, name, patience(patience_ms))?;
        made = Box::into_raw(Box::new(producer));
        Ok(OK)
    });
    made
}

/// Puts an item in.
///
/// # Safety
///
/// `producer` is null or a producer that was not closed and is used by nobody else; `data` is
/// null with a `length` of 0, or `length` bytes that stay as they are during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swell_producer_push(
    producer: *mut Producer,
    data: *const c_void,
    length: usize,
    timeout_ms: i64,
) -> c_int {
    guard(|| {
        // SAFETY: the caller vouches for the handle.
        let producer = unsafe { handle(producer)? };
        // SAFETY: the caller vouches for the bytes.
        let item = unsafe { slice(data.cast::<u8>(), length)? };
        producer.push(item, limit(timeout_ms))?;
        Ok(OK)
    })
}

/// Puts items in, as many together as there is room for.
///
/// # Safety
///
/// `producer` is null or a producer that was not closed and is used by nobody else; `items` is null
/// with a `count` of 0, or `count` pieces, each null with a length of 0 or as many bytes; all of that
/// stays as it is during the call.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swell_producer_push_batch(
    producer: *mut Producer,
    items: *const SwellPiece,
    count: usize,
    timeout_ms: i64,
) -> c_int {
    guard(|| {
        // SAFETY: the caller vouches for the handle, and for the pieces.
        let (producer, pieces) = unsafe { (handle(producer)?, slice(items, count)?) };
        let items: Result<Vec<&[u8]>, Failure> = pieces
            .iter()
            // SAFETY: the caller vouches for the bytes of each.
            .map(|piece| unsafe { slice(piece.data.cast::<u8>(), piece.length) })
            .collect();
        producer.push_batch(items?, limit(timeout_ms))?;
        Ok(OK)
    })
}

/// Waits until the node has accepted all that was pushed.
///
/// # Safety
///
/// `producer` is null or a producer that was not closed and is used by nobody else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swell_producer_flush(producer: *mut Producer, timeout_ms: i64) -> c_int {
    guard(|| {
        // SAFETY: the caller vouches for the handle.
        unsafe { handle(producer)? }.flush(limit(timeout_ms))?;
        Ok(OK)
    })
}

/// The number that the next item gets; 0 for null.
///
/// # Safety
///
/// `producer` is null or a producer that was not closed and is used by nobody else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swell_producer_next(producer: *const Producer) -> u64 {
    // SAFETY: the caller vouches for the handle.
    unsafe { producer.as_ref() }.map_or(0, Producer::next)
}

/// Closes a producer; null is nothing.
///
/// # Safety
///
/// `producer` is null or a producer that was not closed and is used by nobody else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swell_producer_close(producer: *mut Producer) {
    if !producer.is_null() {
        // SAFETY: it came from `Box::into_raw`, and nobody uses it any more, as the caller
        // vouches.
        let producer = unsafe { Box::from_raw(producer) };
        guard(|| {
            drop(producer);
            Ok(OK)
        });
    }
}
