//! Ctrl-C, turned into a flag that the work looks at now and then.
//!
//! The first press asks for an orderly end, with what is done so far printed; the second
//! ends at once.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::error::Letter;
use crate::say::say;

static ASKED: AtomicBool = AtomicBool::new(false);

/// Starts listening. Call it once.
pub fn listen() -> Result<&'static AtomicBool, Letter> {
    let on_press = || {
        if ASKED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        say("\nstopping; press again to leave at once");
    };
    ctrlc::set_handler(on_press)
        .map_err(|error| Letter::failed(format!("cannot listen for Ctrl-C: {error}")))?;
    Ok(&ASKED)
}
