//! What people know in advance, read from what they have: calendars and tables.

pub mod letter;
pub mod announced;
pub mod pattern;
pub mod zone_names;
pub mod zone;
pub mod moment;
pub mod forward;
pub mod repeats;
pub mod occasion;
pub mod reading;
pub mod table;
pub mod entry;
pub mod ics;
pub mod grid;
pub mod plan;
pub mod dates;
