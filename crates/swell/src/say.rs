//! Words for the person, on the standard error: notes, progress, letters.
//!
//! Nobody may be listening any more (a closed pipe); that is no reason to fail.

use std::fmt::Display;
use std::io::{self, Write};

/// Says one line.
pub fn say(line: impl Display) {
    // A person who has left needs no word that they have left.
    let _ = writeln!(io::stderr(), "{line}");
}
