//! A node without gateway: store, registry, deployer and a mind that is told of versions.

use std::collections::HashMap;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::sync::{Notify, Semaphore};

use swell_api::function::Code as Uploaded;
use swell_api::instance::Instance as Shown;
use swell_api::node::{JournalState, Node};
use swell_api::spec::{BackendName, FunctionSpec, Model};
use swell_core::event::Event;
use swell_core::ids::FunctionId;
use swell_core::plausible;
use swell_core::settings::{FunctionSettings, SiteSettings};
use swell_core::site::Site;
use swell_core::time::Instant;
use swell_core::units::Bytes;
use swell_node::clock::Clock;
use swell_node::deploy::deployer::{Deployer, Parts};
use swell_node::deploy::hands::{Deploying, Hands};
use swell_node::deploy::prepare::RETRY_PAUSE;
use swell_node::deploy::settings;
use swell_node::registry::{Registry, Version};
use swell_node::store::code::CodeFolder;
use swell_node::store::functions::Store;
use swell_sandbox::backend::{Backend, Costs, Doing, Instance, PrepareError, StartError, Template};
use swell_sandbox::body::{Body, full};
use swell_sandbox::call::{Call, CallError, End, Outcome};
use swell_sandbox::code::{Code, Source};
use swell_sandbox::key_value::NoKeyValue;

/// Memory of the node.
pub(crate) const MEMORY: u64 = 4 << 30;

/// A node on a folder.
pub(crate) struct World {
    pub(crate) folder: Arc<TempDir>,
    pub(crate) deployer: Arc<Deployer>,
    pub(crate) registry: Arc<Registry>,
    pub(crate) code: Arc<CodeFolder>,
    pub(crate) store: Arc<Store>,
    pub(crate) hands: Arc<Mind>,
}

impl World {
    /// A new node.
    pub(crate) fn new() -> Self {
        Self::on(Arc::new(tempfile::tempdir().expect("a folder for the test")))
    }

    /// A node on a folder that another may have used before.
    pub(crate) fn on(folder: Arc<TempDir>) -> Self {
        Self::pausing(folder, RETRY_PAUSE)
    }

    /// The same; after a failure it tries again after a pause of its own.
    pub(crate) fn pausing(folder: Arc<TempDir>, retry_pause: Duration) -> Self {
        Self::made(folder, retry_pause, None)
    }

    /// One where contents are at that URL.
    pub(crate) fn with_contents(url: &str) -> Self {
        let folder = Arc::new(tempfile::tempdir().expect("a folder for the test"));
        Self::made(folder, RETRY_PAUSE, Some(url.to_string()))
    }

    fn made(folder: Arc<TempDir>, retry_pause: Duration, content_url: Option<String>) -> Self {
        let store = Arc::new(Store::open(folder.path()).expect("the store opens"));
        let code = Arc::new(CodeFolder::open(folder.path()).expect("the folder opens"));
        let registry = Arc::new(Registry::default());
        let hands = Arc::new(Mind::new());
        let parts = Parts {
            store: store.clone(),
            code: code.clone(),
            registry: registry.clone(),
            hands: hands.clone(),
            key_value: NoKeyValue::shared(),
            content_url,
            memory: Bytes::new(MEMORY),
            secrets: Some(folder.path().join("secrets")),
            prepares_max: 2,
        };
        let deployer = Deployer::pausing(parts, retry_pause);
        deployer.restore().expect("the store is fine");
        Self { folder, deployer, registry, code, store, hands }
    }

    /// The node goes down and comes up again.
    pub(crate) fn restart(self) -> Self {
        Self::on(self.leave())
    }

    /// The node goes down; its folder.
    pub(crate) fn leave(self) -> Arc<TempDir> {
        self.folder.clone()
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Uploads code that answers with `text`.
    pub(crate) async fn upload(&self, text: &str) -> String {
        let body = full(format!("{MAGIC}{text}"));
        let Uploaded { digest, .. } = self.code.receive(body, 1 << 20).await.expect("it fits");
        digest
    }

    /// A specification of a function that answers with `text`.
    pub(crate) async fn spec(&self, name: &str, text: &str) -> FunctionSpec {
        let mut spec = FunctionSpec::plain(name, BackendName::Wasm);
        spec.code = self.upload(text).await;
        spec
    }

    /// What a request of `client` is answered by the version that it finds.
    pub(crate) async fn call(&self, name: &str, client: u32) -> String {
        let function = self.registry.get(name).expect("the function is here");
        let version = function.pick(&client.to_le_bytes()).clone();
        let template = self.deployer.ready(&version).await.expect("it can be made ready");
        let instance = template.start().await.expect("it starts");
        let call = Call {
            request: http::Request::new(swell_sandbox::body::empty()),
            log: swell_sandbox::log::Silence::shared(),
            flows: None,
            end: swell_sandbox::call::EndSignal::unheard(),
        };
        let answer = instance.invoke(call).await.expect("it answers").into_body();
        let bytes = http_body_util::BodyExt::collect(answer).await.expect("it is whole").to_bytes();
        String::from_utf8(bytes.to_vec()).expect("it is text")
    }
}

/// A specification of a modelled function.
pub(crate) fn modelled(name: &str) -> FunctionSpec {
    let mut spec = FunctionSpec::plain(name, BackendName::Modelled);
    spec.model = Some(Model { start_us: 1_000, run_us: 1_000 });
    spec
}

/// Hands with a mind: what they are told must be what a world may tell.
pub(crate) struct Mind {
    site: Mutex<Site>,
    ids: AtomicU32,
    told: Mutex<HashMap<FunctionId, Told>>,
    clock: Clock,
    pub(crate) backend: Arc<Plain>,
    /// Told of everything that the mind is told.
    pub(crate) news: Notify,
}

/// What the mind was told of a version last.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) name: String,
    pub(crate) version: u32,
    /// None once it was removed.
    pub(crate) settings: Option<FunctionSettings>,
}

impl Mind {
    fn new() -> Self {
        let policy = "lru".to_string();
        let settings = SiteSettings { memory: Bytes::new(MEMORY), seed: 1, policy };
        Self {
            site: Mutex::new(Site::new(&settings).expect("it is in the catalogue")),
            ids: AtomicU32::new(0),
            told: Mutex::default(),
            clock: Clock::start(1.0),
            backend: Arc::new(Plain::default()),
            news: Notify::new(),
        }
    }

    /// What the mind knows of a version.
    pub(crate) fn settings(&self, name: &str, version: u32) -> Option<FunctionSettings> {
        let told = self.told.lock();
        let known = told.values().find(|told| told.name == name && told.version == version);
        known.and_then(|told| told.settings.clone())
    }

    /// Versions that the mind was told of and that were not removed.
    pub(crate) fn known(&self) -> usize {
        self.told.lock().values().filter(|told| told.settings.is_some()).count()
    }

    fn tell(&self, event: Event) {
        let mut site = self.site.lock();
        plausible::event(site.pool(), &event).expect("deploying tells the truth in order");
        site.handle(Instant::ZERO, event, &mut Vec::new());
        drop(site);
        self.news.notify_one();
    }
}

impl Hands for Mind {
    fn deploy(&self, version: &Arc<Version>) {
        let settings = settings::of_version(version, &self.clock);
        let (name, number) = (version.name.to_string(), version.version);
        let told = Told { name, version: number, settings: Some(settings.clone()) };
        self.told.lock().insert(version.id, told);
        let settings = Box::new(settings);
        self.tell(Event::FunctionDeployed { function: version.id, settings });
    }

    fn meet(&self, _deploying: Box<dyn Deploying>) {}

    fn remove(&self, version: &Arc<Version>) {
        let known = self.told.lock().get_mut(&version.id).and_then(|told| told.settings.take());
        assert!(known.is_some(), "only what was deployed is removed, and once");
        self.tell(Event::FunctionRemoved { function: version.id });
    }

    fn next_id(&self) -> FunctionId {
        FunctionId(self.ids.fetch_add(1, Ordering::SeqCst))
    }

    fn backend(&self, _name: BackendName) -> Option<Arc<dyn Backend>> {
        Some(self.backend.clone())
    }

    fn instances(&self) -> Vec<Shown> {
        Vec::new()
    }

    fn node(&self) -> Node {
        Node {
            program: "swell".to_string(),
            since_ms: 0,
            policy: "lru".to_string(),
            memory_bytes: MEMORY,
            memory_bytes_used: 0,
            speed: 1.0,
            functions: 0,
            waiting: 0,
            engine: self.backend.describe(),
            journal: JournalState { recording: true, path: None, events: 0, bytes: 7 },
        }
    }

    fn journal(&self) -> Option<Result<Vec<u8>, io::Error>> {
        Some(Ok(b"journal".to_vec()))
    }
}

/// What code that this backend runs begins with; the rest is what it answers.
pub(crate) const MAGIC: &str = "plain:";

/// A backend whose code is the text it answers. Preparing can be held up.
pub(crate) struct Plain {
    /// A permit for each preparation that may go on.
    pub(crate) gate: Semaphore,
    /// Preparations so far.
    pub(crate) prepared: AtomicUsize,
    /// Preparations that fail because the machine does, before one works.
    pub(crate) failures: AtomicUsize,
}

impl Default for Plain {
    fn default() -> Self {
        Self {
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
            prepared: AtomicUsize::new(0),
            failures: AtomicUsize::new(0),
        }
    }
}

impl Plain {
    /// From now on preparing waits for permits.
    pub(crate) fn hold(&self) {
        self.gate.forget_permits(Semaphore::MAX_PERMITS);
    }
}

impl Backend for Plain {
    fn name(&self) -> &'static str {
        "plain"
    }

    fn describe(&self) -> String {
        "plain text, for tests".to_string()
    }

    fn prepare(&self, code: Code) -> Doing<'_, Result<Arc<dyn Template>, PrepareError>> {
        Box::pin(async move {
            self.gate.acquire().await.expect("the gate is never closed").forget();
            self.prepared.fetch_add(1, Ordering::SeqCst);
            let less = |left: usize| left.checked_sub(1);
            if self.failures.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less).is_ok() {
                return Err(PrepareError::Machine("out of patience".to_string()));
            }
            let text = match code.source {
                Source::File { path, .. } => std::fs::read_to_string(path)
                    .map_err(|error| PrepareError::Machine(error.to_string()))?,
                Source::Modelled { .. } => format!("{MAGIC}modelled"),
            };
            let Some(answer) = text.strip_prefix(MAGIC) else {
                return Err(PrepareError::NotCode("it is not plain text".to_string()));
            };
            let variables = code.environment.iter().map(|(name, value)| format!(" {name}={value}"));
            let answer = format!("{answer}{}", variables.collect::<String>());
            Ok(Arc::new(Text { answer }) as Arc<dyn Template>)
        })
    }
}

struct Text {
    answer: String,
}

impl Template for Text {
    fn start(&self) -> Doing<'_, Result<Arc<dyn Instance>, StartError>> {
        let answer = self.answer.clone();
        Box::pin(async move { Ok(Arc::new(Said { answer }) as Arc<dyn Instance>) })
    }

    fn costs(&self) -> Costs {
        Costs::default()
    }

    fn processor_time(&self) -> Duration {
        Duration::ZERO
    }

    fn guest_memory(&self) -> Option<u64> {
        None
    }
}

struct Said {
    answer: String,
}

impl Instance for Said {
    fn invoke(
        self: Arc<Self>,
        call: Call,
    ) -> Doing<'static, Result<http::Response<Body>, CallError>> {
        Box::pin(async move {
            call.end.tell(End { outcome: Outcome::Answered, instance_lost: false, memory: None });
            Ok(http::Response::new(full(self.answer.clone())))
        })
    }

    fn probe(self: Arc<Self>) -> Doing<'static, Result<(), String>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
