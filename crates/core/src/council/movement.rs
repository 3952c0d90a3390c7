//! A move under way: make before break, step by step, each with an end in time.
//!
//! It is started at the destination, proves healthy there, takes authority and then traffic
//! in parts; the source is drained and kept warm until the check has passed. Until then it
//! can be taken back at any step. Pure transitions: what they mean for authority is for
//! who calls them.

use serde::{Deserialize, Serialize};

use crate::council::entry::News;
use crate::council::proposal::{Cause, Trouble};
use crate::council::refusal::Refusal;
use crate::council::rules::Rules;
use crate::council::words::{Epoch, Slot};
use crate::time::{Instant, Span};

/// A move under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Movement {
    /// Where it stands.
    pub phase: Phase,
    /// Under which epoch its next step is done.
    pub epoch: Epoch,
    /// When the present step has taken too long.
    pub due: Instant,
    /// Whether the source can do its part.
    pub source: Source,
}

/// Whether the source of a move can do its part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Source {
    /// It is lost.
    Gone,
    /// It can, by rules that do not ask again.
    There,
    /// It can until its lease has run out.
    Until(Instant),
}

impl Source {
    /// Of a move that begins.
    pub fn begin(cause: Cause, rules: &Rules, now: Instant) -> Self {
        match cause {
            Cause::SourceLost => Source::Gone,
            _ if rules.heeds_sources() => Source::Until(now + rules.lease),
            _ => Source::There,
        }
    }
}

/// Where a move stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Phase {
    /// It is being started at the destination.
    Starting,
    /// It runs there, and shows that it is healthy.
    Proving,
    /// So many parts of the traffic go there.
    Shifting(u8),
    /// The source finishes what it has.
    Draining,
    /// Both are warm; the destination serves, and it is looked whether that helps.
    Watching {
        /// The first slot that counts.
        from: Slot,
        /// The first that does not.
        until: Slot,
    },
    /// Traffic goes back to the source.
    Returning(Trouble),
}

/// Who may tell that a step was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Party {
    /// Only the source.
    Source,
    /// Only the destination.
    Destination,
    /// Either.
    Either,
}

/// What follows from news.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// The next step of the same move.
    Go(Phase),
    /// The same, and the destination takes authority with it.
    HandOver(Phase),
    /// The check begins.
    Watch,
    /// All traffic is back: the end.
    Returned(Trouble),
    /// It goes wrong: back, if it can be.
    Back(Trouble),
}

/// What a move must know of the rules.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// How long a step may take.
    pub step: Span,
    /// In how many parts traffic is shifted.
    pub shifts: u8,
}

/// The thousandths of all traffic that go to the destination with that part of so many. Parts grow
/// by their squares: the first is small, as nothing is known yet of how well it serves there.
pub fn shifted_per_mille(part: u8, of: u8) -> u16 {
    let (part, of) = (u32::from(part.min(of)), u32::from(of.max(1)));
    (part * part * 1_000 / (of * of)) as u16
}

impl Movement {
    /// A move that begins.
    pub fn begin(now: Instant, epoch: Epoch, source: Source, pace: Pace) -> Self {
        Self { phase: Phase::Starting, epoch, due: now + pace.step, source }
    }

    /// What news of this kind means now. Which news fits is a matter of the phase; anything
    /// else is refused, so that news that comes twice or late changes nothing.
    pub fn turn(&self, news: News, pace: Pace) -> Result<Turn, Refusal> {
        let turn = match (self.phase, news) {
            (Phase::Returning(why), News::Returned) => Turn::Returned(why),
            (Phase::Returning(_), _) => return Err(Refusal::NotAtThatStep),
            (_, News::Trouble(trouble)) => Turn::Back(trouble),
            (Phase::Starting, News::Started) => Turn::Go(Phase::Proving),
            (Phase::Proving, News::Healthy) => Turn::HandOver(Phase::Shifting(0)),
            (Phase::Shifting(done), News::Shifted(parts)) if parts == done.saturating_add(1) => {
                match (parts >= pace.shifts, self.has_source()) {
                    (false, _) => Turn::Go(Phase::Shifting(parts)),
                    (true, true) => Turn::Go(Phase::Draining),
                    (true, false) => Turn::Watch,
                }
            }
            (Phase::Draining, News::Drained) => Turn::Watch,
            _ => return Err(Refusal::NotAtThatStep),
        };
        Ok(turn)
    }

    /// Who may tell that.
    pub fn party(news: News) -> Party {
        match news {
            News::Started | News::Healthy | News::Shifted(_) => Party::Destination,
            News::Drained | News::Returned => Party::Source,
            News::Trouble(_) => Party::Either,
        }
    }

    /// What it means that the step took too long, if it did.
    pub fn overdue(&self, now: Instant) -> Option<Trouble> {
        let has_end = !matches!(self.phase, Phase::Watching { .. });
        (has_end && now >= self.due).then_some(Trouble::TookTooLong)
    }

    /// Whether the source can do its part.
    pub fn has_source(&self) -> bool {
        self.source != Source::Gone
    }

    /// Whether the destination has had authority.
    pub fn is_handed_over(&self) -> bool {
        !matches!(self.phase, Phase::Starting | Phase::Proving)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PACE: Pace = Pace { step: Span::from_secs(60), shifts: 2 };

    fn at(phase: Phase, has_source: bool) -> Movement {
        let source = if has_source { Source::There } else { Source::Gone };
        Movement { phase, epoch: Epoch(1), due: Instant::from_millis(9), source }
    }

    #[test]
    fn steps_follow_each_other_and_nothing_else_does() {
        let watching = Phase::Watching { from: Slot(1), until: Slot(2) };
        for (phase, news, expected) in [
            (Phase::Starting, News::Started, Some(Turn::Go(Phase::Proving))),
            (Phase::Starting, News::Healthy, None),
            (Phase::Proving, News::Healthy, Some(Turn::HandOver(Phase::Shifting(0)))),
            (Phase::Proving, News::Started, None),
            (Phase::Shifting(0), News::Shifted(1), Some(Turn::Go(Phase::Shifting(1)))),
            (Phase::Shifting(0), News::Shifted(2), None),
            (Phase::Shifting(1), News::Shifted(1), None),
            (Phase::Shifting(1), News::Shifted(2), Some(Turn::Go(Phase::Draining))),
            (Phase::Draining, News::Drained, Some(Turn::Watch)),
            (watching, News::Drained, None),
            (watching, News::Trouble(Trouble::Ordered), Some(Turn::Back(Trouble::Ordered))),
            (
                Phase::Returning(Trouble::DidNotHelp),
                News::Returned,
                Some(Turn::Returned(Trouble::DidNotHelp)),
            ),
            (Phase::Returning(Trouble::DidNotHelp), News::Trouble(Trouble::Ordered), None),
            (Phase::Starting, News::Returned, None),
        ] {
            assert_eq!(at(phase, true).turn(news, PACE).ok(), expected, "{phase:?} {news:?}");
        }
        let alone = at(Phase::Shifting(1), false).turn(News::Shifted(2), PACE);
        assert_eq!(alone, Ok(Turn::Watch), "nobody is there to drain");
    }

    #[test]
    fn the_first_part_is_small_and_the_last_is_all() {
        let parts = |of: u8| (0..=of).map(|part| shifted_per_mille(part, of)).collect::<Vec<_>>();
        assert_eq!(parts(4), [0, 62, 250, 562, 1_000]);
        assert_eq!(parts(1), [0, 1_000]);
        for of in 1..=u8::MAX {
            assert!(parts(of).is_sorted() && parts(of).last() == Some(&1_000), "{of}");
        }
        assert_eq!(shifted_per_mille(9, 4), 1_000);
    }

    #[test]
    fn every_step_has_an_end() {
        let late = Instant::from_millis(9);
        assert_eq!(at(Phase::Starting, true).overdue(Instant::from_millis(8)), None);
        for phase in [Phase::Starting, Phase::Shifting(1), Phase::Returning(Trouble::Ordered)] {
            assert_eq!(at(phase, true).overdue(late), Some(Trouble::TookTooLong));
        }
    }
}
