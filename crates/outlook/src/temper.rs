//! What sites go by, unless they are told otherwise.

use swell_core::council::propose::Temper;
use swell_core::time::Span;

/// How long a slot is. A site hears of what was used when a slot is over: with slots of five minutes
/// a threshold that waits for three notices a crowd sooner.
pub const SLOT: Span = Span::from_mins(2);

/// How easily a site proposes. The alarm lies well below the limit: a start takes as long as a slot,
/// and a site that waits until the middle of its forecast is at the limit is above it meanwhile.
pub const TEMPER: Temper =
    Temper { ahead_slots: 6, alarm_ppm: 820_000, aim_ppm: 700_000, window_slots: 4 };
