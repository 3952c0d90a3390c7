//! Which minute it is, counted from 1970 in the time of the mind, and which minutes are over.
//!
//! With a clock that goes faster than the wall, a minute is shorter on the wall by as much;
//! minutes are numbered so that they go on where an earlier run of the same speed stopped,
//! less the time between.
//!
//! Invariant: a minute that was measured in part only is not closed as measured. That holds
//! for the one in which the node came up, for those it slept through, and for those that a
//! clock set back shows twice.

/// Minutes that may be closed late: a busy machine wakes nobody to the millisecond.
const LATE_MAX: u64 = 5;

///
/// Where the counting stands.
#[derive(Debug, Clone)]
pub struct Timeline {
    speed: f64,
    /// The last minute that is over and dealt with, or is dealt with as a gap.
    last: u64,
    /// Whether the minute after that is counted from its beginning on.
    is_whole: bool,
}

/// What is to be done about the counts since the last look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// No minute ended.
    Nothing,
    /// These minutes ended, and the counts are theirs.
    Close {
        /// The first of them.
        first: u64,
        /// How many.
        count: u64,
    },
    /// The counts belong to minutes that were not measured whole: they are dropped.
    Drop,
    /// The clock was set back behind what is dealt with: nothing counts until it is past it.
    Behind,
}

impl Timeline {
    /// A timeline on which minutes up to `last` were dealt with by earlier runs.
    pub fn new(speed: f64, last: Option<u64>, wall_ms: u64) -> Self {
        let begun = minute(wall_ms, speed);
        Self { speed, last: last.map_or(begun, |last| last.max(begun)), is_whole: false }
    }

    /// The minute of a time of the wall, in milliseconds since 1970.
    pub fn minute(&self, wall_ms: u64) -> u64 {
        minute(wall_ms, self.speed)
    }

    /// When on the wall a minute begins, in milliseconds since 1970.
    pub fn wall_ms(&self, minute: u64) -> u64 {
        (minute as f64 * 60_000.0 / self.speed).ceil() as u64
    }

    /// Takes note of the time.
    pub fn turn(&mut self, wall_ms: u64) -> Turn {
        let open = self.minute(wall_ms);
        if open <= self.last {
            self.is_whole &= open == self.last;
            return if open == self.last { Turn::Nothing } else { Turn::Behind };
        }
        let ended = open - 1 - self.last;
        if !self.is_whole || ended > LATE_MAX {
            // One that began a while ago has had others' counts.
            self.is_whole = ended == 0;
            self.last = if self.is_whole { self.last } else { open };
            return Turn::Drop;
        }
        if ended == 0 {
            return Turn::Nothing;
        }
        let first = self.last + 1;
        self.last = open - 1;
        Turn::Close { first, count: ended }
    }

    /// The last minute that is dealt with.
    pub fn last(&self) -> u64 {
        self.last
    }

    /// When on the wall something is to be done next, in milliseconds since 1970.
    pub fn due_ms(&self) -> u64 {
        self.wall_ms(self.last + 1 + u64::from(self.is_whole))
    }
}

fn minute(wall_ms: u64, speed: f64) -> u64 {
    (wall_ms as f64 * speed / 60_000.0) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const START: u64 = 30_000_000 * 60_000 + 20_000;

    #[test]
    fn minutes_are_closed_once_and_whole() {
        let minute = START / 60_000;
        let mut timeline = Timeline::new(1.0, None, START);
        let at = |minutes: u64, seconds: u64| (minute + minutes) * 60_000 + seconds * 1_000;
        for (now, expected) in [
            (at(0, 50), Turn::Nothing),
            // The minute of the start was not measured whole.
            (at(1, 0), Turn::Drop),
            (at(2, 0), Turn::Close { first: minute + 1, count: 1 }),
            (at(2, 1), Turn::Nothing),
            (at(5, 3), Turn::Close { first: minute + 2, count: 3 }),
            // Asleep for an hour.
            (at(65, 0), Turn::Drop),
            (at(66, 0), Turn::Drop),
            (at(67, 0), Turn::Close { first: minute + 66, count: 1 }),
            // Set back by ten minutes.
            (at(57, 0), Turn::Behind),
            (at(66, 30), Turn::Nothing),
            (at(67, 0), Turn::Drop),
            (at(68, 0), Turn::Close { first: minute + 67, count: 1 }),
        ] {
            assert_eq!(timeline.turn(now), expected, "{}", now - at(0, 0));
        }
        assert_eq!(timeline.due_ms(), at(69, 0));
    }

    #[test]
    fn a_fast_clock_has_short_minutes() {
        let timeline = Timeline::new(60.0, None, START);
        assert_eq!(timeline.minute(START + 1_000), timeline.minute(START) + 1);
        let minute = timeline.minute(START);
        assert_eq!(timeline.minute(timeline.wall_ms(minute)), minute);
        let earlier = Timeline::new(60.0, Some(minute + 7), START);
        assert_eq!(earlier.last(), minute + 7);
    }
}
