//! When did it look like this before, and what came then?
//!
//! Timers that drive timers make patterns with no single rhythm. The past hour is compared with
//! every earlier one of the same function, and what followed the closest few is told. Counts
//! are compared by their roots, which makes one call more or less weigh alike in calm and in
//! rush.

use swell_wide::work::{Work, widely};

/// Steps that are compared.
const SHAPE: usize = 12;
/// How far back is looked: a week of 5-minute steps.
const REACH: usize = 2016;
/// Earlier hours that are compared side by side.
const SIDE: usize = 16;
/// How many of the closest are told.
pub const CLOSEST: usize = 5;

/// What followed the closest of the earlier hours.
#[derive(Debug, Clone, Default)]
pub struct Analogs {
    /// Where what followed them begins, the closest first.
    pub places: Vec<usize>,
    /// How far the closest was, per step, in roots of counts.
    pub nearest: f32,
    /// How far the last of them was.
    pub furthest: f32,
}

/// Looks for the hours most like the last one, of which `horizon` steps that followed are
/// known.
pub fn find(counts: &[f32], horizon: usize) -> Analogs {
    widely(Search { counts, horizon })
}

struct Search<'c> {
    counts: &'c [f32],
    horizon: usize,
}

impl Work for Search<'_> {
    type Out = Analogs;

    #[inline(always)]
    fn run<const WIDE: bool>(self) -> Analogs {
        search(self.counts, self.horizon)
    }
}

#[inline(always)]
fn search(counts: &[f32], horizon: usize) -> Analogs {
    let len = counts.len();
    let Some(last) = len.checked_sub(SHAPE) else { return Analogs::default() };
    let recent = &counts[len.saturating_sub(REACH)..];
    let mut roots = [0.0f32; REACH];
    let roots = &mut roots[..recent.len()];
    roots.iter_mut().zip(recent).for_each(|(root, count)| *root = count.sqrt());
    let skipped = len - roots.len();
    let shape: &[f32; SHAPE] = roots[last - skipped..].first_chunk().expect("as long as a shape");
    let mut closest: Vec<(f32, usize)> = Vec::with_capacity(CLOSEST + 1);
    let worst = |closest: &[(f32, usize)]| closest.get(CLOSEST - 1).map_or(f32::MAX, |last| last.0);
    // The newest first, as of some that are as close it is the one to be told.
    let mut newest = (roots.len() + 1).saturating_sub(horizon.max(1));
    while newest > SHAPE {
        let first = newest.saturating_sub(SIDE).max(SHAPE);
        if let Some(distances) = apart(&roots[first - SHAPE..], shape, worst(&closest)) {
            for end in (first..newest).rev() {
                let distance = distances[end - first];
                if distance < worst(&closest) {
                    let place = closest.partition_point(|(other, _)| *other <= distance);
                    closest.insert(place, (distance, end + skipped));
                    closest.truncate(CLOSEST);
                }
            }
        }
        newest = first;
    }
    let distance = |place: Option<&(f32, usize)>| place.map_or(9.0, |(far, _)| far / SHAPE as f32);
    Analogs {
        nearest: distance(closest.first()),
        furthest: distance(closest.last()),
        places: closest.into_iter().map(|(_, place)| place).collect(),
    }
}

/// How far each of [`SIDE`] hours that begin one step after the other is from a shape, where so
/// many steps are at hand; nothing once all of them are as far as `worst`.
#[inline(always)]
fn apart(roots: &[f32], shape: &[f32; SHAPE], worst: f32) -> Option<[f32; SIDE]> {
    let mut distances = [0.0f32; SIDE];
    for (place, now) in shape.iter().enumerate() {
        if let Some(then) = roots[place..].first_chunk::<SIDE>() {
            let each = distances.iter_mut().zip(then);
            each.for_each(|(distance, then)| *distance += (then - now).abs());
        } else {
            let each = distances.iter_mut().zip(&roots[place..]);
            each.for_each(|(distance, then)| *distance += (then - now).abs());
        }
        if place % 4 == 3 && distances.iter().fold(true, |all, far| all & (*far >= worst)) {
            return None;
        }
    }
    Some(distances)
}

impl Analogs {
    /// The least, the middle and the most of what followed so many steps ahead; none where
    /// nothing was found.
    pub fn followed(&self, counts: &[f32], ahead: usize) -> Option<[f32; 3]> {
        let mut seen = [0.0f32; CLOSEST];
        let seen = &mut seen[..self.places.len()];
        for (seen, place) in seen.iter_mut().zip(&self.places) {
            *seen = *counts.get(place + ahead)?;
        }
        seen.sort_unstable_by(f32::total_cmp);
        Some([*seen.first()?, seen[seen.len() / 2], *seen.last()?])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_followed_the_same_pattern_is_found() {
        // Two timers of 7 and 11 steps: the pattern repeats after 77.
        let counts: Vec<f32> = (0..200)
            .map(|step| {
                f32::from(u8::from(step % 7 == 0)) + 2.0 * f32::from(u8::from(step % 11 == 0))
            })
            .collect();
        let analogs = find(&counts, 12);
        assert_eq!(analogs.nearest, 0.0);
        assert_eq!(analogs.places[0], 200 - 77);
        let long = find(&counts[..20], 12);
        assert!(long.places.is_empty() && long.followed(&counts, 0).is_none());
    }
}
