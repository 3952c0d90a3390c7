//! Looks at traces, and makes others of them.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use swell_core::time::Span;
use swell_sim::report::figure::{memory, percent, quantity, whole};
use swell_sim::report::table::write_aligned;
use swell_trace::bundled::BUNDLED;
use swell_trace::format::Format;
use swell_trace::inspect::{Inspection, Spread};
use swell_trace::reading::Reading;
use swell_trace::sample::Selection;
use swell_trace::trace::Trace;

use crate::cli::form::Form;
use crate::cli::trace::{InspectArguments, ReadingArguments, SampleArguments, TraceCommand};
use crate::error::Letter;
use crate::load;
use crate::output::{check, json, to_stdout};
use crate::say::say;

/// Runs `swell trace`.
pub fn run(command: &TraceCommand) -> Result<(), Letter> {
    match command {
        TraceCommand::List(arguments) => match arguments.output {
            Form::Table => to_stdout(list),
            Form::Json => to_stdout(list_json),
        },
        TraceCommand::Inspect(arguments) => inspect(arguments),
        TraceCommand::Convert(arguments) => {
            let (words, out) = source_and_target(&arguments.paths)?;
            let trace = load::trace(words, arguments.reading.lenient)?;
            save(&trace, &reading(&arguments.reading), arguments.to, out)
        }
        TraceCommand::Sample(arguments) => sample(arguments),
        TraceCommand::Generate(arguments) => {
            if !arguments.recipe.starts_with("gen:") {
                return Err(Letter::usage(format!("`{}` is not a recipe", arguments.recipe)).hint(
                    "recipes begin with `gen:`, such as `gen:bursty,functions=50,calls=10000`",
                ));
            }
            let trace = load::trace(std::slice::from_ref(&arguments.recipe), false)?;
            let reading = Reading { seed: arguments.seed, ..Reading::default() };
            save(&trace, &reading, arguments.to, &arguments.out)
        }
    }
}

fn source_and_target(paths: &[String]) -> Result<(&[String], &str), Letter> {
    match paths.split_last() {
        Some((out, words)) if !words.is_empty() => Ok((words, out)),
        _ => Err(Letter::usage("one path says what to read or what to write, not both")
            .hint("give the trace first and the file to write last, such as `20-b day.jsonl`")),
    }
}

fn reading(arguments: &ReadingArguments) -> Reading {
    let ReadingArguments { placement, durations, seed, .. } = *arguments;
    Reading { placement, durations, seed }
}

fn sample(arguments: &SampleArguments) -> Result<(), Letter> {
    let (words, out) = source_and_target(&arguments.paths)?;
    let whole = load::trace(words, arguments.reading.lenient)?;
    let selection = Selection {
        share: arguments.functions.map(|wanted| wanted.0).unwrap_or_default(),
        stratified: arguments.stratified,
        seed: arguments.reading.seed,
        from: arguments.from,
        until: arguments.until,
    };
    save(&whole.sample(&selection)?, &reading(&arguments.reading), arguments.to, out)
}

fn save(trace: &Trace, reading: &Reading, to: Format, out: &str) -> Result<(), Letter> {
    check(Path::new(out))?;
    let files: Vec<PathBuf> = trace.save(reading, to, Path::new(out))?;
    for file in files {
        say(format!("wrote {}", file.display()));
    }
    Ok(())
}

fn list(out: &mut dyn Write) -> io::Result<()> {
    for bundled in &BUNDLED {
        writeln!(out, "{:<14}  {}", bundled.name, bundled.about)?;
    }
    writeln!(out, "\n`swell trace inspect NAME` tells more.")
}

fn list_json(out: &mut dyn Write) -> io::Result<()> {
    #[derive(Serialize)]
    struct Shown {
        name: &'static str,
        about: &'static str,
    }
    let shown =
        BUNDLED.each_ref().map(|bundled| Shown { name: bundled.name, about: bundled.about });
    json(&shown, out)
}

fn inspect(arguments: &InspectArguments) -> Result<(), Letter> {
    let trace = load::trace(&arguments.trace, arguments.lenient)?;
    let found = trace.inspect(&Reading::default(), true)?;
    match arguments.output {
        Form::Table => to_stdout(|out| describe(&found, out)),
        Form::Json => to_stdout(|out| json(&found, out)),
    }
}

fn describe(found: &Inspection, out: &mut dyn Write) -> io::Result<()> {
    let number = |value: usize| whole(value as f64);
    let (never, once) = (number(found.functions_never_called), number(found.functions_called_once));
    let share = |part: f64| percent(100.0 * part);
    writeln!(out, "trace      {}", found.name)?;
    writeln!(
        out,
        "functions  {} ({never} never called, {once} called once)",
        number(found.functions)
    )?;
    let span = Span::from_secs_f64(found.span_s);
    let (mean, most) =
        (quantity(found.calls_per_minute_mean), whole(found.calls_per_minute_max as f64));
    writeln!(
        out,
        "calls      {} in {span}: {mean} a minute, {most} in the busiest",
        whole(found.calls as f64)
    )?;
    let (one, ten) = (found.share_of_busiest_1_percent, found.share_of_busiest_10_percent);
    writeln!(
        out,
        "skew       {} % of calls go to the busiest 1 % of functions, {} % to 10 %",
        share(one),
        share(ten)
    )?;
    writeln!(
        out,
        "memory     {} for one instance of each function",
        memory(found.memory_mb_sum.round())
    )?;
    if let Some(busy) = found.busy_mb_max {
        writeln!(
            out,
            "           {} at most at work at once, if every start were warm",
            memory(busy.round())
        )?;
    }
    writeln!(out)?;
    let head = ["", "min", "median", "p90", "p99", "max"];
    let row = |name: &str, spread: &Spread| {
        let figures = [spread.min, spread.p50, spread.p90, spread.p99, spread.max];
        std::iter::once(name.to_string()).chain(figures.map(quantity)).collect()
    };
    let cells = [
        head.map(str::to_string).to_vec(),
        row("calls of a function", &found.calls_per_function),
        row("memory of an instance, MB", &found.memory_mb),
        row("length of a call, ms", &found.run_ms),
    ];
    write_aligned(&cells, out)?;
    let problems = &found.problems;
    if !problems.is_empty() {
        writeln!(
            out,
            "\nproblems   {} rows skipped, {} functions without memory, {} without run time",
            problems.skipped_rows, problems.memory_missing, problems.duration_missing
        )?;
    }
    Ok(())
}
