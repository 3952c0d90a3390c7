//! Calls of the last moments, and whether they are a surge.
//!
//! A forecast speaks of minutes, and a jump within one is over in what a start and a call take. So
//! calls are counted in slices of a thirty-second of that. They are a surge if a Poisson process at
//! the rate that was said, or that was usual until now, brings as many once in a million times or
//! less; without the fullest slices, since calls that come all at once start their own instances,
//! and are over before a clone could be ready.
//!
//! What has lasted for a while is taken to last as long again. That is held against what came: a
//! function whose surges broke off goes without for a while, twice as long each time.

use crate::cloning::concurrency::tail;
use crate::demand::StepDemand;
use crate::time::{Instant, Span};

const SLICES: usize = 32;
/// So many of the newest slices are looked at.
const WINDOWS: [usize; 3] = [8, 16, SLICES];
/// Of a million moments one may look like a surge by chance.
const BY_CHANCE: f64 = 1e-6;
/// A slice that has passed counts so much in the usual rate.
const WEIGHT: f64 = 1.0 / 256.0;
/// The lengths a slice may have: powers of two, of nanoseconds.
const SHORTEST: u32 = 22;
const LONGEST: u32 = 35;
/// After a surge that broke off none is believed for so long, twice as long after the next.
const REST: Span = Span::from_mins(2);
const DOUBLED_MOST: u32 = 8;
/// A surge broke off if fewer instances were needed than this share of what was made for it.
const BORNE_OUT: f64 = 0.7;

/// Calls that come faster than chance explains.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Surge {
    /// Calls a second.
    pub rate: f64,
    /// How long they are known to have come so fast.
    pub age: Span,
}

/// Instances that were made for a surge.
#[derive(Debug, Clone, Copy)]
struct Claim {
    count: u32,
    /// When they are to have been needed, and how many were so far.
    due: Instant,
    needed: u32,
}

/// Calls of the last moments of one function.
#[derive(Debug, Clone, Default)]
pub struct Recent {
    /// The power of two that a slice has of nanoseconds, and whether it goes by a guess.
    length: u32,
    is_guess: bool,
    /// The newest slice.
    newest: u64,
    counts: [u32; SLICES],
    /// Calls a second before those of the slices.
    usual: f64,
    claim: Option<Claim>,
    broke_off: u32,
    rests: Instant,
}

impl Recent {
    /// A call came, of a function whose starts and calls together usually take so long, or are
    /// guessed to.
    pub fn count(&mut self, now: Instant, takes: Span, is_guess: bool) {
        self.fit(now, takes, is_guess);
        let slice = now.nanos() >> self.length;
        let passed = slice.saturating_sub(self.newest);
        for ahead in 1..=passed.min(SLICES as u64) {
            let place = Self::place(self.newest + ahead);
            let rate = f64::from(std::mem::take(&mut self.counts[place])) / self.slice_s();
            self.usual += WEIGHT * (rate - self.usual);
        }
        for _ in SLICES as u64..passed.min(64 * SLICES as u64) {
            self.usual -= WEIGHT * self.usual;
        }
        if passed >= 64 * SLICES as u64 {
            self.usual = 0.0;
        }
        self.newest = self.newest.max(slice);
        let newest = &mut self.counts[Self::place(self.newest)];
        *newest = newest.saturating_add(1);
    }

    /// Slices go by what calls and starts take, by a factor of two or so; by a guess only until that is
    /// known.
    fn fit(&mut self, now: Instant, takes: Span, is_guess: bool) {
        let ideal = (takes.nanos() / SLICES as u64).max(1);
        let length = ideal.ilog2().clamp(SHORTEST, LONGEST);
        let is_near = length == self.length
            || length + 1 == self.length && ideal >> (length - 1) == 3
            || length == self.length + 1 && ideal >> (length - 1) == 2;
        let was_guess = std::mem::replace(&mut self.is_guess, is_guess);
        let is_better_known = was_guess && !is_guess && length != self.length;
        if !is_near || is_better_known {
            self.length = length;
            self.newest = now.nanos() >> length;
            self.counts = [0; SLICES];
        }
    }

    fn place(slice: u64) -> usize {
        (slice % SLICES as u64) as usize
    }

    fn slice_s(&self) -> f64 {
        Span::from_nanos(1 << self.length).secs_f64()
    }

    fn last(&self, slices: usize) -> impl Iterator<Item = u32> {
        let back = (0..slices as u64).filter_map(|back| self.newest.checked_sub(back));
        back.map(|slice| self.counts[Self::place(slice)])
    }

    /// Whether calls may come so fast that more instances are needed than there are, if each serves
    /// so many at a time: a look that is cheap enough for every call.
    pub fn may_need(&self, instances: u32, concurrency: u32, run: Span) -> bool {
        let calls: u32 = self.last(WINDOWS[0]).fold(0, u32::saturating_add);
        let at_work = f64::from(calls) / (WINDOWS[0] as f64 * self.slice_s()) * run.secs_f64();
        at_work > f64::from(instances) * f64::from(concurrency)
    }

    /// The surges that the last calls may be, given what was said of a step of that length.
    pub fn surges(
        &self,
        now: Instant,
        said: Option<StepDemand>,
        step: Span,
    ) -> impl Iterator<Item = Surge> {
        let said = said.map_or(0.0, |said| f64::from(said.q95) / 1e3 / step.secs_f64());
        // Of one that is hardly ever called, a call in all of the slices is no news.
        let usual = self.usual.max(said).max(1.0 / (SLICES as f64 * self.slice_s()));
        let windows = WINDOWS.iter().filter(move |_| now >= self.rests);
        windows.filter_map(move |&window| {
            let mut counts = [0; SLICES];
            counts.iter_mut().zip(self.last(window)).for_each(|(count, own)| *count = own);
            let counts = &mut counts[..window];
            counts.sort_unstable();
            let kept = window - window / 4 - 2;
            let sum = |counts: &[u32]| counts.iter().map(|&count| f64::from(count)).sum::<f64>();
            let mean = usual * kept as f64 * self.slice_s();
            let is_surge = tail(mean, sum(&counts[..kept])) < BY_CHANCE;
            is_surge.then(|| Surge {
                rate: sum(&counts[..window - 1]) / ((window - 1) as f64 * self.slice_s()),
                age: Span::from_nanos((window as u64) << self.length),
            })
        })
    }

    /// So many instances are made for a surge, which are to be needed before `due`.
    pub fn claim(&mut self, count: u32, due: Instant) {
        let needed = self.claim.map_or(0, |claim| claim.needed);
        self.claim = Some(Claim { count, due, needed });
    }

    /// So many instances are needed now.
    pub fn judge(&mut self, now: Instant, needed: u32) {
        let Some(claim) = &mut self.claim else { return };
        if now < claim.due {
            claim.needed = claim.needed.max(needed);
            return;
        }
        if f64::from(claim.needed) < BORNE_OUT * f64::from(claim.count) {
            self.rests = now + REST * (1 << self.broke_off.min(DOUBLED_MOST));
            self.broke_off += 1;
        } else {
            self.broke_off = self.broke_off.saturating_sub(1);
        }
        self.claim = None;
    }

    /// Whether instances are made for a surge that may still go on.
    pub fn is_going_on(&self, now: Instant) -> bool {
        self.claim.is_some_and(|claim| now < claim.due)
    }

    /// Whether a surge is over for which instances were made, or broke off.
    pub fn is_over(&self, now: Instant) -> bool {
        now < self.rests || self.claim.is_some_and(|claim| now >= claim.due)
    }

    /// Whether no surge of late broke off.
    pub fn is_trusted(&self) -> bool {
        self.broke_off == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{self, Rng, unit};

    const TAKES: Span = Span::from_secs(3);

    /// What the last of the calls at these seconds tells, where `q95` is said of a minute.
    fn surges(q95: u32, calls: &[f64]) -> Vec<Surge> {
        let mut recent = Recent::default();
        let mut now = Instant::ZERO;
        for at in calls {
            now = Instant::ZERO + Span::from_secs_f64(*at);
            recent.count(now, TAKES, false);
        }
        let said = StepDemand { q95: q95 * 1000, ..StepDemand::default() };
        recent.surges(now, Some(said), Span::from_mins(1)).collect()
    }

    fn by_chance(rng: &mut Rng, rate: f64, from: f64, to: f64) -> Vec<f64> {
        let mut at = from;
        let gaps = std::iter::from_fn(|| {
            at -= (1.0 - unit(rng)).ln() / rate;
            Some(at).filter(|at| *at < to)
        });
        gaps.collect()
    }

    #[test]
    fn a_jump_is_seen_within_half_of_what_a_call_takes_with_its_rate() {
        let mut rng = rng::split(1, "jump");
        for _ in 0..50 {
            let mut calls = by_chance(&mut rng, 1.0, 0.0, 100.0);
            assert_eq!(surges(0, &calls), [], "calm");
            calls.extend(by_chance(&mut rng, 33.0, 100.0, 101.5));
            let found = surges(0, &calls);
            let most = found.iter().map(|surge| surge.rate).fold(0.0, f64::max);
            assert!((15.0..60.0).contains(&most), "{found:?}");
            assert_eq!(surges(1980, &calls), [], "as many were said");
        }
    }

    #[test]
    fn chance_and_batches_are_no_surge() {
        let mut rng = rng::split(2, "chance");
        for rate in [0.01, 0.3, 2.0, 20.0, 200.0] {
            let mut recent = Recent::default();
            for at in by_chance(&mut rng, rate, 0.0, 20_000.0 / rate) {
                let now = Instant::ZERO + Span::from_secs_f64(at);
                recent.count(now, TAKES, false);
                // Until a rate is known to be usual, it is news.
                if at * rate > 10_000.0 {
                    assert_eq!(recent.surges(now, None, TAKES).count(), 0, "{rate} at {at}");
                }
            }
        }
        // All at once, every minute.
        let batch =
            |minute: u32| (0..40).map(move |call| f64::from(60 * minute) + 0.004 * f64::from(call));
        let batches: Vec<f64> = (0..20).flat_map(batch).collect();
        (1..batches.len()).for_each(|len| assert_eq!(surges(0, &batches[..len]), []));
    }

    #[test]
    fn who_is_wrong_goes_without_for_a_while_and_longer_the_next_time() {
        let at = |seconds: u64| Instant::from_millis(1000 * seconds);
        let mut recent = Recent::default();
        let fast = |recent: &mut Recent, from: u64| {
            (0..40).for_each(|call| {
                recent.count(at(from) + Span::from_millis(25 * call), TAKES, false)
            });
            recent.surges(at(from + 1), None, TAKES).count() > 0
        };
        assert!(fast(&mut recent, 100) && recent.is_trusted());
        recent.claim(60, at(105));
        recent.judge(at(104), 20);
        recent.judge(at(106), 59);
        assert!(!recent.is_trusted() && !fast(&mut recent, 110));
        assert!(fast(&mut recent, 300), "two minutes later it may");
        recent.claim(60, at(305));
        recent.judge(at(306), 0);
        assert!(!fast(&mut recent, 500) && fast(&mut recent, 600), "four minutes");
        for claim in [700, 800] {
            recent.claim(60, at(claim + 5));
            recent.judge(at(claim + 4), 50);
            recent.judge(at(claim + 6), 0);
        }
        assert!(recent.is_trusted(), "it was right twice");
    }

    #[test]
    fn slices_keep_their_length_while_times_stay_about_the_same() {
        let mut recent = Recent::default();
        let mut lengths = Vec::new();
        for takes in [3000, 2800, 4100, 4700, 9000, 300] {
            recent.count(Instant::from_millis(5_000), Span::from_millis(takes), false);
            lengths.push(recent.length);
        }
        assert_eq!(lengths, [26, 26, 26, 26, 28, 23]);
    }
}
