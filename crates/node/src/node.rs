//! A node, put together: opens what it keeps, starts what it runs, stops in order.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32};

use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use swell_core::settings::SiteSettings;
use swell_core::site::Site;
use swell_sandbox::backend::Backend;
use swell_sandbox::modelled::Modelled;
use swell_sandbox::wasm::backend::{Wasm, WasmSettings};

use crate::api::context::ApiContext;
use crate::api::router::router;
use crate::beginning::{journal, private_folder, store};
use crate::clock::{Clock, wall_ms};
use crate::condition::Condition;
use crate::content::gate::Gate;
use crate::content::start;
use crate::content::stores::Stores;
use crate::demand::counter::Demand;
use crate::deploy::deployer::{Deployer, Parts};
use crate::flow::flows::{Flows, Parts as FlowParts};
use crate::flow::link::Links;
use crate::flow::port::Port;
use crate::flow::putting::Answers;
use crate::flow::shown::Shown;
use crate::flow::watch::Watch;
use crate::foresight::ground::Parts as ForesightParts;
use crate::foresight::service::Foresight;
use crate::gateway::calls::Calls;
use crate::gateway::context::Gateway;
use crate::gateway::nearby::Nearby;
use crate::gateway::own::{Health, OwnPages};
use crate::gateway::{server, tls};
use crate::gauged::{watch, watch_others};
use crate::key_value::roaming::Roaming;
use crate::key_value::shelf::Shelf;
use crate::live::hands::LiveHands;
use crate::live::world::Live;
use crate::live::{flusher, history, timer};
use crate::native::door::{self, Door};
use crate::nodes::crew::Crew;
use crate::nodes::desk::CrewDesk;
use crate::observe::metrics::Metrics;
use crate::observe::observer::Observer;
use crate::observe::otlp::Spans;
use crate::queue::callback::Callbacks;
use crate::queue::calls::Queue;
use crate::queue::runner::Runner;
use crate::registry::Registry;
use crate::settings::NodeSettings;
use crate::sites::belongings::Belongings;
use crate::sites::desk::SiteDesk;
use crate::sites::elsewhere::Elsewhere;
use crate::sites::life::Around;
use crate::sites::meter::Meter;
use crate::store::code::CodeFolder;
use crate::store::functions::Store;
use crate::trigger::triggers::Triggers;
use crate::trigger::{cron, mqtt};

/// The longest code that may be uploaded.
const CODE_BYTES_MAX: u64 = 256 << 20;

/// Why a node does not come up, for the person who started it.
#[derive(Debug, thiserror::Error)]
pub enum NodeError {
    /// Settings that cannot be; what is wrong with them.
    #[error("{0}")]
    Settings(String),
    /// The address is taken or not ours.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        error: io::Error,
    },
    /// The data folder or what lies in it.
    #[error("{0}")]
    Data(String),
    /// Guests cannot be run here.
    #[error("cannot run WebAssembly on this machine: {0}")]
    Engine(String),
}

/// A node that is up.
pub struct Node {
    /// Where it listens.
    pub address: SocketAddr,
    /// Where it listens for flows of other nodes, if it does.
    pub flow_address: Option<SocketAddr>,
    /// Functions that were there from an earlier run.
    pub restored: usize,
    /// Flows that were there from an earlier run.
    pub flows_restored: usize,
    /// How guests get their memory.
    pub engine: String,
    flows: Arc<Flows>,
    live: Arc<Live>,
    store: Arc<Store>,
    demand: Arc<Demand>,
    foresight: Arc<Foresight>,
    sited: Arc<SiteDesk>,
    crewed: Arc<CrewDesk>,
    contents: Option<Arc<Gate>>,
    stop: CancellationToken,
    server: JoinHandle<()>,
    /// Those that finish what they have begun.
    workers: Vec<JoinHandle<()>>,
    /// Those that may end at any time.
    ends: [JoinHandle<()>; 4],
    spans: Option<Arc<Spans>>,
}

impl Node {
    /// Brings a node up. It serves when this returns.
    pub async fn start(settings: NodeSettings) -> Result<Self, NodeError> {
        let site = SiteSettings {
            memory: settings.memory,
            seed: settings.seed,
            policy: settings.policy.clone(),
        };
        let mind = Site::new(&site).map_err(|error| NodeError::Settings(error.to_string()))?;
        let acceptor = settings.tls.as_ref().map(tls::acceptor).transpose();
        let acceptor = acceptor.map_err(NodeError::Settings)?;
        let data = |error: String| NodeError::Data(error);
        private_folder(&settings.data).map_err(|error| {
            data(format!("cannot use the data folder `{}`: {error}", settings.data.display()))
        })?;
        let store = store(&settings.data).await.map_err(|error| data(error.to_string()))?;
        let code = CodeFolder::open(&settings.data).map_err(|error| data(error.to_string()))?;
        let (store, code) = (Arc::new(store), Arc::new(code));
        let listener = listen(settings.listen).await?;
        let address = listener
            .local_addr()
            .map_err(|error| NodeError::Listen { address: settings.listen, error })?;

        let since_ms = wall_ms();
        let journal = journal(&settings, &site, since_ms);
        let clock = Clock::start(settings.speed);
        let metrics = Arc::new(Metrics::default());
        let live = Arc::new(Live::new(mind, journal, clock, since_ms, metrics.clone()));
        let wasm = Wasm::new(&WasmSettings {
            cache: settings.data.join("compiled"),
            clones_max: settings.clones_max,
            copy_on_write: true,
        });
        let wasm: Arc<dyn Backend> = Arc::new(wasm.map_err(NodeError::Engine)?);
        let engine = wasm.describe();
        let registry = Arc::new(Registry::default());
        let hands = Arc::new(LiveHands {
            live: live.clone(),
            registry: registry.clone(),
            wasm,
            modelled: Arc::new(Modelled::new(settings.speed)),
            metrics: metrics.clone(),
            policy: settings.policy.clone(),
        });
        let shelf = Shelf::open(&settings.data).map_err(|error| data(error.to_string()))?;
        let roaming = Roaming::open(Arc::new(shelf)).map_err(|error| data(error.to_string()))?;
        let stores = Stores::new(roaming.clone());
        let deployer = Deployer::new(Parts {
            store: store.clone(),
            code: code.clone(),
            registry: registry.clone(),
            hands: hands.clone(),
            key_value: stores.clone(),
            content_url: start::url(&settings.cache, address, acceptor.is_some()),
            memory: settings.memory,
            secrets: settings.secrets.clone(),
            prepares_max: 1,
        });
        let restored = deployer.restore().map_err(|error| data(error.to_string()))?;
        history::recall(&live, &registry, &store).map_err(|error| data(error.to_string()))?;

        let (stop, links) = (CancellationToken::new(), Arc::new(Links::default()));
        let spans = settings.otlp.as_deref().map(Spans::start).transpose();
        let spans = spans.map_err(|error| NodeError::Settings(error.to_string()))?;
        let observer =
            Arc::new(Observer::new(metrics.clone(), settings.log_lines_max, spans.clone()));
        let queue = Queue::open(&settings.data, settings.queue.clone());
        let queue = Arc::new(queue.map_err(|error| data(error.to_string()))?);
        let port = match &settings.flow.link {
            Some(link) => Some(Port::bind(link).await.map_err(NodeError::Settings)?),
            None => None,
        };
        links.set(port.as_ref().map(Port::link));
        let flows = Flows::open(FlowParts {
            data: settings.data.clone(),
            registry: registry.clone(),
            graves: queue.clone(),
            settings: settings.flow.clone(),
            memory: settings.memory.get(),
            drain: settings.drain,
            links: links.clone(),
        });
        let flows = flows.map_err(|error| data(error.to_string()))?;
        let made = Watch::new(flows.clone(), (&*settings.flow.policy, settings.seed), live.tape());
        let flow_watch = made.map_err(|error| NodeError::Settings(error.to_string()))?;
        let shown = Arc::new(Shown { flows: flows.clone(), watch: flow_watch.clone() });
        let changes = deployer.changes();
        let triggers = Arc::new(Triggers::new(registry.clone(), queue.clone(), changes));
        let demand = Demand::open(&settings.data, registry.clone(), settings.speed);
        let demand = Arc::new(demand.map_err(|error| data(error.to_string()))?);
        let foresight = Foresight::start(
            ForesightParts {
                demand: demand.clone(),
                live: live.clone(),
                registry: registry.clone(),
                triggers: triggers.clone(),
                settings: settings.forecast.clone(),
                data: settings.data.clone(),
            },
            stop.clone(),
        );
        let foresight = foresight.map_err(|error| data(error.to_string()))?;
        let (elsewhere, operations) = (Arc::new(Elsewhere::default()), stores.operations().clone());
        let (going, known) = (elsewhere.clone(), registry.clone());
        triggers.act_if(move |name| going.acts_for(name, known.get(name).as_deref()));
        let around = start::Around { registry: registry.clone(), live: live.clone(), stores };
        let contents = start::open(&settings, around, &metrics, &stop).await;
        let contents = contents.map_err(NodeError::Data)?;
        let around = Around {
            deployer: deployer.clone(),
            code: code.clone(),
            registry: registry.clone(),
            live: live.clone(),
            ground: foresight.ground.clone(),
            meter: Meter::new((&registry, &live), operations, settings.shared_machine),
            belongings: Belongings {
                queue: queue.clone(),
                flows: flows.clone(),
                stores: roaming,
                registry: registry.clone(),
                passage: Default::default(),
            },
            contents: contents.clone(),
            elsewhere: elsewhere.clone(),
            crew: Crew::new(live.clone()),
            flow: port.as_ref().map(Port::place),
        };
        let place = (address, acceptor.is_some());
        let (crew, data_at) = (around.crew.clone(), settings.data.clone());
        let sited = SiteDesk::new(around.clone(), data_at.clone(), place, elsewhere.clone());
        let crewed = CrewDesk::new(around, triggers.clone(), sited.clone(), data_at, place);
        let context = Arc::new(ApiContext {
            deployer: deployer.clone(),
            code,
            hands: hands.clone(),
            flows: shown.clone(),
            contents: contents.clone(),
            logs: observer.clone(),
            queued: queue.clone(),
            events: triggers.clone(),
            foretold: foresight.ground.clone(),
            sited: Some(sited.clone()),
            crew: Some(crewed.clone()),
            token: settings.token.clone(),
            listen: address,
            tls: acceptor.is_some(),
            code_bytes_max: CODE_BYTES_MAX,
            stopping: stop.clone(),
        });
        let observer_logs = observer.logs.clone();
        let health: Arc<dyn Health> = Arc::new(Condition { metrics: metrics.clone() });
        let gateway = Arc::new(Gateway {
            registry,
            live: live.clone(),
            deployer,
            later: queue.clone(),
            followers: triggers.clone(),
            flows: Arc::new(Answers(flows.clone())),
            elsewhere,
            crew,
            grouping: contents.as_ref().map(|gate| gate.grouping.clone()),
            contents: contents.as_ref().map(|gate| gate.contents.clone()),
            observer,
            pages: Arc::new(OwnPages::new(router(context), health)),
            requests_max: settings.requests_max,
            tls: acceptor.is_some(),
            in_flight: AtomicU32::new(0),
            stopping: AtomicBool::new(false),
        });
        watch(&metrics, &gateway, &observer_logs, &queue);
        watch_others(&metrics, &shown, &foresight.ground, &sited);
        if let Some(spans) = spans.clone() {
            metrics.on_scrape(move |gauges| spans.fill(gauges));
        }
        Nearby::open(&gateway);
        let invoker = Arc::new(Calls(gateway.clone()));
        let flows_restored = flows.start(invoker.clone());
        let flows_restored = flows_restored.map_err(|error| data(error.to_string()))?;
        let flow_address = port.as_ref().map(|port| port.address);
        let port = port.map(|port| port.open(flows.clone(), stop.clone()));
        let door = settings.flow.socket.clone();
        let door = door.unwrap_or_else(|| settings.data.join(door::FILE));
        let door =
            Door::open(&door, settings.flow.socket_group, flows.clone()).map_err(|error| {
                data(format!(
                    "cannot open the socket for native processes at `{}`: {error}",
                    door.display()
                ))
            })?;
        let runner = Runner {
            queue,
            invoker,
            followers: triggers.clone(),
            callbacks: Callbacks::default(),
            changes: triggers.changes(),
            stop: stop.clone(),
            drain: settings.drain,
        };
        let mut workers = vec![
            tokio::spawn(runner.run()),
            tokio::spawn(demand.clone().run(stop.clone())),
            tokio::spawn(cron::run(triggers.clone(), stop.clone())),
            tokio::spawn(mqtt::run(triggers, settings.secrets.clone(), stop.clone())),
            tokio::spawn(door.run(stop.clone())),
        ];
        workers.extend(port);
        let timer = tokio::spawn(timer::run(live.clone()));
        let flusher = tokio::spawn(flusher::run(live.clone()));
        let keeper = tokio::spawn(history::run(live.clone(), store.clone()));
        let serving = server::run(listener, acceptor, gateway, stop.clone(), settings.drain);
        let server = tokio::spawn(serving);
        sited.restore().await;
        crewed.restore().await;
        let ends = [timer, flusher, keeper, tokio::spawn(flow_watch.run())];
        Ok(Self {
            address,
            flow_address,
            restored,
            flows_restored,
            engine,
            flows,
            live,
            store,
            demand,
            foresight,
            sited,
            crewed,
            contents,
            stop,
            server,
            workers,
            ends,
            spans,
        })
    }

    /// Lets what is under way finish, within the time the settings give, and ends.
    pub async fn stop(self) -> Result<(), NodeError> {
        self.stop.cancel();
        // A server that panicked has nothing left to finish.
        let _ = self.server.await;
        self.crewed.end().await;
        self.sited.end().await;
        for worker in self.workers {
            let _ = worker.await;
        }
        // Last, as what ended until now may have had something to pass on.
        self.flows.end().await;
        // Waited for, as each holds files that the next node in this folder opens.
        for end in self.ends {
            end.abort();
            let _ = end.await;
        }
        if let Some(gate) = self.contents {
            gate.contents.close().await;
        }
        if let Some(spans) = self.spans {
            spans.flush().await;
        }
        let (live, store) = (self.live, self.store);
        let (demand, foresight) = (self.demand, self.foresight);
        let ended = tokio::task::spawn_blocking(move || {
            foresight.end();
            if let Err(error) = demand.write() {
                tracing::warn!(%error, "what was counted of late is lost");
            }
            history::keep(&live, &store).map_err(|error| error.to_string())?;
            live.end_journal().map_err(|error| format!("the journal has no end: {error}"))
        });
        match ended.await {
            Ok(Err(why)) => Err(NodeError::Data(why)),
            _ => Ok(()),
        }
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, NodeError> {
    TcpListener::bind(address).await.map_err(|error| NodeError::Listen { address, error })
}
