//! From the command line to an exit code.
//!
//! Data goes to the standard output, everything about the run to the standard error, so
//! that `swell ... | less` and `swell ... > file` hold nothing but results. A reader who
//! closes the pipe early has had enough; that is no failure.

use std::process::ExitCode;

use clap::Parser;

use crate::cli::bench::BenchCommand;
use crate::cli::command::{Cli, Command, SimCommand};
use crate::cmd;
use crate::error::Letter;

/// Reads the command line, does what it says, and tells how it went.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(letter) => {
            letter.print();
            letter.exit_code()
        }
    }
}

fn run(command: Command) -> Result<(), Letter> {
    match command {
        Command::Demo(arguments) => cmd::demo::run(&arguments),
        Command::Up(arguments) => cmd::up::run(&arguments),
        Command::Config(config) => cmd::config::run(&config.command),
        Command::Doctor(arguments) => cmd::doctor::run(&arguments),
        Command::Manifest(manifest) => cmd::manifest::run(&manifest.command),
        Command::New(arguments) => cmd::new::run(&arguments),
        Command::Component(component) => cmd::component::run(&component.command),
        Command::Deploy(arguments) => cmd::deploy::run(&arguments),
        Command::Plan(arguments) => cmd::deploy::run_plan(&arguments),
        Command::Watch(arguments) => cmd::watch::run(&arguments),
        Command::Invoke(arguments) => cmd::invoke::run(&arguments),
        Command::List(arguments) => cmd::functions::list(&arguments),
        Command::Ps(arguments) => cmd::functions::ps(&arguments),
        Command::Describe(arguments) => cmd::functions::about(&arguments),
        Command::Logs(arguments) => cmd::logs::run(&arguments),
        Command::Scale(arguments) => cmd::functions::scale(&arguments),
        Command::Pause(arguments) => cmd::functions::pause(&arguments, true),
        Command::Resume(arguments) => cmd::functions::pause(&arguments, false),
        Command::Rm(arguments) => cmd::functions::remove(&arguments),
        Command::Versions(arguments) => cmd::functions::versions(&arguments),
        Command::Rollback(arguments) => cmd::functions::roll_back(&arguments),
        Command::Traffic(arguments) => cmd::functions::traffic(&arguments),
        Command::Queue(queue) => cmd::queue::run(&queue.command),
        Command::Flow(flow) => cmd::flows::run(&flow.command),
        Command::Content(content) => cmd::content::run(&content.command),
        Command::Cache(cache) => cmd::caches::run(&cache.command),
        Command::Certificate(certificate) => cmd::certificate::run(&certificate.command),
        Command::Top(arguments) => cmd::top::run(&arguments),
        Command::Journal(journal) => cmd::journal::run(&journal.command),
        Command::Sim(sim) => simulate(&sim.command),
        Command::Events(events) => cmd::events::run(&events.command),
        Command::Site(site) => cmd::site::site(&site.command),
        Command::Proposal(proposal) => cmd::site::proposal(&proposal.command),
        Command::Authority(authority) => cmd::site::authority(&authority.command),
        Command::Ledger(ledger) => cmd::ledger::run(&ledger),
        Command::Receipt(receipt) => cmd::receipt::run(&receipt),
        Command::Forecast(forecast) => cmd::forecast::run(&forecast.command),
        Command::Replay(arguments) => cmd::replay::run(&arguments),
        Command::Bench(bench) => match &bench.command {
            BenchCommand::Http(arguments) => cmd::bench::http::run(arguments),
            BenchCommand::ReplayTrace(arguments) => cmd::replay_trace::run(arguments),
        },
        Command::Trace(trace) => cmd::trace::run(&trace.command),
        Command::Policy(policy) => cmd::policy::run(&policy.command),
        Command::Completions(arguments) => cmd::completions::run(&arguments),
    }
}

fn simulate(command: &SimCommand) -> Result<(), Letter> {
    match command {
        SimCommand::Clone(arguments) => cmd::clone::run(arguments),
        SimCommand::Flow(arguments) => cmd::flow::run(arguments),
        SimCommand::Sites(arguments) => cmd::sites::run(arguments),
        SimCommand::Cache(arguments) => cmd::cache::run(arguments),
        SimCommand::Keepalive(arguments) => match arguments.faithful {
            Some(published) => cmd::faithful::run(published, arguments),
            None => cmd::keepalive::run(arguments),
        },
    }
}
