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
    listen_and(|| {})
}

/// The same; the first press also does what `act` says, for work that sleeps.
pub fn listen_and(act: impl Fn() + Send + 'static) -> Result<&'static AtomicBool, Letter> {
    let on_press = move || {
        if ASKED.swap(true, Ordering::Relaxed) {
            std::process::exit(130);
        }
        say("\nstopping; press again to leave at once");
        act();
    };
    ctrlc::set_handler(on_press)
        .map_err(|error| Letter::failed(format!("cannot listen for Ctrl-C: {error}")))?;
    Ok(&ASKED)
}
