//! The whole measurement, in the order in which it is printed.

use std::path::Path;
use std::time::Instant;

use serde_json::json;

use crate::arguments::Arguments;
use crate::client::Client;
use crate::process::{Server, free_port};
use crate::table::{Row, megabytes, micros, print, ratio, shown};
use crate::{client, cold, house, load, swell, wasmtime, workerd};

/// How often a journal is measured.
const JOURNAL_ROUNDS: usize = 5;
const FLOOR: &str = "hyper, constant answer";
const NO_GUEST: &str = "swell, no guest";

/// Measures everything that is there, and prints it.
pub fn run(arguments: &Arguments) -> Result<(), String> {
    let folder = tempfile::tempdir().map_err(|error| format!("no folder: {error}"))?;
    let folder = folder.path();
    let rows = warm(arguments, folder)?;
    println!("\nWarm calls, {} connections, one thread of wrk:\n", arguments.connections);
    print(&rows);
    println!();
    ratios(&rows, arguments);
    println!("\nFrom deploying code that was never seen to its first answer:\n");
    deploys(arguments, folder);
    println!("\nFirst answers of something new, one request at a time (p50 / p99):\n");
    colds(arguments, folder);
    println!();
    journal(arguments, folder)?;
    let (memory, cpu) = house::idle(&arguments.swell, &folder.join("idle"))?;
    println!("idle node: {}, {:.0} µs of CPU a second", megabytes(memory), micros(cpu));
    if arguments.functions > 0 {
        let many = house::many(&arguments.swell, &folder.join("many"), arguments.functions)?;
        println!(
            "{} functions: {} to deploy each, start {}, list {}, {}",
            arguments.functions,
            shown(many.deploy),
            shown(many.start),
            shown(many.list),
            megabytes(many.memory),
        );
    }
    Ok(())
}

fn warm(arguments: &Arguments, folder: &Path) -> Result<Vec<Row>, String> {
    let mut rows = Vec::new();
    let mut measure = |name: &str, server: Result<Server, String>, path: &str| {
        let put =
            |server: &Server| load::put(server, path, arguments.connections, arguments.seconds);
        match server.and_then(|server| put(&server)) {
            Ok(load) => rows.push(Row { name: name.to_string(), load }),
            Err(why) => println!("left out: {name} ({why})"),
        }
    };
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let port = free_port()?;
    let floor = Server::start(&program, &["floor".to_string(), port.to_string()], port, "/");
    measure(FLOOR, floor, "/");
    let node = || swell::up(&arguments.swell, &folder.join("warm"), &[]);
    let pretending = node().and_then(|server| {
        swell::pretend(&mut Client::connect(server.port)?, "pretend")?;
        Ok(server)
    });
    measure(NO_GUEST, pretending, "/function/pretend");
    for (language, file) in &arguments.components {
        for isolation in isolations(language) {
            let name = format!("{language}-{isolation}");
            let server = node().and_then(|server| {
                swell::deploy(&server, &name, file, json!({ "isolation": isolation }))?;
                Ok(server)
            });
            measure(&ours(language, isolation), server, &format!("/function/{name}"));
        }
        for (way, options) in wasmtime::WAYS {
            let server = wasmtime::up(&arguments.wasmtime, options, file);
            measure(&theirs(language, way), server, "/");
        }
        if language == "js-reused" {
            measure("js: workerd", workerd::up(&arguments.workerd, folder, false), "/");
        }
    }
    Ok(rows)
}

/// What can be asked of a component: the event listener of JavaScript serves one request.
fn isolations(language: &str) -> &'static [&'static str] {
    match language {
        "js" => &["request"],
        "js-reused" => &["instance"],
        _ => &["request", "instance"],
    }
}

fn ours(language: &str, isolation: &str) -> String {
    let how = if isolation == "request" { "fresh" } else { "reused" };
    format!("{language}: swell, {how}")
}

fn theirs(language: &str, way: &str) -> String {
    format!("{language}: {way}")
}

fn ratios(rows: &[Row], arguments: &Arguments) {
    if let [floor, own, ..] = rows {
        let over = micros(own.load.cpu) - micros(floor.load.cpu);
        println!("the platform's own share: {over:.1} µs of CPU per request over the floor");
    }
    for (language, _) in &arguments.components {
        let [fresh, pooled, reused] = wasmtime::WAYS.map(|(way, _)| theirs(language, way));
        let own = ours(language, "request");
        ratio(rows, &own, &own, &[&fresh, &pooled]);
        let own = ours(language, "instance");
        ratio(rows, &own, &own, &[&reused]);
        if language == "js-reused" {
            ratio(rows, &own, &own, &["js: workerd"]);
        }
    }
}

fn deploys(arguments: &Arguments, folder: &Path) {
    for (language, file) in &arguments.components {
        let data = folder.join(format!("deploy-{language}"));
        let took = swell::up(&arguments.swell, &data, &[]).and_then(|server| {
            let begun = Instant::now();
            swell::deploy(&server, language, file, json!({}))?;
            let deployed = begun.elapsed();
            let answer = client::get(server.port, &format!("/function/{language}"))?;
            match answer.status {
                200..300 => Ok((deployed, begun.elapsed())),
                status => Err(format!("it answered {status}")),
            }
        });
        match took {
            Ok((deployed, all)) => println!(
                "{language:<38} {:>9}, of which {} to send, compile and record",
                shown(all),
                shown(deployed)
            ),
            Err(why) => println!("left out: {language} ({why})"),
        }
    }
}

fn colds(arguments: &Arguments, folder: &Path) {
    let tell = |name: &str, server: Result<Server, String>, path: &str| match server
        .and_then(|server| cold::first_answers(&server, path))
    {
        Ok((p50, p99)) => println!("{name:<38} {:>9} / {}", shown(p50), shown(p99)),
        Err(why) => println!("left out: {name} ({why})"),
    };
    for (language, file) in &arguments.components {
        let server = swell::up(&arguments.swell, &folder.join("cold"), &[]);
        let server = server.and_then(|server| {
            // No instance outlives its call, so each call starts one.
            let keys = json!({ "max_idle_ms": 0 });
            swell::deploy(&server, language, file, keys)?;
            Ok(server)
        });
        tell(&format!("{language}: swell, new instance"), server, &format!("/function/{language}"));
    }
    tell("js: workerd, new isolate", workerd::up(&arguments.workerd, folder, true), "/");
}

/// What keeping a journal costs: with and without, again and again, so that whatever else
/// the machine does weighs on both.
fn journal(arguments: &Arguments, folder: &Path) -> Result<(), String> {
    let component = arguments.components.first();
    let (mut cpu, mut rate) = ([0.0; 2], [0.0; 2]);
    for _ in 0..JOURNAL_ROUNDS {
        for (place, settings) in [&["journal.bytes-max=0B"][..], &[]].into_iter().enumerate() {
            let server = swell::up(&arguments.swell, &folder.join("journal"), settings)?;
            match component {
                Some((_, file)) => {
                    swell::deploy(&server, "hello", file, json!({ "isolation": "instance" }))?;
                }
                None => swell::pretend(&mut Client::connect(server.port)?, "hello")?,
            }
            let path = "/function/hello";
            let load = load::put(&server, path, arguments.connections, arguments.seconds)?;
            cpu[place] += micros(load.cpu);
            rate[place] += load.rate;
        }
    }
    println!(
        "journal: {:+.1} % of requests a second, {:+.1} % of CPU per request ({}, {} rounds)",
        (rate[1] / rate[0] - 1.0) * 100.0,
        (cpu[1] / cpu[0] - 1.0) * 100.0,
        component.map_or("no guest", |(language, _)| language),
        JOURNAL_ROUNDS,
    );
    Ok(())
}
