//! Who would have deserved a warm copy, step by step: `swell forecast prewarm`.

use std::io::{self, Write};
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Instant;

use swell_forecast::forecaster::Budget;
use swell_forecast::prewarm::curve::{Point, Record};
use swell_forecast::prewarm::idle_gap::IdleGap;
use swell_forecast::prewarm::keep_alive::KeepAlive;
use swell_forecast::prewarm::occurrence::Occurrence;
use swell_forecast::prewarm::readiness::Readiness;
use swell_sim::report::table::write_aligned;

use crate::cli::forecast::PrewarmArguments;
use crate::error::Letter;
use crate::forecasting::decided::{Outcome, Row, conditions};
use crate::forecasting::page;
use crate::forecasting::scored::{Scored, scored};
use crate::forecasting::work::{processors, spread};
use crate::interrupt;
use crate::output::{Form, json, resolve};
use crate::say::say;

/// Steps for which the fixed rules keep a copy.
const KEPT: [usize; 6] = [1, 2, 4, 6, 12, 24];
/// Hazards and chances from which a copy is kept.
const THRESHOLDS: [f32; 8] = [0.02, 0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7];

/// Runs `swell forecast prewarm`.
pub fn run(arguments: &PrewarmArguments) -> Result<(), Letter> {
    let outputs = resolve(&arguments.output, &[Form::Table, Form::Json, Form::Csv, Form::Html])?;
    let scored = scored(&arguments.source)?;
    let asked = interrupt::listen()?;
    let threads = arguments.source.threads.map_or_else(processors, usize::from);
    let (first, last) = (scored.split.origins[0], scored.split.origins.len() - 1);
    let steps = first..scored.split.origins[last] + scored.split.horizon;
    let goes_on = || !asked.load(Ordering::Relaxed);
    let each = |jobs: usize, job: &(dyn Fn(usize) + Sync)| spread(threads, jobs, job);
    let budget =
        Budget { proceed: &goes_on, each: &each, ..Budget::FULL.scaled(arguments.source.effort) };
    let started = Instant::now();
    let past = scored.lessons().before(first);
    let learned = Occurrence::learn(&past, &budget, arguments.source.seed);
    let seconds = started.elapsed().as_secs_f64();
    let record = |rule: &dyn Readiness| decided(&scored, rule, steps.clone(), threads);
    let (kept, gap, chance) = (record(&KeepAlive), record(&IdleGap), record(&learned));
    if !goes_on() {
        return Err(Letter::interrupted("nothing was decided about all steps"));
    }
    let minutes = arguments.source.step.secs_f64() / 60.0;
    let outcome = Outcome {
        data: arguments.source.data.display().to_string(),
        functions: scored.panel.members.len(),
        taught: scored.taught.as_ref().map(|taught| taught.members.len()),
        steps: steps.clone(),
        notes: scored.notes.clone(),
        seconds,
        rows: rows(&kept, &gap, &chance, minutes),
    };
    for output in &outputs {
        output.write(|out| write(&outcome, output.form, out))?;
    }
    if outcome.rows.iter().all(|row| row.point.cold == 0.0) {
        say("note: no step held a call, so nothing could be cold");
    }
    Ok(())
}

/// What a rule said of all functions at all steps.
fn decided(scored: &Scored, rule: &dyn Readiness, steps: Range<usize>, threads: usize) -> Record {
    let panel = &scored.panel;
    let yardsticks = Record::yardsticks(panel, steps.start);
    let slots: Vec<Mutex<Record>> = steps.clone().map(|_| Mutex::default()).collect();
    spread(threads, slots.len(), &|place| {
        let step = steps.start + place;
        let members = 0..panel.members.len();
        let said = Record::of(panel, &yardsticks, rule, members, step..step + 1);
        *slots[place].lock().expect("no job broke") = said;
    });
    let mut record = Record::default();
    for slot in slots {
        record.merge(slot.into_inner().expect("no job broke"));
    }
    record
}

/// The fixed rules, and the model both at round chances and where it is as cold as each rule.
fn rows(kept: &Record, gap: &Record, chance: &Record, minutes: f64) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut add = |rule: String, point: Point| rows.push(Row { rule, point });
    for steps in KEPT {
        let point = kept.at(KeepAlive::lasting(steps));
        let time = steps as f64 * minutes;
        add(format!("keep-alive {time} min"), point);
        add(format!("model, as cold as {time} min"), chance.no_colder_than(point.cold));
    }
    for threshold in THRESHOLDS {
        add(format!("idle-gap hazard >= {threshold}"), gap.at(threshold));
    }
    for threshold in THRESHOLDS {
        add(format!("model, chance >= {threshold}"), chance.at(threshold));
    }
    for cold in [0.005f64, 0.011, 0.019, 0.027, 0.04] {
        let percent = (cold * 1000.0).round() / 10.0;
        add(format!("model, cold at most {percent} %"), chance.no_colder_than(cold));
    }
    rows
}

const HEAD: [&str; 6] = ["rule", "threshold", "cold", "idle", "rare_cold", "rare_idle"];

fn cells(row: &Row, scale: f64, digits: usize) -> Vec<String> {
    let Point { threshold, cold, idle, rare_cold, rare_idle } = row.point;
    let shares = [cold, idle, rare_cold, rare_idle].map(|s| format!("{:.digits$}", s * scale));
    let mut cells = vec![row.rule.clone(), format!("{threshold:.3}")];
    cells.extend(shares);
    cells
}

fn write(outcome: &Outcome, form: Form, out: &mut dyn Write) -> io::Result<()> {
    match form {
        Form::Json => json(outcome, out),
        Form::Html => page::curve(outcome, out),
        Form::Csv => {
            writeln!(out, "{}", HEAD.join(","))?;
            let line = |row: &Row| cells(row, 1.0, 6).join(",").replace(", ", " ");
            outcome.rows.iter().try_for_each(|row| writeln!(out, "{}", line(row)))
        }
        Form::Table => {
            writeln!(out, "{}\n", conditions(outcome))?;
            let mut rows = vec![HEAD.map(str::to_string).to_vec()];
            rows.extend(outcome.rows.iter().map(|row| cells(row, 100.0, 1)));
            write_aligned(&rows, out)?;
            writeln!(out, "\ncold  % of steps with a call that found no warm copy")?;
            writeln!(out, "idle  % of steps without a call in which a copy was kept")?;
            writeln!(out, "rare  the same of functions called less than once a step")
        }
    }
}
