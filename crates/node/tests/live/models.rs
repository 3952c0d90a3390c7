//! The league of models in a node's hands: trained, kept, taken up again, lost without harm.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::channel;

use swell_core::units::Bytes;
use swell_forecast::calendar::grid::Grid;
use swell_forecast::league::contender::{Contender, Why};
use swell_forecast::league::rules::USUAL;
use swell_forecast::league::state::State;
use swell_forecast::panel::{Member, Panel, Trigger};
use swell_forecast::series::Series;
use swell_node::demand::counter::Demand;
use swell_node::foresight::calendar::Calendar;
use swell_node::foresight::choosing::Choosing;
use swell_node::foresight::known::Known;
use swell_node::foresight::maker::{Maker, Said};
use swell_node::foresight::models::{Models, method};
use swell_node::foresight::training::{self, Done, Job, Lesson, Limits, Made};
use swell_node::registry::Registry;
use tempfile::TempDir;

/// Learned across functions, and quick to learn.
const TREES: &str = "gbm";

/// Forty functions, each with an hour of its own shape, and some noise.
fn panel(steps: usize) -> Panel {
    let members = (0..40u32).map(|number| {
        let count = |step: usize| {
            let noise = (step as u32 * 7_919 + number * 104_729) % 11;
            let peak = if step % 12 == (number % 12) as usize { 40 } else { 0 };
            Some(number % 7 * 3 + peak + noise)
        };
        let counts = Series::from_counts((0..steps).map(count));
        Member { name: format!("f{number:02}"), counts, trigger: Trigger::Http, seen: Vec::new() }
    });
    Panel::new(members.collect(), 12)
}

struct Stage {
    method: &'static str,
    folder: TempDir,
    calendar: Calendar,
    maker: Maker,
}

impl Stage {
    fn on(
        method_name: &'static str,
        folder: TempDir,
        state: Option<&[u8]>,
        choices: Option<&[u8]>,
    ) -> Self {
        let registry = Arc::new(Registry::default());
        let demand = Demand::open(folder.path(), registry, 1.0).expect("it opens");
        let calendar = Calendar::open(Arc::new(demand)).expect("it opens");
        let models = Models::of(folder.path());
        let choosing = Choosing::open(choices, 12);
        let maker = Maker::new(method(method_name), USUAL, models, choosing, state);
        Self { method: method_name, folder, calendar, maker }
    }

    /// The next run in the same folder.
    fn again(self, state: &[u8]) -> Self {
        let Self { method, folder, calendar, maker } = self;
        let choices = maker.choosing.state();
        drop((calendar, maker));
        Self::on(method, folder, Some(state), Some(&choices))
    }

    fn step(&mut self, step: usize) -> Said {
        let panel = panel(step);
        let names = panel.members.iter().map(|member| member.name.as_str().into()).collect();
        let grid = Grid { first_ms: 0, step_ms: 300_000 };
        let (origin, steps) = (step as u64, step as u64);
        let (scale, go_on) = (|_: &str| 5.0, || true);
        let (scale, go_on) = (&scale, &go_on);
        let known = Known { origin, steps, panel, names, grid, scale, drifted: 0.0, go_on };
        let said = self.maker.step(known, &self.calendar);
        let forecasts = said.forecasts.as_ref().expect("somebody can always forecast");
        assert!(forecasts.len() == 40 && forecasts.iter().all(|one| one.steps.len() == 12));
        said
    }

    /// Makes the model that was asked for, as the thread would.
    fn train(&mut self, generation: u64, step: usize) {
        let (jobs, wanted) = channel();
        let memory = Bytes::new(64 << 20);
        let limits = Limits { per_mille: 1000, memory, stop: Arc::<AtomicBool>::default() };
        jobs.send(Job::Train(Lesson { generation, panel: panel(step) })).expect("it is heard");
        drop(jobs);
        let made = std::cell::RefCell::new(Vec::new());
        training::run(&method(self.method), &limits, &wanted, |one| made.borrow_mut().push(one));
        for done in made.into_inner() {
            let Done::Made(Made { generation, model, .. }) = done else { continue };
            self.maker.made(generation, model);
        }
    }

    fn held(&self) -> Vec<u64> {
        self.maker.league().state().held().collect()
    }
}

fn until_trained(stage: &mut Stage, from: usize) -> (u64, usize) {
    for step in from..from + 200 {
        if let Some(generation) = stage.step(step).train {
            stage.train(generation, step);
            return (generation, step);
        }
    }
    panic!("nobody wanted a model");
}

#[test]
fn a_model_is_trained_kept_taken_up_again_and_lost_without_harm() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let mut stage = Stage::on(TREES, folder, None, None);
    let (generation, trained) = until_trained(&mut stage, 140);
    assert!(stage.held().contains(&generation), "it is on trial");
    for step in trained + 1..trained + 12 {
        stage.step(step);
    }
    let state = stage.maker.state();
    let path = Models::of(stage.folder.path()).path(generation);
    let kept = std::fs::read(&path).expect("it is kept");

    let mut stage = stage.again(&state);
    assert!(stage.held().contains(&generation), "it is taken up again");
    let losses = |stage: &Stage| -> BTreeMap<Contender, usize> {
        let forms = &stage.maker.league().state().forms;
        forms.iter().map(|(contender, form)| (*contender, form.missing() as usize)).collect()
    };
    stage.step(trained + 12);
    stage.step(trained + 13);
    assert_eq!(losses(&stage)[&Contender::Model(generation)], 0, "and forecasts");

    for hurt in [&kept[..kept.len() / 2], b"something else"] {
        std::fs::write(&path, hurt).expect("it is written");
        let mut broken = stage.again(&state);
        assert!(!broken.held().contains(&generation), "a damaged one is not");
        let changes = &broken.maker.league().state().changes;
        assert!(changes.iter().any(|change| change.what.contains("lost")), "{changes:?}");
        let said = broken.step(trained + 12);
        assert!(!matches!(said.by, Contender::Model(_)), "{}", said.by);
        stage = broken;
    }
    let anew = stage.again(b"no state of a league");
    assert!(anew.held().is_empty());
}

#[test]
fn a_hybrid_that_does_better_is_believed_until_it_is_lost() {
    let folder = tempfile::tempdir().expect("a folder for the test");
    let mut stage = Stage::on("hybrid", folder, None, None);
    let (generation, trained) = until_trained(&mut stage, 140);
    let model = Contender::Model(generation);
    let promoted = (trained + 1..trained + 100).find(|&step| stage.step(step).by == model);
    let promoted = promoted.expect("an hourly peak is easily foreseen better than by a window");
    let said = stage.step(promoted + 1);
    assert!(said.by == model && said.why.contains("promoted"), "{}: {}", said.by, said.why);

    let state = stage.maker.state();
    let mut stage = stage.again(&state);
    let again = stage.step(promoted + 1);
    assert_eq!((again.by, &again.forecasts), (model, &said.forecasts), "the notes are made anew");

    // A newer one took its place, another training was under way, and the node was killed while the
    // newest was written.
    let models = Models::of(stage.folder.path());
    let kept = std::fs::read(models.path(generation)).expect("it is kept");
    let newer = generation + 1;
    let mut later = State::from_bytes(&state).expect("it is a state");
    let form = later.form(model);
    later.forms.insert(Contender::Model(newer), form);
    (later.champion, later.last_good, later.next) = (Some(newer), Some(generation), newer + 2);
    (later.in_use, later.training) = (Contender::Model(newer), Some((newer + 1, Why::Schedule)));
    models.keep(newer, &kept).expect("it is kept");
    let begun = models.path(newer + 1).with_extension("new");
    std::fs::write(&begun, &kept[..kept.len() / 3]).expect("it is written");
    let mut stage = stage.again(&later.to_bytes());
    let said = stage.step(promoted + 1);
    assert_eq!(said.by, Contender::Model(newer), "{}", said.why);
    assert!(!begun.exists() && stage.maker.league().state().training.is_none());

    std::fs::write(models.path(newer), &kept[..kept.len() - 9]).expect("it is written");
    let mut stage = stage.again(&later.to_bytes());
    let changes = stage.maker.league().state().changes.iter();
    let told = changes.map(|change| change.what.as_str()).find(|what| what.contains("is lost"));
    assert!(told.is_some_and(|told| told.contains("cut short")), "{told:?}");
    let said = stage.step(promoted + 1);
    assert_eq!((said.by, said.forecasts), (model, again.forecasts), "the last good one serves");

    std::fs::write(models.path(generation), &kept[..kept.len() - 9]).expect("it is written");
    let mut stage = stage.again(&state);
    let said = stage.step(promoted + 1);
    assert!(said.by != model && said.forecasts.is_some(), "{}", said.by);
}
