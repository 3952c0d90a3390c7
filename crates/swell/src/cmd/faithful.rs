//! Repeats a published simulator on a trace, with its own formulas and faults.

use std::io::{self, Write};
use std::sync::atomic::Ordering;

use serde::Serialize;
use swell_core::units::Bytes;
use swell_sim::faithful::catalogue::CATALOGUE;
use swell_sim::report::figure::{count, percent, whole};
use swell_sim::report::table::write_aligned;
use swell_sim::reproduce::{ReproducedRow, input, reproduce};

use crate::cli::keepalive::{KeepAliveArguments, Published};
use crate::error::Letter;
use crate::output::{Form, Output, json, resolve};
use crate::progress::Progress;
use crate::{interrupt, load};

/// Runs `swell sim keepalive --faithful`.
pub fn run(published: Published, arguments: &KeepAliveArguments) -> Result<(), Letter> {
    let outputs = resolve(&arguments.output, &[Form::Table, Form::Json, Form::Csv])?;
    let prefix = match published {
        Published::Founding => "founding:",
        Published::Faascache => "faascache:",
    };
    let memories = whole_megabytes(&arguments.memories())?;
    let seeds = whole_seeds(&arguments.seeds(1))?;
    let trace = load::trace(&arguments.trace, arguments.lenient)?;
    let input = input(&trace)?;
    let entries: Vec<_> = CATALOGUE.iter().filter(|entry| entry.name.starts_with(prefix)).collect();
    let asked = interrupt::listen()?;
    let planned = memories.len() * seeds.len() * entries.len();
    let progress = Progress::start(planned);
    let mut rows = Vec::new();
    for &memory_mb in &memories {
        for &seed in &seeds {
            for entry in &entries {
                if asked.load(Ordering::Relaxed) {
                    break;
                }
                rows.push(reproduce(entry.original, memory_mb, seed, trace.name(), &input));
                progress.step(entry.name);
            }
        }
    }
    progress.finish(&count(rows.len(), "run"));
    for output in &outputs {
        write(&rows, output)?;
    }
    if rows.len() < planned {
        return Err(Letter::interrupted(format!(
            "{} of {planned} runs completed; results hold only these",
            rows.len()
        )));
    }
    Ok(())
}

fn whole_megabytes(memories: &[Bytes]) -> Result<Vec<u64>, Letter> {
    let megabytes = |memory: &Bytes| match memory.get() {
        bytes if bytes > 0 && bytes.is_multiple_of(1_000_000) => Ok(bytes / 1_000_000),
        _ => Err(Letter::usage(format!("`{memory}` is not a whole number of megabytes"))
            .hint("the published simulators count in them: write, for example, `--memory 800MB`")),
    };
    memories.iter().map(megabytes).collect()
}

fn whole_seeds(seeds: &[u64]) -> Result<Vec<u32>, Letter> {
    let narrow = |seed: &u64| u32::try_from(*seed);
    seeds.iter().map(narrow).collect::<Result<_, _>>().map_err(|_| {
        Letter::usage(format!("the published simulators take seeds up to {}", u32::MAX))
    })
}

fn write(rows: &[ReproducedRow], output: &Output) -> Result<(), Letter> {
    output.write(|out| match output.form {
        Form::Json => {
            #[derive(Serialize)]
            struct Document<'a> {
                rows: &'a [ReproducedRow],
            }
            json(&Document { rows }, out)
        }
        Form::Csv => {
            let mut writer = csv::Writer::from_writer(out);
            for row in rows {
                writer.serialize(row).map_err(io::Error::other)?;
            }
            writer.flush()
        }
        _ => table(rows, out),
    })
}

fn table(rows: &[ReproducedRow], out: &mut dyn Write) -> io::Result<()> {
    for block in rows.chunk_by(|a, b| (a.memory_mb, a.seed) == (b.memory_mb, b.seed)) {
        let first = &block[0];
        let (memory, calls) = (Bytes::from_mb(first.memory_mb), whole(first.calls as f64));
        writeln!(out, "{} with {memory}, {calls} calls, seed {}\n", first.trace, first.seed)?;
        let head = ["policy", "cold %", "drop %", "bad %", "script %", "own %", "evicted"];
        let mut cells = vec![head.map(str::to_string).to_vec()];
        cells.extend(block.iter().map(|row| {
            vec![
                row.policy.clone(),
                format!("{:.3}", row.cold_pct),
                format!("{:.3}", row.drop_pct),
                format!("{:.3}", row.bad_pct),
                percent(row.script_increase_pct),
                percent(row.own_increase_pct),
                whole(row.evictions as f64),
            ]
        }));
        write_aligned(&cells, out)?;
        writeln!(out)?;
    }
    writeln!(out, "cold %    new container, of served calls (drops not counted), as published")?;
    writeln!(out, "drop %    turned away, of all calls; bad %: both, of all calls")?;
    writeln!(
        out,
        "script %  increase of execution time as FaasCache's analysis script computes it,"
    )?;
    writeln!(out, "          which takes the warm run for the initialisation; the printed figure")?;
    writeln!(out, "own %     the same as the simulator itself means it: extra time over warm time")
}
