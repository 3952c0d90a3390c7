//! The address to listen at: free, or a node answers there, or somebody else does.

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::time::Duration;

use swell_api::node::Node;
use swell_node::settings::NodeSettings;

use crate::client::connection::Connection;
use crate::client::node::NodeClient;
use crate::doctor::check::Check;
use crate::figure::{age, count};
use crate::recording::PROGRAM;

const NAME: &str = "address";

/// How long whoever is there may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Looks at the address that is set, and tells whether a node answers there.
pub fn look(settings: &NodeSettings) -> (Check, bool) {
    let listen = settings.listen;
    let bound = TcpListener::bind(listen).map(drop);
    let taken = bound.as_ref().is_err_and(|error| error.kind() == ErrorKind::AddrInUse);
    let asked = taken.then(|| ask(settings));
    let is_node = matches!(asked, Some(Ok(_)));
    (judge(listen, bound, asked), is_node)
}

fn ask(settings: &NodeSettings) -> Result<Node, String> {
    let scheme = if settings.tls.is_some() { "https" } else { "http" };
    let mut address = settings.listen;
    if address.ip().is_unspecified() {
        address.set_ip(match address.ip() {
            IpAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
            IpAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
        });
    }
    let connection = Connection {
        url: format!("{scheme}://{address}"),
        token: settings.token.clone(),
        authorities: settings.tls.as_ref().map(|tls| tls.certificate.clone()),
        patience: Some(PATIENCE),
    };
    question(connection)
}

fn question(connection: Connection) -> Result<Node, String> {
    let node = NodeClient::new(connection).and_then(|client| client.node());
    node.map_err(|letter| letter.message().to_string())
}

/// Asks the node that commands would talk to, where a person named one.
pub fn look_at_node(connection: Connection) -> Check {
    let url = connection.url.clone();
    judge_node(&url, question(Connection { patience: Some(PATIENCE), ..connection }))
}

/// What it means that the node there said this.
pub fn judge_node(url: &str, said: Result<Node, String>) -> Check {
    const NODE: &str = "node";
    match said {
        Ok(node) if node.program != PROGRAM => {
            let finding = format!("{url}: {} answers, but this is {PROGRAM}", node.program);
            Check::warn(NODE, finding, "use the program of the node's version to talk to it")
        }
        Ok(node) => Check::ok(NODE, format!("{url}: {}", about(&node))),
        Err(why) => {
            let advice = "check the address in `--node` or `SWELL_NODE`, the token and the \
                          certificate; on its machine, `swell doctor` looks at the node itself";
            Check::fail(NODE, why, advice)
        }
    }
}

fn about(node: &Node) -> String {
    let functions = count(node.functions as usize, "function");
    format!("{} answers, up {}, {functions}", node.program, age(node.since_ms))
}

/// What that means: whether the address could be had, and what whoever is there said.
pub fn judge(
    listen: SocketAddr,
    bound: io::Result<()>,
    asked: Option<Result<Node, String>>,
) -> Check {
    let port = listen.port();
    match (bound, asked) {
        (Ok(()), _) => Check::ok(NAME, format!("{listen} is free")),
        (Err(_), Some(Ok(node))) => Check::ok(NAME, format!("{listen}: {}", about(&node))),
        (Err(_), Some(Err(why))) => {
            let finding = format!("{listen} is taken, and no node that lets us in answers: {why}");
            let advice = "end the program there, choose another address with `--listen`, or give \
                          the node's token with `--set api.token=...`";
            Check::fail(NAME, finding, advice)
        }
        (Err(error), None) => {
            let advice = match error.kind() {
                ErrorKind::PermissionDenied => format!(
                    "ports below 1024 are for root: choose a higher one than {port}, or allow it \
                     with `setcap cap_net_bind_service=+ep`"
                ),
                ErrorKind::AddrNotAvailable => {
                    "this machine has no such address; `0.0.0.0` stands for all it has".to_string()
                }
                _ => "choose another address with `--listen`".to_string(),
            };
            Check::fail(NAME, format!("cannot listen on {listen}: {error}"), advice)
        }
    }
}

/// Looks at the certificate and its key, if any are set.
pub fn look_at_tls(settings: &NodeSettings) -> Option<Check> {
    const TLS: &str = "certificate";
    let tls = settings.tls.as_ref()?;
    let advice = "name PEM files of a chain and its key in `tls.certificate` and `tls.key`";
    Some(match swell_node::gateway::tls::acceptor(tls) {
        Ok(_) => Check::ok(TLS, format!("`{}` and its key", tls.certificate.display())),
        Err(why) => Check::fail(TLS, why, advice),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Level;

    #[test]
    fn nodes_elsewhere_are_judged() {
        let node = |program: &str| swell_api::node::Node {
            program: program.to_string(),
            since_ms: 0,
            policy: "lru".to_string(),
            memory_bytes: 1,
            memory_bytes_used: 0,
            speed: 1.0,
            functions: 2,
            waiting: 0,
            engine: String::new(),
            journal: swell_api::node::JournalState {
                recording: false,
                path: None,
                events: 0,
                bytes: 0,
            },
        };
        for (said, level, words) in [
            (Ok(node(PROGRAM)), Level::Ok, "2 functions"),
            (Ok(node("swell 99.0.0")), Level::Warn, "swell 99.0.0 answers, but this is"),
            (Err("no node answers".to_string()), Level::Fail, "no node answers"),
        ] {
            let check = judge_node("http://box:7070", said);
            assert_eq!(check.level, level, "{check:?}");
            assert!(check.finding.contains(words), "{check:?}");
        }
    }

    #[test]
    fn addresses_are_judged() {
        let listen: SocketAddr = ([127, 0, 0, 1], 80).into();
        let no = |kind: ErrorKind| Err(io::Error::from(kind));
        for (bound, asked, level, advice) in [
            (Ok(()), None, Level::Ok, ""),
            (no(ErrorKind::AddrInUse), Some(Err("?".to_string())), Level::Fail, "--listen"),
            (no(ErrorKind::PermissionDenied), None, Level::Fail, "below 1024"),
            (no(ErrorKind::AddrNotAvailable), None, Level::Fail, "no such address"),
        ] {
            let check = judge(listen, bound, asked);
            assert_eq!(check.level, level, "{check:?}");
            assert!(check.advice.clone().unwrap_or_default().contains(advice), "{check:?}");
        }
    }
}
