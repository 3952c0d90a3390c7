//! Brings a node up on this machine, and down again when it is told to.

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use swell_node::node::{Node, NodeError};
use swell_node::observe::logging::{self, LogForm};
use swell_node::settings::NodeSettings;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::cli::up::UpArguments;
use crate::configuration;
use crate::error::Letter;
use crate::figure::{bytes, count};
use crate::say::say;

/// Runs `swell up`.
pub fn run(arguments: &UpArguments) -> Result<(), Letter> {
    let settings = configuration::settings(&arguments.settings)?.settings;
    raise_open_files();
    logging::init(LogForm::Auto, None).map_err(|error| Letter::usage(error.to_string()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    let runtime =
        runtime.map_err(|error| Letter::failed(format!("cannot start threads: {error}")))?;
    runtime.block_on(serve(settings))
}

/// Takes as many open files as this user may have: each client is one, and what shells hand
/// down is made for programs that cannot count beyond a thousand.
fn raise_open_files() {
    let limit = getrlimit(Resource::Nofile);
    let raised = Rlimit { current: limit.maximum, ..limit };
    // Where it is refused, what there is has to do; `swell doctor` tells how much that is.
    let _ = setrlimit(Resource::Nofile, raised);
}

/// Serves until a person or the system asks for the end.
async fn serve(settings: NodeSettings) -> Result<(), Letter> {
    let mut interrupt = listen(SignalKind::interrupt())?;
    let mut terminate = listen(SignalKind::terminate())?;
    let node = Node::start(settings.clone()).await.map_err(|error| letter(&error))?;
    for line in welcome(&settings, &node) {
        say(line);
    }
    tokio::select! {
        _ = interrupt.recv() => {}
        _ = terminate.recv() => {}
    }
    say("stopping; requests under way may finish. Once more ends at once");
    tokio::select! {
        ended = node.stop() => ended.map_err(|error| letter(&error)),
        _ = interrupt.recv() => Err(Letter::interrupted("requests under way were cut off")),
        _ = terminate.recv() => Err(Letter::interrupted("requests under way were cut off")),
    }
}

fn listen(kind: SignalKind) -> Result<Signal, Letter> {
    signal(kind).map_err(|error| Letter::failed(format!("cannot listen for signals: {error}")))
}

/// What a person wants to know of a node that just came up.
fn welcome(settings: &NodeSettings, node: &Node) -> Vec<String> {
    let scheme = if settings.tls.is_some() { "https" } else { "http" };
    let address = node.address;
    let mut lines = vec![
        format!("swell {} serves at {scheme}://{address}", env!("CARGO_PKG_VERSION")),
        format!(
            "  memory  {} for instances, kept by `{}`",
            bytes(settings.memory.get()),
            settings.policy
        ),
        format!("  state   {}, {} restored", settings.data.display(), restored(node)),
        format!("  guests  {}", node.engine),
    ];
    if let Some(address) = node.flow_address {
        lines.push(format!("  flows   of other nodes come to {address}"));
    }
    if settings.speed != 1.0 {
        lines.push(format!("  clock   {} times as fast as the wall's", settings.speed));
    }
    if !address.ip().is_loopback() && settings.token.is_none() {
        lines.push(
            "note: others can call functions, but only this machine may deploy; give a token with \
             `--set api.token=...` to deploy from elsewhere"
                .to_string(),
        );
    }
    if node.restored == 0 {
        lines.push(
            "next: `swell new hello --lang rust` begins a function (or js, python, c), `swell \
             deploy hello.wasm` deploys one"
                .to_string(),
        );
    }
    lines
}

/// What came back from an earlier run.
fn restored(node: &Node) -> String {
    let functions = count(node.restored, "function");
    match node.flows_restored {
        0 => functions,
        flows => format!("{functions} and {}", count(flows, "flow")),
    }
}

fn letter(error: &NodeError) -> Letter {
    let letter = Letter::failed(error.to_string());
    match error {
        NodeError::Settings(_) => Letter::usage(error.to_string())
            .hint("`swell config show --origin` tells where each setting comes from"),
        NodeError::Listen { .. } => letter.hint(
            "another program, perhaps another node, may be there; choose another address with \
             `--listen`",
        ),
        NodeError::Data(_) => letter.hint("choose another folder with `--data`"),
        NodeError::Engine(_) => letter.hint("`swell doctor` looks for the cause"),
    }
}
