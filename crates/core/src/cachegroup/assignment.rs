//! Many tasks at once, one per node: Least Processing Cost First as it was published.
//!
//! First an assignment of least total processing cost (job size by processing power), found by
//! the Hungarian method in the form of shortest augmenting paths (Jonker and Volgenant, "A
//! Shortest Augmenting Path Algorithm for Dense and Sparse Linear Assignment Problems", 1987).
//! Then nodes of equal power swap their jobs as long as that makes jobs that depend on each
//! other come nearer, which costs nothing in processing.

/// Jobs that talk to each other, by their index, and a weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dependence {
    /// One of them.
    pub from: usize,
    /// The other.
    pub to: usize,
}

/// What is to be assigned to what.
pub struct Problem<'a> {
    /// Size of each job.
    pub jobs: &'a [f64],
    /// Processing power of each node; at least as many as jobs.
    pub powers: &'a [f64],
    /// Jobs that depend on each other.
    pub dependences: &'a [Dependence],
    /// Distance of two nodes, by their index.
    pub distance: &'a dyn Fn(usize, usize) -> f64,
}

/// The node of each job. None if there are more jobs than nodes, or a size, a power or a
/// distance is no number that makes sense.
pub fn assign(problem: &Problem<'_>) -> Option<Vec<usize>> {
    let (jobs, nodes) = (problem.jobs.len(), problem.powers.len());
    let sizes = problem.jobs.iter().all(|size| size.is_finite() && *size >= 0.0);
    let powers = problem.powers.iter().all(|power| power.is_finite() && *power > 0.0);
    let inside = |job: usize| job < jobs;
    let known = problem.dependences.iter().all(|pair| inside(pair.from) && inside(pair.to));
    if jobs > nodes || !sizes || !powers || !known {
        return None;
    }
    let mut places = least_processing(problem.jobs, problem.powers);
    swap_equals(problem, &mut places);
    Some(places)
}

/// An assignment of least total processing cost.
fn least_processing(jobs: &[f64], powers: &[f64]) -> Vec<usize> {
    let (rows, columns) = (jobs.len(), powers.len());
    let cost = |row: usize, column: usize| jobs[row - 1] / powers[column - 1];
    // Potentials of rows and columns, and the row of each column; index 0 is nobody.
    let (mut u, mut v) = (vec![0.0; rows + 1], vec![0.0; columns + 1]);
    let mut row_of = vec![0; columns + 1];
    for row in 1..=rows {
        row_of[0] = row;
        let mut column = 0;
        let mut least = vec![f64::INFINITY; columns + 1];
        let mut before = vec![0; columns + 1];
        let mut used = vec![false; columns + 1];
        while row_of[column] != 0 {
            used[column] = true;
            let from = row_of[column];
            let (mut step, mut next) = (f64::INFINITY, 0);
            for to in (1..=columns).filter(|&to| !used[to]) {
                let reduced = cost(from, to) - u[from] - v[to];
                if reduced < least[to] {
                    (least[to], before[to]) = (reduced, column);
                }
                if least[to] < step {
                    (step, next) = (least[to], to);
                }
            }
            for to in 0..=columns {
                if used[to] {
                    u[row_of[to]] += step;
                    v[to] -= step;
                } else {
                    least[to] -= step;
                }
            }
            column = next;
        }
        while column != 0 {
            row_of[column] = row_of[before[column]];
            column = before[column];
        }
    }
    let mut places = vec![0; rows];
    for column in 1..=columns {
        if row_of[column] != 0 {
            places[row_of[column] - 1] = column - 1;
        }
    }
    places
}

/// What dependent jobs are apart from each other in sum.
fn network_cost(problem: &Problem<'_>, places: &[usize]) -> f64 {
    let apart = |pair: &Dependence| (problem.distance)(places[pair.from], places[pair.to]);
    problem.dependences.iter().map(apart).sum()
}

/// Swaps jobs of nodes with equal power, and moves jobs to idle ones, while it pays.
fn swap_equals(problem: &Problem<'_>, places: &mut [usize]) {
    let mut least = network_cost(problem, places);
    let mut pays = true;
    while pays {
        pays = false;
        for job in 0..places.len() {
            for node in 0..problem.powers.len() {
                let own = places[job];
                if node == own || problem.powers[node] != problem.powers[own] {
                    continue;
                }
                let other = places.iter().position(|&place| place == node);
                places[job] = node;
                if let Some(other) = other {
                    places[other] = own;
                }
                let cost = network_cost(problem, places);
                if cost < least {
                    (least, pays) = (cost, true);
                } else {
                    places[job] = own;
                    if let Some(other) = other {
                        places[other] = node;
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng;

    fn processing(jobs: &[f64], powers: &[f64], places: &[usize]) -> f64 {
        places.iter().zip(jobs).map(|(&node, job)| job / powers[node]).sum()
    }

    /// The least over all assignments, by trying them.
    fn least(jobs: &[f64], powers: &[f64], taken: &mut Vec<usize>) -> f64 {
        if taken.len() == jobs.len() {
            return processing(jobs, powers, taken);
        }
        let mut best = f64::INFINITY;
        for node in 0..powers.len() {
            if !taken.contains(&node) {
                taken.push(node);
                best = best.min(least(jobs, powers, taken));
                taken.pop();
            }
        }
        best
    }

    #[test]
    fn processing_is_the_least_there_is() {
        for seed in 0..200 {
            let mut rng = rng::split(seed, "assignment");
            let jobs: Vec<f64> =
                (0..1 + rng::below(&mut rng, 5)).map(|_| 2.0 + 4.0 * rng::unit(&mut rng)).collect();
            let nodes = jobs.len() as u64 + rng::below(&mut rng, 2);
            let powers: Vec<f64> =
                (0..nodes).map(|_| 2.0 + rng::below(&mut rng, 8) as f64).collect();
            let flat = |_, _| 1.0;
            let problem =
                Problem { jobs: &jobs, powers: &powers, dependences: &[], distance: &flat };
            let places = assign(&problem).expect("it can be assigned");
            let found = processing(&jobs, &powers, &places);
            let best = least(&jobs, &powers, &mut Vec::new());
            assert!((found - best).abs() < 1e-9, "seed {seed}: {found} is more than {best}");
            let mut nodes = places.clone();
            nodes.sort_unstable();
            nodes.dedup();
            assert_eq!(nodes.len(), jobs.len(), "seed {seed}: one job per node");
        }
    }

    #[test]
    fn dependent_jobs_come_together_on_nodes_of_equal_power() {
        let line = |a: usize, b: usize| a.abs_diff(b) as f64;
        let dependences = [Dependence { from: 0, to: 2 }];
        let problem = Problem {
            jobs: &[4.0, 4.0, 4.0],
            powers: &[2.0; 4],
            dependences: &dependences,
            distance: &line,
        };
        let places = assign(&problem).expect("it can be assigned");
        assert_eq!(places[0].abs_diff(places[2]), 1, "{places:?}");
    }

    #[test]
    fn what_cannot_be_assigned_is_refused() {
        let flat = |_, _| 1.0;
        let none = Dependence { from: 0, to: 7 };
        for (jobs, powers, dependences) in [
            (&[1.0, 1.0][..], &[1.0][..], &[][..]),
            (&[f64::NAN], &[1.0], &[]),
            (&[1.0], &[0.0], &[]),
            (&[1.0], &[1.0], &[none]),
        ] {
            assert_eq!(assign(&Problem { jobs, powers, dependences, distance: &flat }), None);
        }
    }
}
