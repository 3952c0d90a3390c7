//! An interrupt ends an experiment early and keeps the cells that were finished.

use std::sync::atomic::{AtomicBool, Ordering};

use swell_sim::error::SimError;
use swell_sim::simulate::{Case, simulate};
use swell_trace::reading::Reading;

use crate::threads_do_not_matter::{experiment, text};
use crate::traffic::generated;

const KEPT: usize = 7;

#[test]
fn interrupts_keep_what_is_finished() {
    let never = AtomicBool::new(false);
    let whole = experiment(generated(1), 1, 1).run(&never, &|_| {}).expect("it runs");
    for threads in [1, 2] {
        let interrupt = AtomicBool::new(false);
        let experiment = experiment(generated(1), 1, threads);
        let results = experiment.run(&interrupt, &|progress| {
            assert_eq!(progress.planned, experiment.planned());
            interrupt.fetch_or(progress.done >= KEPT, Ordering::Relaxed);
        });
        let results = results.expect("an interrupt is not an error");
        assert!(results.interrupted && !whole.interrupted);
        assert_eq!(results.planned, whole.planned);
        assert_eq!(results.rows.len(), results.details.len());
        // The first cell is the bound, and a second thread may finish one cell more.
        let kept = results.rows.len() + usize::from(!results.bounds.is_empty());
        assert!((KEPT..KEPT + threads).contains(&kept), "{kept} cells are kept");
        for row in &results.rows {
            let same = whole.rows.iter().find(|other| other.digest == row.digest);
            assert_eq!(same.map(|other| &other.policy), Some(&row.policy));
        }
    }
    assert_eq!(
        text(&whole),
        text(&experiment(generated(1), 1, 1).run(&never, &|_| {}).expect("it runs"))
    );
}

#[test]
fn a_single_run_that_is_interrupted_has_no_row() {
    let traffic = generated(1);
    let case =
        Case { policy: "lru".into(), memory: traffic.memories[0], reading: Reading::default() };
    let result = simulate(&traffic.scenario, &case, &AtomicBool::new(true));
    assert!(matches!(result, Err(SimError::Interrupted)));
}
