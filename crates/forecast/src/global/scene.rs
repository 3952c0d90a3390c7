//! One function at one origin, seen through a handful of simple guesses.
//!
//! Functions differ by five orders of magnitude, so a model across them must see each in its
//! own measure. The measure is a guess that served well of late (the base) and how far off it
//! was (the scale): what is learned is by how many scales the truth lies beside the base. A
//! timer that repeats exactly has a base that is right, and nothing is left to learn.

use std::cell::RefCell;

/// How many guesses there are.
pub const GUESSES: usize = 11;
const LAST: usize = 0;
const MEDIAN_6: usize = 1;
/// The median of an hour of 5-minute steps: the base unless another one is clearly better.
pub const MEDIAN_12: usize = 2;
const MEDIAN_48: usize = 3;
const LEVEL: usize = 4;
const MEAN_24: usize = 5;
const HOUR: usize = 6;
const HOURS: usize = 7;
const RHYTHM: usize = 8;
const SEASON: usize = 9;
const EARLIER: usize = 10;

/// Rhythms that are looked for, in steps.
const RHYTHMS: [usize; 43] = [
    1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26,
    27, 28, 29, 30, 31, 32, 33, 34, 35, 36, 42, 48, 54, 60, 72, 84, 96,
];

/// How far back a rhythm is looked for.
const REACH: usize = 48;

/// Earlier points, in steps before the origin, from which guesses are tried.
const TRIALS: [usize; 6] = [12, 18, 24, 30, 36, 48];
const TRIAL: usize = 12;

/// What guesses that say the same of each step ahead say, by where the counts end. Origins lie as
/// far apart as the points from which guesses are tried, so many of them look at the same ends.
#[derive(Debug, Clone, Default)]
pub struct Levels(RefCell<Vec<(usize, [f32; GUESSES])>>);

impl Levels {
    /// Those at the end of some counts, which are the beginning of all others that are asked
    /// about; at least one.
    fn at(&self, counts: &[f32]) -> [f32; GUESSES] {
        let len = counts.len();
        let found = self.0.borrow().iter().find(|(end, _)| *end == len).map(|(_, flat)| *flat);
        found.unwrap_or_else(|| {
            let flat = flat(counts);
            self.0.borrow_mut().push((len, flat));
            flat
        })
    }
}

fn flat(counts: &[f32]) -> [f32; GUESSES] {
    let mut flat = [0.0f32; GUESSES];
    let tail = |steps: usize| &counts[counts.len().saturating_sub(steps)..];
    flat[LAST] = counts[counts.len() - 1];
    flat[MEDIAN_6] = median(tail(6));
    flat[MEDIAN_12] = median(tail(12));
    flat[MEDIAN_48] = median(tail(48));
    flat[LEVEL] = crate::smooth::level(tail(30).iter().copied(), 0.2);
    flat[MEAN_24] = tail(24).iter().sum::<f32>() / tail(24).len() as f32;
    flat
}

/// The step of an earlier day that a step is like, as of where the counts end.
pub type Earlier<'e> = dyn Fn(usize, usize) -> Option<usize> + 'e;

/// What is told beside the counts.
struct Told<'e> {
    season: usize,
    levels: &'e Levels,
    earlier: &'e Earlier<'e>,
}

/// A function at an origin.
#[derive(Debug, Clone)]
pub struct Scene {
    /// Which guess is the base.
    pub base: usize,
    /// How far the base was off of late; positive.
    pub scale: f32,
    /// How far each guess was off of late, on average.
    pub errors: [f32; GUESSES],
    /// The rhythm that fits best, in steps.
    pub rhythm: usize,
    /// How far off the base was by its root: one burst in a day of calm is not its measure.
    pub rooted: f32,
    /// How far off the rhythm was, per step.
    pub rhythm_error: f32,
    /// What each guess says for each step ahead.
    pub guesses: Vec<[f32; GUESSES]>,
}

impl Scene {
    /// Looks at the counts before the origin, gaps closed.
    pub fn of(counts: &[f32], season: usize, horizon: usize) -> Self {
        Self::known(counts, season, horizon, &Levels::default(), &|_, _| None)
    }

    /// The same, where the levels of some ends of the same counts may be at hand, and earlier days
    /// may be known.
    pub fn known(
        counts: &[f32],
        season: usize,
        horizon: usize,
        levels: &Levels,
        earlier: &Earlier<'_>,
    ) -> Self {
        let told = Told { season, levels, earlier };
        let (rhythm, rhythm_error) = rhythm(counts);
        let (errors, rooted) = errors(counts, rhythm, &told);
        let base = base(&errors);
        let recent = &counts[counts.len().saturating_sub(REACH)..];
        let mean = recent.iter().sum::<f32>() / recent.len().max(1) as f32;
        let rooted = rooted[base] * rooted[base];
        let scale = rooted + 0.1 * mean.sqrt() + 0.05;
        let guesses = guess(counts, rhythm, horizon, &told);
        Self { base, scale, errors, rooted, rhythm, rhythm_error, guesses }
    }

    /// What the base says for a step ahead.
    pub fn middle(&self, ahead: usize) -> f32 {
        self.guesses[ahead][self.base]
    }
}

/// The guess to start from: another one than the median of the hour only if it was clearly
/// better, as the best of ten is often best by luck.
fn base(errors: &[f32; GUESSES]) -> usize {
    let usual = errors[MEDIAN_12];
    let better = |&guess: &usize| errors[guess] < 0.7 * usual;
    let candidates = [HOURS, RHYTHM, SEASON, HOUR, EARLIER].into_iter().filter(better);
    candidates.min_by(|&a, &b| errors[a].total_cmp(&errors[b])).unwrap_or(MEDIAN_12)
}

/// Rhythms of up to so many steps are tried side by side.
const SIDE: usize = 36;

/// How far counts were from those each of the last [`SIDE`] steps before, the furthest first, summed
/// up over [`REACH`] steps; none where so many are not known.
fn side_by_side(counts: &[f32]) -> Option<[f32; SIDE]> {
    let first = counts.len().checked_sub(SIDE + REACH)?;
    let mut sums = [0.0f32; SIDE];
    for step in first + SIDE..counts.len() {
        let before: &[f32; SIDE] = counts[step - SIDE..].first_chunk()?;
        for (sum, before) in sums.iter_mut().zip(before) {
            *sum += (counts[step] - before).abs();
        }
    }
    Some(sums)
}

/// The same for the longer ones, in their order.
fn far(counts: &[f32]) -> Option<[f32; RHYTHMS.len() - SIDE]> {
    let longer: &[usize; RHYTHMS.len() - SIDE] = RHYTHMS.last_chunk()?;
    if counts.len() < longer[longer.len() - 1] + REACH {
        return None;
    }
    let mut sums = [0.0f32; RHYTHMS.len() - SIDE];
    for step in counts.len() - REACH..counts.len() {
        for (sum, rhythm) in sums.iter_mut().zip(longer) {
            *sum += (counts[step] - counts[step - rhythm]).abs();
        }
    }
    Some(sums)
}

fn rhythm(counts: &[f32]) -> (usize, f32) {
    let mut best = (1, f32::INFINITY);
    let (near, far) = (side_by_side(counts), far(counts));
    for (turn, rhythm) in RHYTHMS.into_iter().enumerate() {
        let Some(most) = counts.len().checked_sub(rhythm).filter(|&most| most >= 6) else { break };
        let steps = counts.len() - most.min(REACH)..counts.len();
        let len = steps.len() as f32;
        let alone = || steps.map(|step| (counts[step] - counts[step - rhythm]).abs()).sum::<f32>();
        let sum = match SIDE.checked_sub(rhythm) {
            Some(place) => near.map(|sums| sums[place]),
            None => far.map(|sums| sums[turn - SIDE]),
        };
        let error = sum.unwrap_or_else(alone) / len;
        if error < best.1 * 0.999 {
            best = (rhythm, error);
        }
    }
    if best.1.is_finite() { best } else { (1, 0.0) }
}

fn errors(counts: &[f32], rhythm: usize, told: &Told<'_>) -> ([f32; GUESSES], [f32; GUESSES]) {
    let (mut errors, mut roots) = ([0.0f32; GUESSES], [0.0f32; GUESSES]);
    let mut len = 0.0f32;
    for back in TRIALS {
        let Some(origin) = counts.len().checked_sub(back).filter(|&origin| origin > 0) else {
            break;
        };
        let came = &counts[origin..counts.len().min(origin + TRIAL)];
        let guesses = guess(&counts[..origin], rhythm, came.len(), told);
        for (guesses, came) in guesses.iter().zip(came) {
            for (guess, (error, root)) in guesses.iter().zip(errors.iter_mut().zip(&mut roots)) {
                *error += (guess - came).abs();
                *root += (guess - came).abs().sqrt();
            }
            len += 1.0;
        }
    }
    (errors.map(|error| error / len.max(1.0)), roots.map(|root| root / len.max(1.0)))
}

fn guess(counts: &[f32], rhythm: usize, horizon: usize, told: &Told<'_>) -> Vec<[f32; GUESSES]> {
    let len = counts.len();
    if counts.is_empty() {
        return vec![[0.0; GUESSES]; horizon];
    }
    let flat = told.levels.at(counts);
    let season = told.season;
    // The step a whole number of periods before a step ahead that is known, and none later.
    let known = |step: usize, period: usize| {
        // Mostly there is nothing to divide, which takes long.
        let ahead = step - len;
        let turns = if ahead < period { 0 } else { ahead / period };
        step.checked_sub((turns + 1) * period)
    };
    let earlier = |step: usize, period: usize| known(step, period).map(|step| counts[step]);
    let repeated = |step: usize, period: usize, turns: usize| {
        let mut seen = [0.0f32; 4];
        let mut count = 0;
        let mut next = known(step, period);
        while let Some(place) = next.filter(|_| count < turns) {
            seen[count] = counts[place];
            count += 1;
            next = place.checked_sub(period);
        }
        if count == 0 { None } else { Some(median(&seen[..count])) }
    };
    let step = |ahead: usize| {
        let step = len + ahead;
        let mut guesses = flat;
        guesses[HOUR] = earlier(step, 12).unwrap_or(flat[MEDIAN_12]);
        guesses[HOURS] = repeated(step, 12, 4).unwrap_or(flat[MEDIAN_12]);
        guesses[RHYTHM] = repeated(step, rhythm, 3).unwrap_or(flat[MEDIAN_12]);
        guesses[SEASON] = match season {
            0..=12 => repeated(step, 6, 4),
            _ => earlier(step, season),
        }
        .unwrap_or(flat[MEDIAN_12]);
        let then = (told.earlier)(step, len);
        guesses[EARLIER] = then.map_or(flat[MEDIAN_12], |then| counts[then]);
        guesses
    };
    (0..horizon).map(step).collect()
}

fn median(values: &[f32]) -> f32 {
    // As sorting would find it.
    match *values {
        [one] => return one,
        [one, other] => return (one + other) / 2.0,
        [a, b, c] => return a.min(b).max(a.max(b).min(c)),
        [a, b, c, d] => return (a.min(b).max(c.min(d)) + a.max(b).min(c.max(d))) / 2.0,
        _ => {}
    }
    let mut sorted = [0.0f32; REACH];
    let sorted = &mut sorted[..values.len()];
    sorted.copy_from_slice(values);
    sorted.sort_unstable_by(f32::total_cmp);
    let half = sorted.len() / 2;
    if sorted.len() % 2 == 1 { sorted[half] } else { (sorted[half - 1] + sorted[half]) / 2.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_exact_timer_is_its_own_base() {
        for rhythm in [3usize, 7, 12, 30] {
            let counts: Vec<f32> =
                (0..200).map(|step| if step % rhythm == 2 { 9.0 } else { 0.0 }).collect();
            let scene = Scene::of(&counts, 12, 12);
            assert_eq!((scene.rhythm, scene.errors[scene.base]), (rhythm, 0.0), "{rhythm}");
            for ahead in 0..12 {
                let expected = if (200 + ahead) % rhythm == 2 { 9.0 } else { 0.0 };
                assert_eq!(scene.middle(ahead), expected, "{rhythm}, {ahead} ahead");
            }
        }
    }

    #[test]
    fn rhythms_side_by_side_are_those_of_each_alone() {
        for len in [83, 84, 85, 143, 144, 200] {
            let counts: Vec<f32> = (0..len).map(|at| (at * 7919 % 1009) as f32 / 7.0).collect();
            let alone = |rhythm: usize| {
                let steps = len - REACH..len;
                steps.map(|step| (counts[step] - counts[step - rhythm]).abs()).sum::<f32>()
            };
            let longer = far(&counts).map(Vec::from);
            let expected = || RHYTHMS[SIDE..].iter().map(|rhythm| alone(*rhythm)).collect();
            assert_eq!(longer, (len >= 144).then(expected), "{len}");
            let Some(sums) = side_by_side(&counts) else {
                assert!(len < SIDE + REACH);
                continue;
            };
            for rhythm in 1..=SIDE {
                assert_eq!(sums[SIDE - rhythm], alone(rhythm), "{rhythm} of {len}");
            }
        }
    }

    #[test]
    fn nothing_and_little_are_scenes_too() {
        for counts in [vec![], vec![5.0], vec![1.0; 13], vec![0.0; 5]] {
            let scene = Scene::of(&counts, 288, 12);
            assert!(scene.scale > 0.0 && scene.middle(11).is_finite(), "{counts:?}: {scene:?}");
        }
    }
}
