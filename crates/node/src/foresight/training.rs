//! Making models beside the calls, and trying methods: one thread, one thing at a time, within its
//! share of a core and its memory.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, Sender};
use std::time::Duration;

use swell_core::units::Bytes;
use swell_forecast::catalogue::Entry;
use swell_forecast::forecaster::{Budget, Model};
use swell_forecast::league::budget::Memory;
use swell_forecast::panel::Panel;

use crate::foresight::choosing::{Look, Looked};
use crate::foresight::pace::{Pace, used, yield_to_all};

/// Counts from which on the whole budget is worth spending; less for fewer.
const COUNTS_FULL: f32 = 400_000.0;
/// The least part of the budget.
const SHARE_LEAST: f32 = 0.02;

/// What is done beside the calls.
pub enum Job {
    /// A model is made.
    Train(Lesson),
    /// Methods are tried on some functions.
    Look(Look),
}

/// What came of it.
pub enum Done {
    /// A model, or the reason why there is none.
    Made(Made),
    /// What was tried.
    Looked(Looked),
}

/// A model to make.
pub struct Lesson {
    /// Its generation, which is its seed as well.
    pub generation: u64,
    /// What it learns from, as much as the memory for it allows.
    pub panel: Panel,
}

/// A model that was made, or the reason why there is none.
pub struct Made {
    /// Its generation.
    pub generation: u64,
    /// The model.
    pub model: Result<Box<dyn Model>, String>,
    /// Time of the processor that it took.
    pub took: Duration,
}

/// What training may use.
#[derive(Debug, Clone)]
pub struct Limits {
    /// Of one core, in thousandths.
    pub per_mille: u16,
    /// Memory.
    pub memory: Bytes,
    /// Ends it early.
    pub stop: Arc<AtomicBool>,
}

/// Makes models of a method, and tries others, until nobody asks any more.
pub fn run(method: &Entry, limits: &Limits, jobs: &Receiver<Job>, tell: impl Fn(Done)) {
    yield_to_all();
    for job in jobs {
        let before = used();
        tell(match job {
            Job::Train(lesson) => {
                let model = make(method, limits, &lesson);
                Done::Made(Made { generation: lesson.generation, model, took: used() - before })
            }
            Job::Look(look) => {
                let pace = Pace::new(limits.per_mille, limits.stop.clone());
                Done::Looked(look.run(|| pace.go_on()))
            }
        });
    }
}

fn make(method: &Entry, limits: &Limits, job: &Lesson) -> Result<Box<dyn Model>, String> {
    let pace = Pace::new(limits.per_mille, limits.stop.clone());
    let proceed = || pace.go_on();
    let each = |jobs: usize, work: &(dyn Fn(usize) + Sync)| {
        for number in 0..jobs {
            work(number);
            pace.go_on();
        }
    };
    let memory = Memory { bytes: limits.memory.get() };
    let panel = &job.panel;
    let counts = (panel.members.len() * panel.len()) as f32;
    let scaled = Budget::FULL.scaled((counts / COUNTS_FULL).clamp(SHARE_LEAST, 1.0));
    let examples = scaled.examples.min(memory.examples(panel)).max(1);
    let asked = scaled.asked.min(memory.asked(panel)).max(1);
    let budget = Budget { examples, asked, proceed: &proceed, each: &each, ..scaled };
    let past = panel.before(panel.len());
    let fit = || method.forecaster.fit(&past, &budget, job.generation);
    let model = catch_unwind(AssertUnwindSafe(fit));
    if !pace.go_on() {
        return Err("the node was stopped".to_string());
    }
    model.map_err(|_| "it broke; the log tells where".to_string())
}

/// How jobs are handed over.
pub type Jobs = Sender<Job>;
