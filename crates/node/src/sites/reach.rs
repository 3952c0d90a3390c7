//! Where a site is reached by others: what it tells them, and what it listens at itself.

use std::net::{IpAddr, SocketAddr};

use swell_api::site_joining::{FlowContact, Reach, SiteContact};
use swell_outlook::board::FlowPlace;
use tokio::net::TcpListener;

use crate::refusal::{Reason, Refusal};
use crate::sites::asking::unkept;
use crate::sites::contact::certified;

/// Ports of a site: for state, for the log and transfers, for items of flows.
const PORTS: u16 = 3;

/// The URL of a gateway, on the machine of that name if it is told by one.
pub fn gateway(address: Option<&str>, listen: SocketAddr, is_tls: bool) -> String {
    let scheme = if is_tls { "https" } else { "http" };
    match address {
        Some(address) => format!("{scheme}://{}", beside(address, listen.port())),
        None => format!("{scheme}://{listen}"),
    }
}

/// Where a new site is found; ports that are not named are such that were free.
pub async fn contact(
    name: &str,
    reach: &Reach,
    (listen, gateway): (SocketAddr, String),
    flow: Option<FlowPlace>,
) -> Result<SiteContact, Refusal> {
    let host = host(reach.address.as_deref(), listen)?;
    let mut held = Vec::new();
    for place in 0..PORTS {
        held.push(hold(listen.ip(), reach.ports, place).await?);
    }
    let ports = held.iter().map(|port| port.local_addr().map(|at| at.port()));
    let ports: Vec<u16> =
        ports.collect::<Result<_, _>>().map_err(|error| unkept(&error.to_string()))?;
    let flow = match flow {
        Some(FlowPlace { node, at }) => FlowContact { node, at },
        None => FlowContact { node: certified(name), at: beside(&host, ports[2]) },
    };
    Ok(SiteContact {
        flow: Some(flow),
        name: name.to_string(),
        gateway,
        state: beside(&host, ports[0]),
        resource: beside(&host, ports[1]),
    })
}

/// Where a node is found by other nodes of its site; a port that is not named is one that was free.
pub async fn for_nodes(
    address: Option<&str>,
    port: Option<u16>,
    listen: SocketAddr,
) -> Result<String, Refusal> {
    let host = host(address, listen)?;
    let held = hold(listen.ip(), port, 0).await?;
    let at = held.local_addr().map_err(|error| unkept(&error.to_string()))?;
    Ok(beside(&host, at.port()))
}

/// The name or address of this machine for others.
fn host(address: Option<&str>, listen: SocketAddr) -> Result<String, Refusal> {
    match address {
        Some(address) => checked(address),
        None if listen.ip().is_unspecified() => {
            let title = "others need an address at which they reach this node";
            Err(Refusal::new(Reason::BadRequest, title).hint(
                "name it with `--address`, or start the node with `--listen` and an address of \
                 this machine instead of `0.0.0.0`",
            ))
        }
        None => Ok(listen.ip().to_string()),
    }
}

/// Where a site listens that is told to be at `address`: at its port, on its own interface.
pub fn listening(interface: IpAddr, address: &str) -> Result<SocketAddr, String> {
    let port = address.rsplit_once(':').and_then(|(_, port)| port.parse().ok());
    let port = port.ok_or_else(|| format!("`{address}` has no port"))?;
    Ok(SocketAddr::new(interface, port))
}

async fn hold(interface: IpAddr, first: Option<u16>, place: u16) -> Result<TcpListener, Refusal> {
    let port = match first {
        None => 0,
        Some(first) => first.checked_add(place).filter(|_| first > 0).ok_or_else(|| {
            let title = format!("there are no {PORTS} ports from {first} on");
            Refusal::new(Reason::BadRequest, title).hint("choose a first port such as 7411")
        })?,
    };
    TcpListener::bind(SocketAddr::new(interface, port)).await.map_err(|error| {
        let title = match port {
            0 => "no port is free".to_string(),
            port => format!("port {port} cannot be had"),
        };
        let refusal = Refusal::new(Reason::Conflict, title).detail(error.to_string());
        refusal.hint(format!("choose with `--ports` the first of {PORTS} that are free"))
    })
}

fn beside(host: &str, port: u16) -> String {
    match host.parse::<IpAddr>() {
        Ok(address) => SocketAddr::new(address, port).to_string(),
        Err(_) => format!("{host}:{port}"),
    }
}

/// An address or a name of a machine.
fn checked(address: &str) -> Result<String, Refusal> {
    let is_letter = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
    let is_part = |part: &str| !part.is_empty() && part.len() < 64 && part.chars().all(is_letter);
    let is_name = address.len() < 254 && address.split('.').all(is_part);
    match address.parse::<IpAddr>() {
        Ok(address) if !address.is_unspecified() => Ok(address.to_string()),
        Err(_) if is_name => Ok(address.to_string()),
        _ => {
            let shown: String = address.chars().take(80).collect();
            let title = format!("`{shown}` is no address at which others reach a machine");
            let hint = "write an address such as `10.0.0.5`, or a name, without scheme and port";
            Err(Refusal::new(Reason::BadRequest, title).hint(hint))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANY: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::UNSPECIFIED), 7070);
    const HERE: SocketAddr = SocketAddr::new(IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 7070);

    fn reach(address: Option<&str>, ports: Option<u16>) -> Reach {
        Reach { address: address.map(str::to_string), ports }
    }

    async fn check(reach: &Reach, listen: SocketAddr) -> Result<SiteContact, String> {
        let told = gateway(reach.address.as_deref(), listen, false);
        let found = contact("oslo", reach, (listen, told), None).await;
        found.map_err(|refusal| refusal.title.clone())
    }

    #[tokio::test]
    async fn a_name_is_told_and_the_own_interface_listened_at() {
        let found = check(&reach(Some("shop-3.example"), None), ANY).await.expect("it is found");
        assert_eq!(found.gateway, "http://shop-3.example:7070");
        let port = found.state.strip_prefix("shop-3.example:").expect("the name is told");
        let at = listening(ANY.ip(), &found.state).expect("it has a port");
        assert_eq!(at.to_string(), format!("0.0.0.0:{port}"));
        let found = check(&reach(Some("::1"), None), HERE).await.expect("it is found");
        assert!(found.resource.starts_with("[::1]:"), "{found:?}");
        assert_eq!(found.gateway, "http://[::1]:7070");
    }

    #[tokio::test]
    async fn ports_are_those_that_were_named() {
        // Three in a row that were free a moment ago.
        for _ in 0..100 {
            let free = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
            let first = free.local_addr().expect("it is bound").port();
            drop(free);
            let Ok(found) = check(&reach(None, Some(first)), HERE).await else { continue };
            let flow = found.flow.expect("it has a port").at;
            let told = [found.state, found.resource, flow];
            let expected = [0, 1, 2].map(|place| format!("127.0.0.1:{}", first + place));
            assert_eq!(told, expected);
            return;
        }
        panic!("never three free ports in a row");
    }

    #[tokio::test]
    async fn what_makes_no_sense_is_told() {
        let taken = TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let taken = (taken.local_addr().expect("it is bound").port(), taken);
        for (reach, listen, letter) in [
            (reach(None, None), ANY, "need an address"),
            (reach(Some("http://x:7"), None), HERE, "`http://x:7` is no address"),
            (reach(Some("a..b"), None), HERE, "`a..b` is no address"),
            (reach(Some("0.0.0.0"), None), HERE, "`0.0.0.0` is no address"),
            (reach(None, Some(65_534)), HERE, "no 3 ports from 65534 on"),
            (reach(None, Some(0)), HERE, "no 3 ports from 0 on"),
            (reach(None, Some(taken.0)), HERE, "cannot be had"),
        ] {
            let why = check(&reach, listen).await.expect_err("it makes no sense");
            assert!(why.contains(letter), "{why}");
        }
        assert!(listening(ANY.ip(), "oslo").is_err());
    }
}
