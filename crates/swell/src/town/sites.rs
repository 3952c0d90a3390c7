//! Three nodes in this process that found a cluster: real sockets, certificates, logs on disk.

use std::net::SocketAddr;

use bytes::Bytes;
use http::Method;
use serde::Serialize;
use serde::de::DeserializeOwned;
use swell_api::site_joining::{Capacity, InitSite, Invitation, InviteSite, JoinSite, Reach};
use swell_api::spec::{BackendName, FunctionSpec, Model};
use swell_core::time::Span;
use swell_core::units::Bytes as Memory;
use swell_node::node::Node;

use crate::error::Letter;
use crate::rig::client::Client;
use crate::rig::host::{Choice, up};
use crate::town::cast::{CAPACITY, PARTS, SITES, WORK_MS};

/// How long an instance takes to start, in microseconds.
const START_US: u64 = 2_000;

/// The sites, in the order of the cast.
pub struct Town {
    /// Their clients.
    pub clients: Vec<Client>,
    nodes: Vec<Node>,
    _folders: Vec<tempfile::TempDir>,
}

impl Town {
    /// Brings three nodes up and makes a cluster of them, with slots of this length.
    pub async fn found(slot: Span) -> Result<Self, Letter> {
        let (mut clients, mut nodes, mut folders) = (Vec::new(), Vec::new(), Vec::new());
        for _ in SITES {
            let folder = tempfile::tempdir()
                .map_err(|error| Letter::failed(format!("cannot make a folder: {error}")))?;
            let node = up(&Choice {
                listen: SocketAddr::from(([127, 0, 0, 1], 0)),
                data: folder.path(),
                memory: Memory::from_mb(2_000),
                policy: "hazard",
                seed: 1,
                speed: 1.0,
            })
            .await?;
            clients.push(Client::new(&format!("http://{}", node.address), None));
            nodes.push(node);
            folders.push(folder);
        }
        let capacity = Capacity { cpu_milli: CAPACITY, ..Capacity::default() };
        let init = InitSite {
            cluster: "demo".to_string(),
            site: SITES[0].to_string(),
            capacity,
            slot_ms: Some(slot.nanos() / 1_000_000),
            reach: Reach::default(),
        };
        let _: serde_json::Value = ask(&clients[0], Method::POST, "/v1/site/init", &init).await?;
        for (client, site) in clients.iter().zip(SITES).skip(1) {
            let invite = InviteSite { site: site.to_string() };
            let path = "/v1/site/invitations";
            let invitation: Invitation = ask(&clients[0], Method::POST, path, &invite).await?;
            let join = JoinSite { invitation, capacity, reach: Reach::default() };
            let _: serde_json::Value = ask(client, Method::POST, "/v1/site/join", &join).await?;
        }
        Ok(Self { clients, nodes, _folders: folders })
    }

    /// Deploys the functions where they begin.
    pub async fn deploy(&self) -> Result<(), Letter> {
        for part in PARTS {
            let client = &self.clients[part.home];
            // Three sites that compute as much as they claim would need more of this machine than
            // it may have.
            let mut spec = FunctionSpec::plain(part.name, BackendName::Modelled);
            spec.model = Some(Model { start_us: START_US, run_us: (WORK_MS * 1e3) as u64 });
            spec.memory_bytes = 16 << 20;
            let path = format!("/v1/functions/{}", part.name);
            let _: serde_json::Value = ask(client, Method::PUT, &path, &spec).await?;
        }
        Ok(())
    }

    /// Ends them all.
    pub async fn end(self) -> Result<(), Letter> {
        for node in self.nodes {
            node.stop().await.map_err(|error| Letter::failed(error.to_string()))?;
        }
        Ok(())
    }
}

/// Asks a node.
pub async fn ask<T: DeserializeOwned>(
    client: &Client,
    method: Method,
    path: &str,
    body: &impl Serialize,
) -> Result<T, Letter> {
    let body = serde_json::to_vec(body).expect("the API's words are plain data");
    read(&client.api(method, path, Bytes::from(body)).await?)
}

/// What a node shows.
pub async fn get<T: DeserializeOwned>(client: &Client, path: &str) -> Result<T, Letter> {
    read(&client.api(Method::GET, path, Bytes::new()).await?)
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Letter> {
    let odd = |error| Letter::failed(format!("a node answers oddly: {error}"));
    serde_json::from_slice(bytes).map_err(odd)
}
