//! The thread that forecasts: what it does when a step is over, and when a model was made.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::Receiver;
use std::time::Duration;

use swell_forecast::bands::Forecast;
use swell_forecast::calendar::dates::days;
use swell_forecast::calendar::grid::Grid;
use swell_forecast::league::budget::Memory;
use swell_forecast::league::rules::USUAL;
use swell_forecast::panel::Panel;
use swell_forecast::regressor::series::Regressor;

use crate::clock::wall_ms;
use crate::demand::book::Window;
use crate::demand::track::{FIVES_KEPT, MINUTES_KEPT};
use crate::foresight::choosing::Choosing;
use crate::foresight::composing::{Beside, RESTS_MINUTES, compose};
use crate::foresight::coupled;
use crate::foresight::edges::{Edges, about};
use crate::foresight::floors::hold;
use crate::foresight::following::Following;
use crate::foresight::ground::Ground;
use crate::foresight::guard::Guard;
use crate::foresight::known::Known;
use crate::foresight::maker::{Maker, Said};
use crate::foresight::members::{Member, members};
use crate::foresight::minute_bands::MinuteBands;
use crate::foresight::minutes::Minutes;
use crate::foresight::models::{METHOD, Models, method};
use crate::foresight::outlook::Outlook;
use crate::foresight::pace::{Pace, used, yield_to_all};
use crate::foresight::receipt;
use crate::foresight::record::Record;
use crate::foresight::told::{tell_minutes, tell_steps};
use crate::foresight::training::{Done, Job, Jobs, Lesson, Made};
use crate::settings::ClonesBy;

/// Steps that a forecast looks back on, at least: two weeks of 5-minute steps, so that each day of
/// the week was seen twice.
const LOOK: u64 = 4_032;
/// How far back other series are fetched: as far as a forecast looks.
pub const FOLLOWED: u64 = LOOK + BEGIN - 1;
/// The panel begins at a step that so many divide, so that what a model noted at earlier steps of
/// it is of use for as many: an hour of 5-minute steps.
const BEGIN: u64 = 12;
/// Steps that a model learns from: two weeks of 5-minute steps.
const LESSON: u64 = 4_032;
/// Of one core, in thousandths: forecasts are to be there soon after their step begins.
const FORECASTING: u16 = 500;
/// No node of ours answers more calls a second and processor: what is above is no forecast.
const CALLS_MAX: f32 = 100_000.0;
/// Steps between two writings of scores and the like: an hour of 5-minute steps.
const KEEP_EVERY: u64 = 12;
/// What the league's state is kept as.
pub const LEAGUE: &str = "steps/league";

/// Why the thread wakes.
pub enum Wake {
    /// A minute is over.
    Minute(u64),
    /// A model was made, or methods were tried.
    Done(Done),
    /// The node goes down.
    Stop,
}

/// The thread that forecasts.
pub struct Round<'a> {
    ground: &'a Ground,
    stop: &'a Arc<AtomicBool>,
    maker: Maker,
    guard: Guard,
    edges: Edges,
    following: Option<Following>,
    minutes: Minutes,
    bands: MinuteBands,
    record: Record,
    recent: VecDeque<Arc<Outlook>>,
    /// Functions of which the mind was told something.
    told: BTreeSet<Arc<str>>,
    origin: u64,
}

impl<'a> Round<'a> {
    /// Takes up what an earlier run left; `state` is what its league knew.
    pub fn new(ground: &'a Ground, stop: &'a Arc<AtomicBool>, state: Option<&[u8]>) -> Self {
        let horizon = ground.parts.settings.horizon_steps as usize;
        let models = Models::of(&ground.parts.data);
        let kept = Choosing::kept(&ground.parts.demand);
        let choosing = Choosing::open(kept.as_deref(), horizon);
        let maker = Maker::new(method(METHOD), USUAL, models, choosing, state);
        let guard = Guard::open(&ground.parts.demand, &ground.desk);
        coupled::open(&ground.parts.demand, &ground.desk);
        let edges = Edges::open(&ground.parts.demand, horizon);
        let followed = ground.followed.as_ref();
        let rests = RESTS_MINUTES.div_ceil(ground.step_minutes()) as usize;
        let following =
            followed.map(|followed| Following::open(&ground.parts.demand, followed, rests));
        let open = ground.parts.demand.timeline().last() + 1;
        // A day is told of a copy: whoever counts does not wait for that.
        let book = ground.parts.demand.book.lock().clone();
        let minutes = Minutes::open(&book, open);
        let bands = MinuteBands::open(&ground.parts.demand);
        let record =
            Record::new(&ground.parts.data, ground.parts.settings.record_bytes_max.get(), open);
        let (recent, told, origin) = (VecDeque::new(), BTreeSet::new(), 0);
        Self {
            ground,
            stop,
            maker,
            guard,
            edges,
            following,
            minutes,
            bands,
            record,
            recent,
            told,
            origin,
        }
    }

    /// Forecasts whenever a step is over, until told to stop.
    pub fn run(mut self, woken: &Receiver<Wake>, jobs: &Jobs) {
        yield_to_all();
        while let Ok(wake) = woken.recv() {
            let mut minute = None;
            // Of minutes that came while the last step was worked on, the newest is enough.
            for wake in std::iter::once(wake).chain(woken.try_iter()) {
                match wake {
                    Wake::Minute(newer) => minute = Some(newer),
                    Wake::Done(Done::Made(made)) => self.made(made),
                    Wake::Done(Done::Looked(looked)) => self.maker.choosing.looked(looked),
                    Wake::Stop => return self.keep(),
                }
            }
            if let Some(minute) = minute {
                self.minute(minute + 1);
            }
            let step = self.ground.step_minutes();
            let origin = minute.map_or(self.origin, |minute| (minute + 1) / step);
            if origin > self.origin {
                self.origin = origin;
                self.step(jobs);
            }
        }
    }

    /// A minute begins: what decides on clones is told of the one that ended.
    fn minute(&mut self, open: u64) {
        let ground = self.ground;
        let members = members(&ground.parts.registry, |own| ground.mode(own));
        hold(ground, &members, open);
        let due = self.record.due(&ground.parts.demand.book.lock(), open);
        if members.is_empty() {
            return;
        }
        self.record.counted(due);
        if ground.parts.settings.clones_by != ClonesBy::Minutes {
            return;
        }
        let said = self.minutes.tell(&ground.parts.demand.book.lock(), open);
        self.bands.learn(&ground.parts.demand.book.lock(), open, &ground.desk);
        let known = (&self.minutes, &mut self.bands);
        let outlook = tell_minutes(ground, &members, known, &said, open, &mut self.told);
        self.record.minutes(&outlook);
        ground.desk.publish_minutes(Arc::new(outlook));
    }

    fn made(&mut self, made: Made) {
        let Made { generation, model, took } = made;
        {
            let mut learning = self.ground.desk.learning.write();
            learning.is_training = false;
            learning.training_seconds += took.as_secs_f64();
            match &model {
                Ok(_) => {
                    learning.trainings += 1;
                    learning.trained_ms = Some(wall_ms());
                }
                Err(why) => {
                    learning.failures += 1;
                    tracing::warn!(generation, %why, "no model came of training");
                }
            }
        }
        tracing::info!(generation, cpu_seconds = took.as_secs_f64(), "a training has ended");
        self.maker.made(generation, model);
        self.keep_league();
        // A model of which nobody knows is lost: the minutes until the next writing are too long.
        if let Err(error) = self.ground.parts.demand.write() {
            tracing::warn!(%error, "cannot write that there is a model; it is tried again");
        }
    }

    fn keep_league(&self) {
        let league = self.maker.league();
        let history = league.state().changes.iter().map(|change| change.what.clone()).collect();
        self.ground.desk.learning.write().history = history;
        self.ground.parts.demand.note(LEAGUE, "state".to_string(), self.maker.state());
    }

    fn keep(&self) {
        receipt::note(self.ground);
        self.keep_league();
        self.maker.choosing.keep(&self.ground.parts.demand);
        self.guard.keep(&self.ground.parts.demand, &self.ground.desk);
        coupled::keep(&self.ground.parts.demand, &self.ground.desk);
        self.edges.keep(&self.ground.parts.demand);
        self.bands.keep(&self.ground.parts.demand);
        if let Some(following) = &self.following {
            following.keep(&self.ground.parts.demand);
        }
    }

    fn step(&mut self, jobs: &Jobs) {
        let ground = self.ground;
        let members = members(&ground.parts.registry, |own| ground.mode(own));
        if members.is_empty() {
            ground.desk.publish(Arc::default());
            return;
        }
        let before = used();
        let pace = Pace::new(FORECASTING, self.stop.clone());
        let steps = look(ground.step_minutes()) + self.origin % BEGIN;
        let window = Window { step: ground.step_minutes(), steps, end: self.origin };
        let (panel, known) = self.panel(&window, &members);
        let (len, most, grid) = (panel.len(), panel.most, grid(ground, &window));
        let series = panel.followed.clone();
        let late =
            self.following.as_ref().map(|following| following.late(&panel)).unwrap_or_default();
        self.hold(&panel, &members);
        let scales: Vec<f32> = {
            let scores = ground.desk.scores.read();
            let scale = |one: &Member| scores.get(&one.name).map_or(1.0, |score| score.scale());
            members.iter().map(scale).collect()
        };
        let scale_of = |name: &str| {
            let found = members.binary_search_by(|one| (*one.name).cmp(name));
            found.map_or(1.0, |place| scales[place])
        };
        let mut said = self.maker.step(
            Known {
                origin: self.origin,
                steps: known,
                names: members.iter().map(|one| one.name.clone()).collect(),
                grid,
                panel,
                scale: &scale_of,
                drifted: self.guard.drifted(self.origin),
                go_on: &|| pace.go_on(),
            },
            &ground.calendar,
        );
        self.train(said.train, &members, jobs);
        if let Some(look) = said.look.take() {
            // Who is gone tries nothing any more.
            let _ = jobs.send(Job::Look(look));
        }
        let followed = (series.as_slice(), late.as_slice());
        let outlook = Arc::new(self.show(&said, &members, followed, len, most));
        ground.desk.publish(outlook.clone());
        self.record.steps(&outlook, ground.step_minutes());
        if ground.parts.settings.clones_by == ClonesBy::Steps {
            tell_steps(ground, &members, &outlook, &mut self.told);
        }
        self.recent.push_front(outlook);
        self.recent.truncate(ground.parts.settings.horizon_steps as usize);
        receipt::note(ground);
        match self.origin.is_multiple_of(KEEP_EVERY) {
            true => self.keep(),
            false => self.keep_league(),
        }
        let spent = used() - before;
        ground.desk.learning.write().forecasting_seconds += spent.as_secs_f64();
        let (functions, cpu_ms) = (members.len(), spent.as_millis() as u64);
        tracing::debug!(functions, cpu_ms, by = %said.by, "demand was forecast");
    }

    /// Holds what came in the last step of a panel against what was said of it.
    fn hold(&mut self, panel: &Panel, members: &[Member]) {
        let ground = self.ground;
        let (Some(last), Some(step)) = (panel.len().checked_sub(1), self.origin.checked_sub(1))
        else {
            return;
        };
        let counts: Vec<Option<u32>> =
            panel.members.iter().map(|one| one.counts.get(last)).collect();
        let before = self.recent.front().filter(|outlook| outlook.origin == step);
        if let (Some(following), Some(before)) = (&mut self.following, before) {
            following.learn(panel, members, &counts, before);
        }
        self.edges.learn(step, panel, members, &self.recent, &ground.desk);
        coupled::learn(self.origin, panel, members, &self.recent, &ground.desk);
        self.guard.look(self.origin, panel, members, &self.recent, ground);
    }

    /// What was said, changed by what other series tell, with bands as they are to be.
    fn show(
        &mut self,
        said: &Said,
        members: &[Member],
        (series, late): (&[Regressor], &[Option<f32>]),
        len: usize,
        most: f32,
    ) -> Outlook {
        let desk = &self.ground.desk;
        let plain: Option<Vec<Forecast>> =
            said.forecasts.as_ref().map(|bare| match &self.following {
                Some(following) => following.told(bare, series, len, members, most),
                None => bare.clone(),
            });
        let ahead = (len, self.ground.parts.settings.horizon_steps as usize);
        let day = (24 * 60 / self.ground.step_minutes()) as usize;
        let about = about(&said.events, members.len(), &(len..len + ahead.1), day);
        let shown =
            plain.as_ref().map(|plain| self.edges.shown(plain, &about, members, most, desk));
        let times = self.following.as_ref();
        let times = times.map(|following| following.times(late, series, ahead, members));
        let times = times.unwrap_or_default();
        let beside = Beside { times: &times, about };
        compose(said, plain, shown, beside, members, self.origin, self.ground)
    }

    fn panel(&self, window: &Window, members: &[Member]) -> (Panel, u64) {
        let ground = self.ground;
        let functions: Vec<_> = members.iter().map(|one| (one.name.clone(), one.trigger)).collect();
        let book = ground.parts.demand.book.lock();
        let mut panel = book.panel(window, &functions);
        let known = book.known(window);
        drop(book);
        let processors = std::thread::available_parallelism().map_or(1, |count| count.get());
        panel.most = CALLS_MAX * processors as f32 * 60.0 * window.step as f32;
        let (zone, ahead) =
            (ground.parts.settings.zone, ground.parts.settings.horizon_steps as usize);
        let (len, occasions) = (panel.len() + ahead, ground.calendar.all());
        let grid = grid(ground, window);
        panel.days = days(grid, len, panel.day, zone, &occasions);
        let followed = ground.followed.as_ref();
        panel.followed = followed.map_or_else(Vec::new, |followed| followed.on(grid, panel.len()));
        (panel, known)
    }

    fn train(&mut self, generation: Option<u64>, members: &[Member], jobs: &Jobs) {
        let Some(generation) = generation else { return };
        let ground = self.ground;
        let step = ground.step_minutes();
        let window = Window { step, steps: LESSON.min(look(step)), end: self.origin };
        let (panel, _) = self.panel(&window, members);
        let memory = Memory { bytes: ground.parts.settings.training_memory.get() };
        let panel = match memory.fit(panel) {
            Ok(panel) => panel,
            Err(why) => {
                let model = Err(why);
                return self.made(Made { generation, model, took: Duration::ZERO });
            }
        };
        let panel = self.maker.lesson(panel, grid(ground, &window), &ground.calendar);
        ground.desk.learning.write().is_training = true;
        // Who is gone trains nothing any more.
        let _ = jobs.send(Job::Train(Lesson { generation, panel }));
    }
}

/// Steps that are looked back on: minutes are kept for two days, longer steps for two weeks.
fn look(step_minutes: u64) -> u64 {
    match step_minutes {
        1 => MINUTES_KEPT.min(LOOK),
        _ => LOOK.min(5 * FIVES_KEPT / step_minutes),
    }
}

/// When the steps of a window are.
fn grid(ground: &Ground, window: &Window) -> Grid {
    let first = window.end.saturating_sub(window.steps);
    Grid { first_ms: ground.step_begins_ms(first), step_ms: ground.step_ms().max(1) }
}
