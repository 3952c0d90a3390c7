//! Taking items out from C; see `c` for what each block of unsafe code relies on.
#![expect(unsafe_code, reason = "pointers of C; each block lists what it relies on")]

use std::ffi::{CString, c_char, c_int, c_void};
use std::ptr;

use crate::c::{EMPTY, Failure, OK, guard, handle, limit, patience, read, text};
use crate::consumer::Consumer;
use crate::item::Received;

/// An item, as C sees it.
#[repr(C)]
pub struct SwellItem {
    data: *const c_void,
    length: usize,
    from: *const c_char,
    sequence: u64,
    media_type: *const c_char,
    put_us: u64,
}

/// A consumer with what the items point to that it gave last.
pub struct SwellConsumer {
    consumer: Consumer,
    given: Vec<Given>,
}

/// What an item points to.
struct Given {
    payload: Vec<u8>,
    from: CString,
    media_type: CString,
}

impl SwellConsumer {
    /// Keeps an item; what it looks like to C.
    fn keep(&mut self, received: Received) -> SwellItem {
        let Received { from, sequence, media_type, put_us, payload } = received;
        let given = Given { payload, from: text(&from), media_type: text(&media_type) };
        let item = SwellItem {
            data: given.payload.as_ptr().cast(),
            length: given.payload.len(),
            from: given.from.as_ptr(),
            sequence,
            media_type: given.media_type.as_ptr(),
            put_us,
        };
        // What it points to lies on the heap, so it stays where it is.
        self.given.push(given);
        item
    }
}

/// Connects as a consumer; null on failure.
///
/// # Safety
///
/// The texts are null or end with a zero.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swell_consumer_connect(
    socket: *const c_char,
    flow: *const c_char,
    name: *const c_char,
    patience_ms: i64,
) -> *mut SwellConsumer {
    let mut made = ptr::null_mut();
    guard(|| {
        // SAFETY: the caller vouches for the texts.
        let (socket, flow, name) = unsafe { (read(socket)?, read(flow)?, read(name)?) };
        let consumer = Consumer::connect(socket, flow, name, patience(patience_ms))?;
        made = Box::into_raw(Box::new(SwellConsumer { consumer, given: Vec::new() }));
        Ok(OK)
    });
    made
}

/// Takes an item out, as a copy.
///
/// # Safety
///
/// `consumer` is null or a consumer that was not closed and is used by nobody else; `item` is
/// null or room for an item.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swell_consumer_pop(
    consumer: *mut SwellConsumer,
    item: *mut SwellItem,
    timeout_ms: i64,
) -> c_int {
    guard(|| {
        // SAFETY: the caller vouches for both.
        let (consumer, room) = unsafe { (handle(consumer)?, handle(item)?) };
        let Some(received) = consumer.consumer.pop(limit(timeout_ms))? else { return Ok(EMPTY) };
        consumer.given.clear();
        *room = consumer.keep(received);
        Ok(OK)
    })
}

/// Takes items out, as copies.
///
/// # Safety
///
/// `consumer` is null or a consumer that was not closed and is used by nobody else; `items` is null,
/// or room for `max` items; `count` is null or room for a number.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swell_consumer_pop_batch(
    consumer: *mut SwellConsumer,
    items: *mut SwellItem,
    max: usize,
    count: *mut usize,
    timeout_ms: i64,
) -> c_int {
    guard(|| {
        // SAFETY: the caller vouches for both.
        let (consumer, count) = unsafe { (handle(consumer)?, handle(count)?) };
        *count = 0;
        if items.is_null() || max == 0 {
            return Err(Failure::Argument("there is no room for items"));
        }
        let received = consumer.consumer.pop_batch(max, limit(timeout_ms))?;
        consumer.given.clear();
        for (place, received) in received.into_iter().enumerate() {
            let item = consumer.keep(received);
            // SAFETY: there is room for `max` items, as the caller vouches, and no more than that
            // were taken out.
            unsafe { items.add(place).write(item) };
            *count += 1;
        }
        Ok(if *count == 0 { EMPTY } else { OK })
    })
}

/// Takes an item out, where it lies.
///
/// # Safety
///
/// `consumer` is null or a consumer that was not closed and is used by nobody else; `item` is
/// null or room for an item.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swell_consumer_peek(
    consumer: *mut SwellConsumer,
    item: *mut SwellItem,
    timeout_ms: i64,
) -> c_int {
    guard(|| {
        // SAFETY: the caller vouches for both.
        let (consumer, room) = unsafe { (handle(consumer)?, handle(item)?) };
        let SwellConsumer { consumer, given } = consumer;
        let Some(peeked) = consumer.peek(limit(timeout_ms))? else { return Ok(EMPTY) };
        given.clear();
        given.push(Given {
            payload: Vec::new(),
            from: text(peeked.from()),
            media_type: text(peeked.media_type()),
        });
        let Given { from, media_type, .. } = &given[0];
        *room = SwellItem {
            data: peeked.as_ptr().cast(),
            length: peeked.length(),
            from: from.as_ptr(),
            sequence: peeked.sequence(),
            media_type: media_type.as_ptr(),
            put_us: peeked.put_us(),
        };
        Ok(OK)
    })
}

/// Declares all items that were given out done with.
///
/// # Safety
///
/// `consumer` is null or a consumer that was not closed and is used by nobody else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swell_consumer_done(consumer: *mut SwellConsumer) -> c_int {
    guard(|| {
        // SAFETY: the caller vouches for the handle.
        match unsafe { handle(consumer)? }.consumer.done() {
            true => Ok(OK),
            false => Err(Failure::Revoked),
        }
    })
}

/// Closes a consumer; null is nothing.
///
/// # Safety
///
/// `consumer` is null or a consumer that was not closed and is used by nobody else.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn swell_consumer_close(consumer: *mut SwellConsumer) {
    if !consumer.is_null() {
        // SAFETY: it came from `Box::into_raw`, and nobody uses it any more, as the caller
        // vouches.
        let consumer = unsafe { Box::from_raw(consumer) };
        guard(|| {
            drop(consumer);
            Ok(OK)
        });
    }
}
