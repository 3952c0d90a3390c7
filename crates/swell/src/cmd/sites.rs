//! Compares ways for sites to relieve each other.

use std::sync::atomic::Ordering;

use swell_sim::sites::demand::Demand;
use swell_sim::sites::play::{Outcome, Stage, Way};
use swell_sim::sites::scenario::{Lies, Scenario};
use swell_sim::sites::table::Line;
use swell_sim::sites::{page, table};

use crate::cli::sites::{LiesName, SitesArguments};
use crate::error::Letter;
use crate::interrupt;
use crate::load;
use crate::output::{Form, resolve};

/// Runs `swell sim sites`.
pub fn run(arguments: &SitesArguments) -> Result<(), Letter> {
    let outputs = resolve(&arguments.output, &[Form::Table, Form::Json, Form::Csv, Form::Html])?;
    let scenario = scenario(arguments)?;
    let trace = load::trace(&arguments.trace, arguments.lenient)?;
    let asked = interrupt::listen()?;
    let seeds = match arguments.seed {
        Some(seed) => vec![seed],
        None => (1..=u64::from(arguments.seeds)).collect(),
    };
    let mut lines: Vec<Line> = Vec::new();
    for policy in &arguments.policy {
        let way = policy.way();
        if !lines.iter().any(|line| line.way == way) {
            lines.push(Line { way, outcomes: Vec::new() });
        }
    }
    for seed in seeds {
        let scenario = Scenario { seed, ..scenario };
        let demand = Demand::new(&trace, &scenario)?.ok_or_else(|| {
            Letter::failed(format!("no function of `{}` is called in a daily rhythm", trace.name()))
                .hint("take a trace of a day, such as `--trace 1350`")
        })?;
        let stage = Stage::new(scenario, demand);
        let ways: Vec<Way> = lines.iter().map(|line| line.way).collect();
        let outcomes: Vec<Outcome> = ways.into_iter().map(|way| stage.play(way)).collect();
        if asked.load(Ordering::Relaxed) {
            break;
        }
        lines.iter_mut().zip(outcomes).for_each(|(line, o)| line.outcomes.push((seed, o)));
    }
    let about = about(arguments, trace.name());
    for output in &outputs {
        output.write(|out| match output.form {
            Form::Table => table::write(&about, &lines, out),
            Form::Json => table::write_json(&lines, out),
            Form::Csv => table::write_csv(&lines, out),
            Form::Html => page::write(&about, &lines, out),
        })?;
    }
    if asked.load(Ordering::Relaxed) {
        return Err(Letter::interrupted("results hold only the seeds that were completed"));
    }
    Ok(())
}

fn scenario(arguments: &SitesArguments) -> Result<Scenario, Letter> {
    let odd = arguments.liars.saturating_add(arguments.drifters);
    for (what, number) in [("liars and drifters", odd), ("slow sites", arguments.slow)] {
        if number > arguments.sites {
            let sites = arguments.sites;
            return Err(Letter::usage(format!("{number} {what} are more than the {sites} sites"))
                .hint("ask for fewer, or for more sites with `--sites`"));
        }
    }
    Ok(Scenario {
        sites: arguments.sites as usize,
        workloads: arguments.workloads as usize,
        slot_minutes: arguments.slot,
        fill: arguments.fill,
        crowds: arguments.crowds,
        liars: arguments.liars as usize,
        lies: match arguments.lies {
            LiesName::Forecasts => Lies::Forecasts,
            LiesName::Counters => Lies::Counters,
            LiesName::Ahead => Lies::Ahead,
        },
        drifters: arguments.drifters as usize,
        cuts: arguments.cuts as usize,
        crashes: arguments.crashes as usize,
        maintenance: arguments.maintenance as usize,
        slow: arguments.slow as usize,
        loss: arguments.loss,
        method: arguments.method.unwrap_or_default(),
        seed: 1,
    })
}

fn about(arguments: &SitesArguments, trace: &str) -> String {
    let SitesArguments { sites, workloads, fill, crowds, liars, drifters, .. } = arguments;
    let SitesArguments { cuts, crashes, maintenance, slow, slot, .. } = arguments;
    let loss = arguments.loss * 100.0;
    let lies = match arguments.lies {
        LiesName::Forecasts => "",
        LiesName::Counters => " in their counters",
        LiesName::Ahead => " about what is further ahead",
    };
    let method =
        arguments.method.map_or_else(String::new, |it| format!(", forecasts by {}", it.name()));
    let seeds = arguments.seed.map_or_else(
        || format!("means of {} seeds", arguments.seeds),
        |seed| format!("seed {seed}"),
    );
    format!(
        "{trace}, a day on {sites} sites of {workloads} workloads, {:.0} % full, slots of {slot} min; \
         {crowds} flash crowds per site and day, {liars} lying{lies} and {drifters} drifting sites, \
         {cuts} cuts, {crashes} crashes, {maintenance} maintained, {slow} slow sites, {loss:.0} % of messages lost{method}; {seeds}",
        fill * 100.0
    )
}
