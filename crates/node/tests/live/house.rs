//! A node in this process, in a folder of its own, and a client that speaks to it over a
//! real socket.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use serde_json::Value;
use tempfile::TempDir;

use swell_api::spec::{BackendName, FunctionSpec};
use swell_core::units::Bytes as Memory;
use swell_node::node::Node;
use swell_node::settings::{
    CacheSettings, FlowSettings, ForecastSettings, NodeSettings, QueueSettings,
};

/// A node that is up, and its folder.
pub(crate) struct House {
    pub(crate) node: Option<Node>,
    pub(crate) address: SocketAddr,
    pub(crate) folder: TempDir,
    client: Client<HttpConnector, Full<Bytes>>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("it is text")
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("it is JSON")
    }

    /// The word of a problem.
    pub(crate) fn code(&self) -> String {
        self.json()["code"].as_str().expect("it is a problem").to_string()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).expect("the header is there").to_str().expect("it is text")
    }
}

/// Settings of a node in this folder.
pub(crate) fn settings(data: &Path) -> NodeSettings {
    NodeSettings {
        listen: SocketAddr::from(([127, 0, 0, 1], 0)),
        tls: None,
        token: None,
        data: data.to_path_buf(),
        memory: Memory::from_mb(1_000),
        policy: "hazard".to_string(),
        seed: 1,
        speed: 1.0,
        clones_max: None,
        requests_max: 1_000,
        journal_bytes_max: Memory::from_mb(64),
        log_lines_max: 1_000,
        drain: Duration::from_secs(10),
        secrets: None,
        queue: QueueSettings {
            workers: 4,
            entries_max: 1_000,
            bytes_max: Memory::from_mb(64),
            keep: Duration::from_secs(3600),
            dead_max: 100,
            callbacks: vec!["127.0.0.1".to_string()],
        },
        forecast: ForecastSettings::default(),
        flow: FlowSettings {
            memory_max: Memory::new(64 << 20),
            function_memory_max: Memory::new(32 << 20),
            policy: "measured".to_string(),
            cores: Default::default(),
            link: None,
            nodes: Default::default(),
            socket: None,
            socket_group: false,
        },
        cache: CacheSettings {
            store: Some(String::new()),
            memory: Memory::new(16 << 20),
            content_max: Memory::new(1 << 20),
            ..CacheSettings::off()
        },
        shared_machine: true,
        otlp: None,
    }
}

impl House {
    pub(crate) async fn up() -> Self {
        Self::up_with(|_| {}).await
    }

    pub(crate) async fn up_with(change: impl Fn(&mut NodeSettings)) -> Self {
        let folder = tempfile::tempdir().expect("a folder for the test");
        Self::up_in(folder, change).await
    }

    pub(crate) async fn up_in(folder: TempDir, change: impl Fn(&mut NodeSettings)) -> Self {
        let mut settings = settings(folder.path());
        change(&mut settings);
        let node = Node::start(settings).await.expect("the node comes up");
        let address = node.address;
        let client = Client::builder(TokioExecutor::new()).build_http();
        Self { node: Some(node), address, folder, client }
    }

    /// Stops the node and hands over its folder.
    pub(crate) async fn down(mut self) -> TempDir {
        let node = self.node.take().expect("it is up");
        node.stop().await.expect("it stops well");
        self.folder
    }

    pub(crate) async fn send(&self, method: Method, path: &str, body: impl Into<Bytes>) -> Answer {
        self.request(Request::builder().method(method).uri(path), body).await
    }

    pub(crate) async fn request(
        &self,
        request: http::request::Builder,
        body: impl Into<Bytes>,
    ) -> Answer {
        let mut request = request.body(Full::new(body.into())).expect("it is a request");
        let path = request.uri().path_and_query().expect("it has a path").to_string();
        let uri = format!("http://{}{path}", self.address);
        *request.uri_mut() = uri.parse().expect("it is an address");
        let response = self.client.request(request).await.expect("the node answers");
        let (parts, body) = response.into_parts();
        let body = body.collect().await.expect("the answer is whole").to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Method::GET, path, "").await
    }

    pub(crate) async fn call(&self, name: &str, body: impl Into<Bytes>) -> Answer {
        self.send(Method::POST, &format!("/function/{name}"), body).await
    }

    /// Uploads code; its digest.
    pub(crate) async fn upload(&self, code: &'static [u8]) -> String {
        let answer = self.send(Method::POST, "/v1/code", code).await;
        assert!(answer.status.is_success(), "{answer:?}");
        answer.json()["digest"].as_str().expect("it has a digest").to_string()
    }

    /// Deploys a sample, changed by `change`.
    pub(crate) async fn deploy(
        &self,
        name: &str,
        code: &'static [u8],
        change: impl Fn(&mut FunctionSpec),
    ) -> Answer {
        let mut spec = FunctionSpec::plain(name, BackendName::Wasm);
        spec.code = self.upload(code).await;
        spec.memory_bytes = 8 << 20;
        change(&mut spec);
        self.put(&spec).await
    }

    pub(crate) async fn put(&self, spec: &FunctionSpec) -> Answer {
        let body = serde_json::to_vec(spec).expect("it is JSON");
        self.send(Method::PUT, &format!("/v1/functions/{}", spec.name), body).await
    }
}
