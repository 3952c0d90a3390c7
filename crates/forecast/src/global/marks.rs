//! The occasions that touch one function, as a model across functions is told of them: whether one
//! lasts, since when and until when, and what came at the same place of the last one of its kind.
//!
//! By how much an occasion changes demand on the whole is told elsewhere, or taken out of what is
//! seen; what is told here is its shape.

use crate::event::{Effect, EventEffect};

/// How many numbers are told.
pub const MARKED: usize = 6;
/// Steps before an occasion that tell what was usual.
const BEFORE: usize = 12;
/// Kinds are told apart by so many numbers.
const KINDS: u64 = 16;

/// The occasions of a function, in the order of their beginning.
#[derive(Debug, Clone, Default)]
pub struct Marks {
    marks: Vec<Mark>,
}

#[derive(Debug, Clone, Copy)]
struct Mark {
    start: usize,
    end: usize,
    kind: u64,
}

impl Marks {
    /// Those of a member.
    pub fn of(events: &[EventEffect], member: usize) -> Self {
        let own = events.iter().filter(|event| event.is_of(member));
        let measured = own.filter(|event| event.effect != Effect::Unmeasured);
        let mut marks: Vec<Mark> = measured
            .map(|event| Mark {
                start: event.start,
                end: event.end,
                kind: xxhash_rust::xxh3::xxh3_64(event.kind.as_bytes()),
            })
            .collect();
        marks.sort_unstable_by_key(|mark| (mark.start, mark.end, mark.kind));
        Self { marks }
    }

    /// What is told of a step; `counts` are those before the origin, known from `first` on, and
    /// `beside` puts a count in the measure of the function.
    pub fn told(
        &self,
        step: usize,
        counts: &[f32],
        first: usize,
        beside: impl Fn(f32) -> f32,
    ) -> [f32; MARKED] {
        let before = self.marks.partition_point(|mark| mark.start <= step);
        let lasting = self.marks[..before].iter().rev().find(|mark| step < mark.end);
        let Some(mark) = lasting else { return [0.0; MARKED] };
        let since = step - mark.start;
        let is_earlier = |other: &&Mark| {
            let then = other.start + since;
            other.kind == mark.kind
                && other.start < mark.start
                && then < other.end
                && then < counts.len()
                && other.start >= first + BEFORE
        };
        let earlier = self.marks[..before].iter().rev().find(is_earlier);
        let (came, more) = earlier.map_or((0.0, 0.0), |earlier| {
            let came = counts[earlier.start + since];
            let usual = &counts[earlier.start - BEFORE..earlier.start];
            let usual = usual.iter().sum::<f32>() / BEFORE as f32;
            (beside(came), ((came + 0.5) / (usual + 0.5)).ln())
        });
        let kind = (mark.kind % KINDS) as f32;
        [1.0, since as f32, (mark.end - step) as f32, 1.0 + kind, came, more]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_of_the_kind_tells_what_to_expect() {
        let event = |kind: &str, start: usize, end: usize, members: &[usize]| EventEffect {
            kind: kind.to_string(),
            start,
            end,
            edges: [0.0; 2],
            members: members.to_vec(),
            effect: Effect::Times(1.0),
        };
        let events = [
            event("sale", 60, 64, &[]),
            event("sale", 20, 24, &[3]),
            event("match", 40, 44, &[]),
            event("sale", 30, 32, &[5]),
        ];
        let counts: Vec<f32> = (0..58).map(|step| step as f32).collect();
        let told = |member: usize, step: usize| {
            Marks::of(&events, member).told(step, &counts, 0, |count| count)
        };
        assert_eq!(told(3, 59), [0.0; MARKED]);
        let [lasts, since, left, _, came, more] = told(3, 62);
        assert_eq!([lasts, since, left, came], [1.0, 2.0, 2.0, 22.0]);
        assert!((more - (22.5f32 / 14.0).ln()).abs() < 1e-4);
        assert_eq!(told(5, 63)[4..], [0.0, 0.0], "the last one was over by then");
        assert_eq!(told(5, 61)[4], 31.0);
    }
}
