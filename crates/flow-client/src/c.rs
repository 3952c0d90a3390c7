//! What the two ends of the boundary to C have in common, as `include/swell_flow.h` says it.
//!
//! Each block of unsafe code relies on what that header asks of the caller: pointers are null or
//! valid, texts end with a zero, and a handle is used by one thread at a time and not after it
//! was closed. Null is refused; a panic does not cross.
#![expect(unsafe_code, reason = "pointers of C; each block lists what it relies on")]

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char, c_int};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use crate::error::ClientError;

pub(crate) const OK: c_int = 0;
pub(crate) const EMPTY: c_int = 1;
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

/// What went wrong, as a number, and in words for [`swell_error`].
pub(crate) enum Failure {
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
pub(crate) fn text(words: &str) -> CString {
    CString::new(words.replace('\0', " ")).expect("it has no zeros any more")
}

/// Does something that must not panic into C; its failure is remembered.
pub(crate) fn guard(act: impl FnOnce() -> Result<c_int, Failure>) -> c_int {
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

pub(crate) fn limit(millis: i64) -> Option<Duration> {
    u64::try_from(millis).ok().map(Duration::from_millis)
}

/// Without end means: longer than anybody waits.
pub(crate) fn patience(millis: i64) -> Duration {
    limit(millis).unwrap_or(Duration::from_secs(1 << 30))
}

/// # Safety
///
/// `words` is null, or a text that ends with a zero and stays as it is during the call.
pub(crate) unsafe fn read<'a>(words: *const c_char) -> Result<&'a str, Failure> {
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
pub(crate) unsafe fn handle<'a, T>(handle: *mut T) -> Result<&'a mut T, Failure> {
    // SAFETY: it is null or a value of ours that nobody else uses, as the caller vouches.
    unsafe { handle.as_mut() }.ok_or(Failure::Argument("the handle is null"))
}

/// # Safety
///
/// `data` is null with a `length` of 0, or `length` values that stay as they are during the call.
pub(crate) unsafe fn slice<'a, T>(data: *const T, length: usize) -> Result<&'a [T], Failure> {
    let bytes = length.checked_mul(size_of::<T>()).and_then(|bytes| isize::try_from(bytes).ok());
    if data.is_null() && length > 0 || bytes.is_none() {
        return Err(Failure::Argument("the data is null, or too long"));
    }
    if length == 0 {
        return Ok(&[]);
    }
    // SAFETY: these are `length` values that nobody writes meanwhile, as the caller vouches; that
    // they are not null and not too long was looked at.
    Ok(unsafe { std::slice::from_raw_parts(data, length) })
}

/// Why the last call of this thread failed, in words; there until its next call.
#[unsafe(no_mangle)]
pub extern "C" fn swell_error() -> *const c_char {
    ERROR.with(|error| error.borrow().as_ptr())
}
