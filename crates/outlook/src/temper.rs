//! How easily a site proposes, unless it is told otherwise.

use swell_core::council::propose::Temper;

/// How easily a site proposes, unless it is told otherwise.
pub const TEMPER: Temper =
    Temper { ahead_slots: 6, alarm_ppm: 845_000, aim_ppm: 700_000, window_slots: 4 };
