//! The published results of "Managing Data in Computational Edge Clouds" (MECOMM 2017), and
//! the cases that repeat them.
//!
//! The figures are the means of thirty runs in the result files of the authors' simulator, as
//! of March 2017. Two things there are not as the paper tells, and are repeated here as they
//! were: popularity within a workload follows Zipf's law with exponent 1, and the slots of a
//! member are a share of 32 workloads' contents, however many there are, so that fewer
//! workloads have up to eight times the budget that was meant.

use serde::Serialize;

use crate::cache::case::{Case, Net};
use crate::cache::replacement::catalogue::Replacement;
use crate::cache::row::Row;
use crate::cache::strategy::catalogue::Choice;
use crate::cache::strategy::group::Lookup;
use crate::cache::strategy::sharing::PAPER;
use crate::cache::topology::star::{Draw, Shape};

/// Runs of each published point.
pub const REPETITIONS: u32 = 30;

/// Members.
const MEMBERS: u32 = 320;
/// Contents of all workloads together.
const CONTENTS: u32 = 320_000;
/// Requests to warm up, and as many that are counted.
const REQUESTS: u64 = 640_000;
/// The workloads of which a member's slots are a share.
const BUDGET_WORKLOADS: u32 = 32;

/// A hit ratio and a mean latency in ms.
type Published = (f64, f64);

/// By cache size in hundredths of the contents: four workloads in four groups, the same
/// without groups, 32 workloads in 32 groups, the same without groups.
const BY_SIZE: [(u32, [Published; 4]); 10] = [
    (1, [(0.6195, 42.45), (0.2767, 62.64), (0.3534, 53.30), (0.1306, 75.29)]),
    (2, [(0.6827, 37.01), (0.3417, 57.01), (0.4281, 47.61), (0.2039, 68.94)]),
    (3, [(0.7199, 33.67), (0.3803, 53.66), (0.4720, 44.49), (0.2503, 64.92)]),
    (4, [(0.7468, 31.06), (0.4080, 51.27), (0.5048, 41.63), (0.2836, 62.04)]),
    (5, [(0.7679, 28.87), (0.4296, 49.40), (0.5294, 39.82), (0.3093, 59.81)]),
    (6, [(0.7837, 27.77), (0.4472, 47.87), (0.5497, 38.36), (0.3306, 57.97)]),
    (7, [(0.7979, 26.38), (0.4622, 46.58), (0.5676, 36.83), (0.3484, 56.42)]),
    (8, [(0.8093, 25.61), (0.4752, 45.45), (0.5828, 35.60), (0.3641, 55.07)]),
    (9, [(0.8207, 24.24), (0.4865, 44.47), (0.5964, 34.46), (0.3779, 53.88)]),
    (10, [(0.8296, 23.61), (0.4970, 43.56), (0.6081, 33.60), (0.3905, 52.79)]),
];

/// By the number of groups, with a cache size of ten hundredths: four, eight, 16 and 32
/// workloads.
const BY_GROUPS: [(u32, [Published; 4]); 9] = [
    (320, [(0.4969, 43.57), (0.4658, 46.26), (0.4302, 49.34), (0.3903, 52.80)]),
    (160, [(0.5508, 34.10), (0.5232, 36.21), (0.4918, 38.56), (0.4563, 41.30)]),
    (64, [(0.6223, 30.22), (0.5986, 32.28), (0.5730, 34.22), (0.5433, 36.56)]),
    (32, [(0.6759, 27.75), (0.6557, 29.69), (0.6338, 31.37), (0.6079, 33.81)]),
    (16, [(0.7291, 25.62), (0.7122, 27.42), (0.6936, 29.08), (0.6079, 34.97)]),
    (8, [(0.7812, 23.97), (0.7673, 25.72), (0.6905, 31.27), (0.6048, 37.30)]),
    (4, [(0.8294, 23.76), (0.7616, 28.62), (0.6837, 34.71), (0.5980, 40.87)]),
    (2, [(0.8215, 27.41), (0.7523, 32.98), (0.6741, 39.05), (0.5875, 45.81)]),
    (1, [(0.4971, 43.55), (0.4658, 46.26), (0.4307, 49.31), (0.3906, 52.78)]),
];

/// What a point is drawn against.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Figure {
    /// Against the size of caches.
    CacheSize,
    /// Against the number of groups.
    Groups,
}

/// A published point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    /// What it is drawn against.
    pub figure: Figure,
    /// Workloads.
    pub workloads: u32,
    /// Groups; one is none.
    pub groups: u32,
    /// Cache size, in hundredths of the contents.
    pub hundredths: u32,
    /// The hit ratio there.
    pub hit_ratio: f64,
    /// The mean latency there, in ms.
    pub latency_ms: f64,
}

/// A published point beside the mean of our runs.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Comparison {
    /// What it is drawn against.
    pub figure: Figure,
    /// Workloads.
    pub workloads: u32,
    /// Groups; one is none.
    pub groups: u32,
    /// Cache size as a share of the contents, as the paper counts it.
    pub cache_size: f64,
    /// Runs behind our mean.
    pub runs: usize,
    /// The published hit ratio.
    pub published_hit_ratio: f64,
    /// Ours.
    pub hit_ratio: f64,
    /// Ours less the published one.
    pub hit_ratio_off: f64,
    /// The published latency, in ms.
    pub published_latency_ms: f64,
    /// Ours.
    pub latency_ms: f64,
    /// How much more ours is, in %.
    pub latency_off_pct: f64,
}

/// All published points.
pub fn points() -> Vec<Point> {
    let mut points = Vec::new();
    for (hundredths, row) in BY_SIZE {
        let of = [(4, 4), (4, 1), (32, 32), (32, 1)];
        for ((workloads, groups), (hit_ratio, latency_ms)) in of.into_iter().zip(row) {
            let figure = Figure::CacheSize;
            points.push(Point { figure, workloads, groups, hundredths, hit_ratio, latency_ms });
        }
    }
    for (groups, row) in BY_GROUPS {
        for (workloads, (hit_ratio, latency_ms)) in [4, 8, 16, 32].into_iter().zip(row) {
            let (figure, hundredths) = (Figure::Groups, 10);
            points.push(Point { figure, workloads, groups, hundredths, hit_ratio, latency_ms });
        }
    }
    points
}

impl Point {
    /// The case that repeats it.
    pub fn case(&self, seed: u64) -> Case {
        let contents = CONTENTS / self.workloads;
        let shape = Shape { members: MEMBERS / self.groups, leaders: self.groups };
        Case {
            net: Net::Deck { shape, draw: Draw::Random },
            strategy: Choice::Group(PAPER),
            lookup: Lookup::Oracle,
            replacement: Replacement::Lru,
            alpha: 1.0,
            workloads: self.workloads,
            contents,
            slots: self.hundredths * contents * BUDGET_WORKLOADS / (100 * MEMBERS),
            warmup: REQUESTS,
            requests: REQUESTS,
            seed,
            protocol: None,
        }
    }

    fn is_of(&self, row: &Row) -> bool {
        let case = self.case(row.seed);
        let Net::Deck { shape, .. } = case.net else { return false };
        row.group == shape.to_string() && (row.workloads, row.slots) == (case.workloads, case.slots)
    }
}

/// The cases of all points with these seeds, each once: some points are in both figures.
pub fn cases(seeds: &[u64]) -> Vec<Case> {
    let mut cases: Vec<Case> = Vec::new();
    for point in points() {
        let case = point.case(0);
        if !cases.contains(&case) {
            cases.push(case);
        }
    }
    let with_seeds =
        |case: &Case| seeds.iter().map(|&seed| Case { seed, ..case.clone() }).collect();
    cases.iter().flat_map(|case| -> Vec<Case> { with_seeds(case) }).collect()
}

/// The published points beside the means of these rows; points without rows are left out.
pub fn compare(rows: &[Row]) -> Vec<Comparison> {
    points().iter().filter_map(|point| comparison(point, rows)).collect()
}

fn comparison(point: &Point, rows: &[Row]) -> Option<Comparison> {
    let of_point: Vec<&Row> = rows.iter().filter(|row| point.is_of(row)).collect();
    if of_point.is_empty() {
        return None;
    }
    let runs = of_point.len();
    let mean =
        |value: fn(&Row) -> f64| of_point.iter().map(|row| value(row)).sum::<f64>() / runs as f64;
    let (hit_ratio, latency_ms) = (mean(|row| row.hit_ratio), mean(|row| row.latency_ms));
    Some(Comparison {
        figure: point.figure,
        workloads: point.workloads,
        groups: point.groups,
        cache_size: f64::from(point.hundredths) / 100.0,
        runs,
        published_hit_ratio: point.hit_ratio,
        hit_ratio,
        hit_ratio_off: hit_ratio - point.hit_ratio,
        published_latency_ms: point.latency_ms,
        latency_ms,
        latency_off_pct: (latency_ms / point.latency_ms - 1.0) * 100.0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cases_are_those_of_the_paper() {
        let points = points();
        assert_eq!(points.len(), 76);
        let find = |figure, workloads, groups, hundredths| {
            let is = |point: &&Point| {
                (point.figure, point.workloads, point.groups, point.hundredths)
                    == (figure, workloads, groups, hundredths)
            };
            points.iter().find(is).expect("it is there")
        };
        let point = find(Figure::CacheSize, 32, 32, 10);
        assert_eq!((point.hit_ratio, point.latency_ms), (0.6081, 33.60));
        let case = point.case(1);
        assert_eq!((case.contents, case.slots), (10_000, 100));
        let case = find(Figure::CacheSize, 4, 4, 1).case(1);
        assert_eq!((case.contents, case.slots), (80_000, 80));
        assert_eq!(find(Figure::Groups, 4, 320, 10).case(1).slots, 800);
    }

    #[test]
    fn points_in_both_figures_are_run_once() {
        let cases = cases(&[1, 2]);
        assert_eq!(cases.len(), 2 * (76 - 4));
        assert_eq!((cases[0].seed, cases[1].seed), (1, 2));
    }
}
