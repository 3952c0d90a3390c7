//! The boundary to C, as `include/swell_flow.h` says it.
//!
//! Each block of unsafe code relies on what that header asks of the caller: pointers are null or
//! valid, texts end with a zero, and a handle is used by one thread at a time and not after it
//! was closed. Null is refused; a panic does not cross.
#![expect(unsafe_code, reason = "pointers of C; each block lists what it relies on")]

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::time::Duration;

use crate::consumer::Consumer;
use crate::error::ClientError;
use crate::producer::Producer;

const OK: c_int = 0;
const EMPTY: c_int = 1;
const FULL: c_int = 2;
const TOO_LARGE: c_int = 3;
const REFUSED: c_int = 4;
const DOWN: c_int = 5;
const LATE: c_int = 6;
const REVOKED: c_int = 7;
const FAULT: c_int = 8;
const ARGUMENT: c_int = 9;

thread_local! {
    static ERROR: RefCell<CString> = RefCell::default();
}

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

/// A consumer with what its last item points to.
pub struct SwellConsumer {
    consumer: Consumer,
    payload: Vec<u8>,
    from: CString,
    media_type: CString,
}

/// What went wrong, as a number, and in words for [`swell_error`].
enum Failure {
    Argument(&'static str),
    Client(ClientError),
    Revoked,
}

impl From<ClientError> for Failure {
    fn from(error: ClientError) -> Self {
        Self::Client(error)
    }
}

impl Failure {
    fn code(&self) -> c_int {
        match self {
            Self::Argument(_) => ARGUMENT,
            Self::Revoked => REVOKED,
            Self::Client(error) => match error {
                ClientError::Refused { .. } => REFUSED,
                ClientError::Down { .. } => DOWN,
                ClientError::Full => FULL,
                ClientError::TooLarge { .. } => TOO_LARGE,
                ClientError::Late => LATE,
                ClientError::Fault(_) => FAULT,
            },
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Argument(why) => (*why).to_string(),
            Self::Revoked => "the flow went to another, which is given these items too".to_string(),
            Self::Client(error) => error.to_string(),
        }
    }
}

fn remember(words: String) {
    ERROR.with(|error| *error.borrow_mut() = text(&words));
}

/// A text without zeros in it.
fn text(words: &str) -> CString {
    CString::new(words.replace('\0', " ")).expect("it has no zeros any more")
}

/// Does something that must not panic into C; its failure is remembered.
fn guard(act: impl FnOnce() -> Result<c_int, Failure>) -> c_int {
    match catch_unwind(AssertUnwindSafe(act)) {
        Ok(Ok(code)) => code,
        Ok(Err(failure)) => {
            remember(failure.words());
            failure.code()
        }
        Err(_) => {
            remember("this library is broken; please report it".to_string());
            FAULT
        }
    }
}

fn limit(millis: i64) -> Option<Duration> {
    u64::try_from(millis).ok().map(Duration::from_millis)
}

/// Without end means: longer than anybody waits.
fn patience(millis: i64) -> Duration {
    limit(millis).unwrap_or(Duration::from_secs(1 << 30))
}

/// # Safety
///
/// `words` is null, or a text that ends with a zero and stays as it is during the call.
unsafe fn read<'a>(words: *const c_char) -> Result<&'a str, Failure> {
    if words.is_null() {
        return Err(Failure::Argument("a text is null"));
    }
    // SAFETY: it is a text that ends with a zero, as the caller vouches.
    let words = unsafe { CStr::from_ptr(words) };
    words.to_str().map_err(|_| Failure::Argument("a text is not UTF-8"))
}

/// # Safety
///
/// `handle` is null, or came from one of the functions that connect, was not closed, and is used
/// by nobody else during the call.
unsafe fn handle<'a, T>(handle: *mut T) -> Result<&'a mut T, Failure> {
    // SAFETY: it is null or a value of ours that nobody else uses, as the caller vouches.
    unsafe { handle.as_mut() }.ok_or(Failure::Argument("the handle is null"))
}

/// Why the last call of this thread failed, in words; there until its next call.
#[unsafe(no_mangle)]
pub extern "C" fn swell_error() -> *const c_char {
    ERROR.with(|error| error.borrow().as_ptr())
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
        if data.is_null() && length > 0 || isize::try_from(length).is_err() {
            return Err(Failure::Argument("the data is null, or too long"));
        }
        let item = if length == 0 {
            &[]
        } else {
            // SAFETY: these are `length` bytes that nobody writes meanwhile, as the caller
            // vouches; that they are not null and not too long was looked at.
            unsafe { std::slice::from_raw_parts(data.cast::<u8>(), length) }
        };
        producer.push(item, limit(timeout_ms))?;
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
        let (from, media_type) = (CString::default(), CString::default());
        made = Box::into_raw(Box::new(SwellConsumer {
            consumer,
            payload: Vec::new(),
            from,
            media_type,
        }));
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
        consumer.payload = received.payload;
        consumer.from = text(&received.from);
        consumer.media_type = text(&received.media_type);
        *room = SwellItem {
            data: consumer.payload.as_ptr().cast(),
            length: consumer.payload.len(),
            from: consumer.from.as_ptr(),
            sequence: received.sequence,
            media_type: consumer.media_type.as_ptr(),
            put_us: received.put_us,
        };
        Ok(OK)
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
        let SwellConsumer { consumer, from, media_type, .. } = consumer;
        let Some(peeked) = consumer.peek(limit(timeout_ms))? else { return Ok(EMPTY) };
        *from = text(peeked.from());
        *media_type = text(peeked.media_type());
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
