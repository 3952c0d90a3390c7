//! What calls need: instances at once, processors, memory and network, from how many calls are
//! forecast and what one call was measured to use.
//!
//! Calls that come by chance and are all served at once are an M/G/infinity queue: how many run
//! at a moment is Poisson with the mean of calls times duration over the length of the step,
//! whatever the durations are spread like (Takács, 1962). How many calls come is itself only
//! known by quantiles, so the chances are averaged over these. Requests are not instances: of a
//! hundred calls of a tenth of a second in five minutes hardly two run at once.
//!
//! What sizes a pool is the most that run at once within a step. An arriving call finds the
//! Poisson number of others (arrivals see time averages), so the most is at most `k` if each of
//! so many finds fewer than `k`; calls less than a duration apart find nearly the same, and
//! count as one.

use serde::{Deserialize, Serialize};

use crate::bands::{Forecast, LEVELS, Quantiles, quantile_of_levels};
use crate::chance::{poisson_at_most, quantile};

/// What one call uses on average, as measured. What is not a number, or negative, is nothing.
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct CallUse {
    /// How long it runs, in seconds.
    pub run_seconds: f64,
    /// Processor time, in seconds.
    pub cpu_seconds: f64,
    /// Memory of the instance that serves it, in bytes.
    pub memory_bytes: f64,
    /// Sent and received, in bytes.
    pub network_bytes: f64,
}

/// Quantiles of what the calls of one step need, at [`LEVELS`].
#[derive(Debug, Clone, Copy, PartialEq, Default, Serialize, Deserialize)]
pub struct Need {
    /// Calls that run at one moment.
    pub concurrency: Quantiles,
    /// The most that run at once within the step: as many places are needed to serve all warm.
    pub peak: Quantiles,
    /// Processors that are busy, on average over the step.
    pub cpu_cores: Quantiles,
    /// Memory of the instances at the peak, in bytes.
    pub memory_bytes: Quantiles,
    /// Network, in bytes a second, on average over the step.
    pub network_bytes_per_second: Quantiles,
}

/// Points by which the distribution of the count stands in the averages.
const POINTS: usize = 20;
/// No more run at once.
const PEAK_MAX: u64 = 10_000_000;

/// What each step of a forecast needs. `step_seconds` is how long a step is; `places` how many
/// calls an instance serves at once, at least one.
pub fn needs(forecast: &Forecast, of_call: &CallUse, step_seconds: f64, places: u32) -> Vec<Need> {
    forecast.steps.iter().map(|counts| need(counts, of_call, step_seconds, places)).collect()
}

/// What one step needs.
pub fn need(counts: &Quantiles, of_call: &CallUse, step_seconds: f64, places: u32) -> Need {
    let known = |number: f64| if number.is_finite() { number.max(0.0) } else { 0.0 };
    let step_seconds = if step_seconds > 0.0 { step_seconds } else { 1.0 };
    let run_seconds = known(of_call.run_seconds);
    let points: [f64; POINTS] = std::array::from_fn(|point| {
        let level = (point as f32 + 0.5) / POINTS as f32;
        known(f64::from(quantile_of_levels(counts, level)))
    });
    let looks = step_seconds / run_seconds.max(1e-9) + 1.0;
    let loads = points
        .map(|count| Load { mean: count * run_seconds / step_seconds, looks: count.min(looks) });
    let is_small = loads.iter().all(|load| load.mean <= SUMMED_MAX);
    let [concurrency, peak] = if is_small { summed(&loads) } else { searched(&loads) };
    let instances = peak.map(|peak| (peak / places.max(1) as f32).ceil());
    let rate = |each: f64| {
        let each = known(each) / step_seconds;
        counts.map(|count| (known(f64::from(count)) * each).min(f64::from(f32::MAX)) as f32)
    };
    let memory = known(of_call.memory_bytes).min(1e18) as f32;
    Need {
        concurrency,
        peak,
        cpu_cores: rate(of_call.cpu_seconds),
        memory_bytes: instances.map(|instances| instances * memory),
        network_bytes_per_second: rate(of_call.network_bytes),
    }
}

/// How many run on average, if so many calls come, and how many of these look afresh.
#[derive(Debug, Clone, Copy)]
struct Load {
    mean: f64,
    looks: f64,
}

/// Up to this load counts are gone through one by one, which is quicker.
const SUMMED_MAX: f64 = 30.0;

/// Concurrency and peak, with the sums of all loads kept along.
fn summed(loads: &[Load; POINTS]) -> [Quantiles; 2] {
    let mut quantiles = [[0.0; LEVELS.len()]; 2];
    let mut reached = [0usize; 2];
    let mut terms = loads.map(|load| (-load.mean).exp());
    let (mut below, mut at) = ([0.0f64; POINTS], terms);
    for count in 0..400u32 {
        let moment = at.iter().sum::<f64>();
        let peak = below.iter().zip(loads).map(|(below, load)| below.powf(load.looks)).sum();
        for (place, sum) in [moment, peak].into_iter().enumerate() {
            while LEVELS
                .get(reached[place])
                .is_some_and(|level| sum / POINTS as f64 >= f64::from(*level))
            {
                quantiles[place][reached[place]] = count as f32;
                reached[place] += 1;
            }
        }
        if reached == [LEVELS.len(); 2] {
            break;
        }
        below = at;
        for ((term, at), load) in terms.iter_mut().zip(&mut at).zip(loads) {
            *term *= load.mean / f64::from(count + 1);
            *at = (*at + *term).min(1.0);
        }
    }
    quantiles
}

/// Concurrency and peak, searched for.
fn searched(loads: &[Load; POINTS]) -> [Quantiles; 2] {
    let mean =
        |chance: &dyn Fn(&Load) -> f64| loads.iter().map(chance).sum::<f64>() / POINTS as f64;
    let moment = |most: u64| mean(&|load| poisson_at_most(most, load.mean));
    let peak = |most: u64| {
        mean(&|load| {
            let found = most.checked_sub(1).map_or(0.0, |most| poisson_at_most(most, load.mean));
            found.powf(load.looks)
        })
    };
    let levels = |chance: &dyn Fn(u64) -> f64| {
        LEVELS.map(|level| quantile(f64::from(level), PEAK_MAX, chance) as f32)
    };
    [levels(&moment), levels(&peak)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use swell_core::rng::{Rng, split, unit};

    fn of_call(run_seconds: f64) -> CallUse {
        CallUse { run_seconds, cpu_seconds: 0.5, memory_bytes: 1e6, network_bytes: 600.0 }
    }

    /// Most at once, and at the end, among calls of a step before and a step that counts.
    fn play(rng: &mut Rng, calls: f64, step: f64, run: f64) -> (usize, usize) {
        let mut at = 0.0;
        let mut ends: Vec<f64> = Vec::new();
        let (mut most, warmup) = (0, step.max(10.0 * run));
        let mut at_end = 0;
        loop {
            at += -(1.0 - unit(rng)).ln() * step / calls;
            if at > warmup + step {
                let running = ends.iter().filter(|&&end| end > warmup + step).count();
                at_end = at_end.max(running);
                return (most, at_end);
            }
            ends.retain(|&end| end > at);
            // Long and short calls, of this length on average.
            ends.push(at + 2.0 * run * unit(rng));
            if at > warmup {
                most = most.max(ends.len());
            }
        }
    }

    #[test]
    fn quantiles_are_those_of_a_simulation() {
        let mut rng = split(5, "needs");
        for (calls, run) in [(2.0, 0.1), (100.0, 0.1), (60.0, 10.0), (3000.0, 0.5), (300.0, 40.0)] {
            // Calls by chance, as many on average: the quantiles of that very count.
            let at = |level| quantile(level, 1 << 40, |count| poisson_at_most(count, calls)) as f32;
            let counts = LEVELS.map(|level| at(f64::from(level)));
            let need = need(&counts, &of_call(run), 300.0, 1);
            let mut played: Vec<(usize, usize)> =
                (0..400).map(|_| play(&mut rng, calls, 300.0, run)).collect();
            played.sort_unstable();
            let peak = |share: usize| played[share * 400 / 100].0 as f32;
            for (level, share) in [(2, 50), (3, 90)] {
                let off = (need.peak[level] - peak(share)).abs();
                let tolerated = 1.0 + 0.1 * peak(share);
                assert!(off <= tolerated, "{calls} of {run}: {:?}, {}", need.peak, peak(share));
            }
            let mut ends: Vec<usize> = played.iter().map(|(_, end)| *end).collect();
            ends.sort_unstable();
            let off = (need.concurrency[3] - ends[360] as f32).abs();
            assert!(off <= 1.0 + 0.1 * ends[360] as f32, "{calls} of {run}: {need:?}");
        }
    }

    #[test]
    fn sums_and_searches_agree() {
        for (spread, longest) in [(0.1, 0.5), (0.7, 90.0), (1.4, 3000.0)] {
            let loads = std::array::from_fn(|point| Load {
                mean: spread * point as f64,
                looks: longest * point as f64 / 20.0,
            });
            assert_eq!(summed(&loads), searched(&loads), "{spread} {longest}");
        }
    }

    #[test]
    fn doubt_about_the_count_is_doubt_about_the_need() {
        let sure = need(&[100.0; 5], &of_call(6.0), 300.0, 1);
        let unsure = need(&[0.0, 40.0, 100.0, 300.0, 600.0], &of_call(6.0), 300.0, 1);
        assert!(unsure.peak[3] > sure.peak[3] && unsure.peak[1] < sure.peak[1]);
        assert!(sure.peak.is_sorted() && unsure.peak.is_sorted());
        let pooled = need(&[100.0; 5], &of_call(6.0), 300.0, 4);
        assert_eq!(pooled.memory_bytes[3], (sure.peak[3] / 4.0).ceil() * 1e6);
        assert!((sure.cpu_cores[2] - 100.0 * 0.5 / 300.0).abs() < 1e-6);
        assert!((sure.network_bytes_per_second[2] - 200.0).abs() < 1e-3);
    }

    #[test]
    fn nothing_needs_nothing_and_nothing_is_wild() {
        assert_eq!(need(&[0.0; 5], &of_call(6.0), 300.0, 1), Need::default());
        let (nan, inf) = (f64::NAN, f64::INFINITY);
        for (counts, run) in
            [([f32::MAX; 5], 1e30), ([f32::NAN; 5], nan), ([5.0; 5], inf), ([5.0; 5], -1.0)]
        {
            let wild = CallUse {
                run_seconds: run,
                cpu_seconds: inf,
                memory_bytes: nan,
                network_bytes: f64::MAX,
            };
            for step in [300.0, 0.0, nan] {
                let need = need(&counts, &wild, step, 0);
                let all = [need.concurrency, need.peak, need.cpu_cores, need.memory_bytes];
                let is_tame = all.iter().flatten().all(|n| n.is_finite() && *n >= 0.0);
                assert!(is_tame, "{need:?}");
            }
        }
    }
}
