//! Values sorted side by side: what a processor does to one it does to several at once, as long as
//! nobody asks which is the larger.
//!
//! The places that are compared depend on how many there are and not on what they hold (merge
//! exchange: Batcher, 1968; Knuth, The Art of Computer Programming, volume 3, algorithm 5.2.2M).

use swell_wide::work::{Work, widely};

use crate::bands::{LEVELS, Quantiles, quantile_of_ranks};

/// Lists that are sorted at a time.
pub const SIDE: usize = 12;

/// Sorts each column; none holds what is not a number.
pub fn sort(rows: &mut [[f32; SIDE]]) {
    widely(Sort(rows));
}

struct Sort<'r>(&'r mut [[f32; SIDE]]);

impl Work for Sort<'_> {
    type Out = ();

    #[inline(always)]
    fn run<const WIDE: bool>(self) {
        merge_exchange(self.0);
    }
}

#[inline(always)]
fn merge_exchange(rows: &mut [[f32; SIDE]]) {
    let len = rows.len();
    if len < 2 {
        return;
    }
    let most = len.next_power_of_two() / 2;
    let mut part = most;
    while part > 0 {
        let (mut next, mut side, mut apart) = (most, 0, part);
        loop {
            for place in 0..len - apart {
                if place & part == side {
                    exchange(rows, place, place + apart);
                }
            }
            if next == part {
                break;
            }
            (apart, next, side) = (next - part, next / 2, part);
        }
        part /= 2;
    }
}

/// Brings two rows in order, column by column.
#[inline(always)]
fn exchange(rows: &mut [[f32; SIDE]], low: usize, high: usize) {
    let (one, other) = (rows[low], rows[high]);
    rows[low] =
        std::array::from_fn(|lane| if one[lane] < other[lane] { one[lane] } else { other[lane] });
    rows[high] =
        std::array::from_fn(|lane| if one[lane] < other[lane] { other[lane] } else { one[lane] });
}

/// The [`LEVELS`] of each of some lists; their values are told by list and place. Zeros of an empty
/// one.
pub fn quantiles(lens: &[usize], value: impl Fn(usize, usize) -> f32) -> Vec<Quantiles> {
    let mut told = Vec::with_capacity(lens.len());
    let mut rows = Vec::new();
    for (turn, lens) in lens.chunks(SIDE).enumerate() {
        rows.clear();
        // What is missing comes last.
        rows.resize(lens.iter().copied().max().unwrap_or(0), [f32::INFINITY; SIDE]);
        for (lane, &len) in lens.iter().enumerate() {
            let column = rows[..len].iter_mut().enumerate();
            column.for_each(|(place, row)| row[lane] = value(turn * SIDE + lane, place));
        }
        sort(&mut rows);
        let of = |(lane, &len): (usize, &usize)| {
            LEVELS.map(|level| quantile_of_ranks(len, level, |rank| rows[rank][lane]))
        };
        told.extend(lens.iter().enumerate().map(of));
    }
    told
}

/// The largest of some values that are not negative; zero of none. What is not a number is left out.
pub fn largest(values: &[f32]) -> f32 {
    // Not `max`, which also asks for what is not a number, and is no single instruction.
    let larger = |most: f32, value: f32| if value > most { value } else { most };
    let mut lanes = [0.0f32; 8];
    let (eights, rest) = values.as_chunks::<8>();
    for eight in eights {
        lanes.iter_mut().zip(eight).for_each(|(most, &value)| *most = larger(*most, value));
    }
    lanes.iter().chain(rest).fold(0.0, |most, &value| larger(most, value))
}

#[cfg(test)]
mod tests {
    use swell_core::rng::{below, split, unit};

    use super::*;
    use crate::bands::quantiles_of;

    #[test]
    fn the_largest_is_found_wherever_it_is() {
        for len in 0..40usize {
            for at in 0..len {
                let values: Vec<f32> =
                    (0..len).map(|of| if of == at { 9.0 } else { 1.0 }).collect();
                assert_eq!(largest(&values), 9.0, "{at} of {len}");
            }
        }
        assert_eq!(largest(&[]), 0.0);
        let gaps: Vec<f32> =
            (0..40).map(|at| if at % 3 == 1 { at as f32 } else { f32::NAN }).collect();
        assert_eq!(largest(&gaps), 37.0);
    }

    #[test]
    fn lists_abreast_are_sorted_as_each_alone() {
        let mut rng = split(4, "abreast");
        for lens in [vec![], vec![0], vec![1, 0, 2], (0..40).collect(), vec![288; 13], vec![59; 3]]
        {
            let lists: Vec<Vec<f32>> = lens
                .iter()
                .map(|&len: &usize| {
                    let coarse = 1.0 + below(&mut rng, 50) as f64;
                    (0..len).map(|_| (coarse * (unit(&mut rng) - 0.5)).round() as f32).collect()
                })
                .collect();
            let told = quantiles(&lens, |list, place| lists[list][place]);
            assert_eq!(told.len(), lens.len());
            for (mut list, told) in lists.into_iter().zip(told) {
                assert_eq!(told, quantiles_of(&mut list), "{}", list.len());
            }
        }
    }
}
