//! The whole measurement, in the order in which it is printed.

use std::path::Path;

use serde_json::json;

use crate::arguments::Arguments;
use crate::client::Client;
use crate::process::{Server, free_port};
use crate::table::{Row, megabytes, micros, print, ratio, shown};
use crate::{cold, house, load, swell, wasmtime, workerd};

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
        for isolation in ["request", "instance"] {
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
        if language == "js" {
            measure("js: workerd", workerd::up(&arguments.workerd, folder, false), "/");
        }
    }
    Ok(rows)
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
        if language == "js" {
            ratio(rows, &own, &own, &["js: workerd"]);
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
            let keys = json!({ "max_idle_ms": 0, "isolation": "instance" });
            swell::deploy(&server, language, file, keys)?;
            Ok(server)
        });
        tell(&format!("{language}: swell, new instance"), server, &format!("/function/{language}"));
    }
    tell("js: workerd, new isolate", workerd::up(&arguments.workerd, folder, true), "/");
}

/// What keeping a journal costs.
fn journal(arguments: &Arguments, folder: &Path) -> Result<(), String> {
    let mut loads = Vec::new();
    for settings in [&["journal.bytes-max=0B"][..], &[]] {
        let server = swell::up(&arguments.swell, &folder.join("journal"), settings)?;
        swell::pretend(&mut Client::connect(server.port)?, "pretend")?;
        let path = "/function/pretend";
        loads.push(load::put(&server, path, arguments.connections, arguments.seconds)?);
    }
    let (without, with) = (loads[0], loads[1]);
    println!(
        "journal: {:+.1} % of CPU per request, {:+.1} % of requests a second",
        (micros(with.cpu) / micros(without.cpu) - 1.0) * 100.0,
        (with.rate / without.rate - 1.0) * 100.0,
    );
    Ok(())
}
