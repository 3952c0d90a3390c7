//! From a specification to a version that serves.
//!
//! Code is made ready before its version exists, so a version that is deployed works, and
//! a specification whose code does not is refused while what served goes on serving. A
//! step is on disk before it is believed; then the mind hears of it, then requests find
//! it. Nothing is taken from the version that served before: its requests finish.
//!
//! Invariant: who changes functions holds `heads`, so the ids of versions reach the mind in
//! their order. It is held over a write to disk, and therefore never where futures run.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use parking_lot::Mutex;
use tokio::sync::watch;

use swell_api::function::Share;
use swell_api::spec::FunctionSpec;
use swell_core::units::Bytes;
use swell_sandbox::backend::Template;
use swell_sandbox::key_value::KeyValue;

use crate::clock::wall_ms;
use crate::deploy::hands::Hands;
use crate::deploy::letters::{broke, refuse, unkept, unprepared};
use crate::deploy::pending::Pending;
use crate::deploy::prepare::{Prepare, RETRY_PAUSE};
use crate::deploy::shares::{next_number, scale, serves, share, superfluous};
use crate::deploy::{bounds, sources, surroundings};
use crate::refusal::Refusal;
use crate::registry::{Function, Registry, Version};
use crate::store::code::{CodeFolder, UNNAMED_KEPT, is_digest};
use crate::store::error::StoreError;
use crate::store::functions::Store;
use crate::store::record::{Head, Step, VersionRecord};

/// What a deployer works with.
pub struct Parts {
    /// Where functions are kept.
    pub store: Arc<Store>,
    /// Where code is kept.
    pub code: Arc<CodeFolder>,
    /// Where requests find functions.
    pub registry: Arc<Registry>,
    /// The live world.
    pub hands: Arc<dyn Hands>,
    /// Who keeps what guests store.
    pub key_value: Arc<dyn KeyValue>,
    /// Where contents are over HTTP, for functions; none if there are none.
    pub content_url: Option<String>,
    /// Memory that instances may hold together.
    pub memory: Bytes,
    /// The file of secrets.
    pub secrets: Option<PathBuf>,
    /// Compilations at a time.
    pub prepares_max: usize,
}

/// Changes which functions there are.
pub struct Deployer {
    pub(crate) parts: Parts,
    pub(crate) prepare: Arc<Prepare>,
    pub(crate) heads: Mutex<Heads>,
    pub(crate) pending: Pending,
    changes: watch::Sender<u64>,
    collected: Mutex<Option<Instant>>,
}

/// What may change of each function.
pub(crate) type Heads = HashMap<Arc<str>, Head>;

/// What came of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// The version that serves now, or will when its code is ready.
    pub version: u32,
    /// Whether anything changed.
    pub changed: bool,
}

/// The next state of a function.
pub(crate) struct Draft {
    pub(crate) head: Head,
    pub(crate) added: Option<(VersionRecord, Option<Arc<dyn Template>>)>,
}

impl Deployer {
    /// A deployer for a node without functions; [`Deployer::restore`] brings back those of
    /// an earlier run.
    pub fn new(parts: Parts) -> Arc<Self> {
        Self::pausing(parts, RETRY_PAUSE)
    }

    /// The same; after a failure of the machine it makes code ready again only after a
    /// pause of its own.
    pub fn pausing(parts: Parts, retry_pause: Duration) -> Arc<Self> {
        let prepare = Prepare::new(
            parts.hands.clone(),
            parts.code.clone(),
            parts.secrets.clone(),
            parts.key_value.clone(),
            parts.prepares_max,
            retry_pause,
        );
        let prepare = Arc::new(prepare.with_content_url(parts.content_url.clone()));
        let deployer = Arc::new(Self {
            parts,
            prepare,
            heads: Mutex::default(),
            pending: Pending::default(),
            changes: watch::Sender::new(0),
            collected: Mutex::new(None),
        });
        deployer.meet_world();
        deployer
    }

    /// Brings back the functions of an earlier run; their code is made ready when it is
    /// first wanted, or at once in the background where instances are to be warm. Returns how many there are. Reads the disk, so it is to be called where
    /// waiting hurts nobody.
    pub fn restore(self: &Arc<Self>) -> Result<usize, StoreError> {
        let mut heads = self.heads.lock();
        let records = self.parts.store.load()?;
        let functions: Vec<Function> = records
            .into_iter()
            .map(|record| {
                let name: Arc<str> = record.name.into();
                let bear = |kept: VersionRecord| self.bear(&name, &record.head, kept, None);
                let versions = record.versions.into_iter().map(bear).collect();
                let Head { traffic, paused, .. } = record.head.clone();
                heads.insert(name.clone(), record.head);
                Function { name, versions, traffic, paused }
            })
            .collect();
        let count = functions.len();
        let versions: Vec<_> =
            functions.iter().flat_map(|function| function.versions.iter().cloned()).collect();
        self.parts.registry.put_all(functions);
        drop(heads);
        self.warm_later(versions);
        self.changed();
        self.collect(SystemTime::now() - UNNAMED_KEPT);
        Ok(count)
    }

    /// Grows with each change of functions.
    pub fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The template of a version, made now if it is not there yet; calls that want the
    /// same wait for the same work.
    pub async fn ready(&self, version: &Arc<Version>) -> Result<Arc<dyn Template>, Refusal> {
        self.prepare.ready(version).await
    }

    /// Deploys a specification: a new version that gets all traffic, unless the same serves
    /// already. Answers when it serves.
    pub async fn deploy(self: &Arc<Self>, spec: FunctionSpec) -> Result<Outcome, Refusal> {
        match self.begin(spec).await? {
            Begun::Done(outcome) => Ok(outcome),
            Begun::UnderWay { work, .. } => work.await.unwrap_or_else(|error| Err(broke(&error))),
        }
    }

    /// The same, but answers when the specification was found to be fine; its code is made
    /// ready meanwhile. What came of it shows when the function is asked for.
    pub async fn deploy_later(self: &Arc<Self>, spec: FunctionSpec) -> Result<Outcome, Refusal> {
        match self.begin(spec).await? {
            Begun::Done(outcome) => Ok(outcome),
            Begun::UnderWay { version, .. } => Ok(Outcome { version, changed: true }),
        }
    }

    /// Everything that is wrong with a specification, here and now, besides code that was
    /// not uploaded yet.
    pub fn problems(&self, spec: &FunctionSpec) -> Vec<String> {
        let Parts { registry, hands, memory, secrets, .. } = &self.parts;
        let mut found = bounds::problems(spec, *memory);
        found.extend(sources::problems(&spec.name, &spec.triggers));
        found.extend(surroundings::among(spec, registry, *memory));
        found.extend(surroundings::here(spec, &**hands, secrets.as_deref()));
        found
    }

    async fn begin(self: &Arc<Self>, spec: FunctionSpec) -> Result<Begun, Refusal> {
        let spec = plain(spec);
        let deployer = self.clone();
        blocking(move || {
            let heads = deployer.heads.lock();
            let mut problems = deployer.problems(&spec);
            if is_digest(&spec.code) {
                problems.extend(surroundings::code(&spec, &deployer.parts.code));
            }
            refuse(&spec.name, problems)?;
            let function = deployer.parts.registry.get(&spec.name);
            if let Some(version) = function.as_ref().and_then(|function| serves(function, &spec)) {
                return Ok(Begun::Done(Outcome { version, changed: false }));
            }
            let version = function.map_or(1, |function| next_number(&function, &spec));
            let ticket = deployer.pending.begin(&spec);
            drop(heads);
            let work = tokio::spawn(async move {
                let name = spec.name.clone();
                let turn = deployer.pending.turn(&name);
                let turn = turn.lock().await;
                let result = deployer.work(spec).await;
                drop(turn);
                deployer.pending.end(&name, ticket, result.as_ref().err());
                result
            });
            Ok(Begun::UnderWay { version, work })
        })
        .await
    }

    async fn work(self: &Arc<Self>, spec: FunctionSpec) -> Result<Outcome, Refusal> {
        // Rolling forward again to a version that is still kept needs no new code.
        let kept = self.parts.registry.get(&spec.name);
        let kept = kept.filter(|function| function.newest().spec == spec);
        let template = match kept {
            Some(function) => self.prepare.ready(function.newest()).await?,
            None => {
                let made = self.prepare.make(&spec).await;
                made.map_err(|failure| unprepared(&spec.name, &failure))?
            }
        };
        let deployer = self.clone();
        blocking(move || deployer.record(spec, template)).await
    }

    fn record(
        self: &Arc<Self>,
        spec: FunctionSpec,
        template: Arc<dyn Template>,
    ) -> Result<Outcome, Refusal> {
        let mut heads = self.heads.lock();
        let among = surroundings::among(&spec, &self.parts.registry, self.parts.memory);
        refuse(&spec.name, among)?;
        let former = self.parts.registry.get(&spec.name);
        if let Some(version) = former.as_ref().and_then(|function| serves(function, &spec)) {
            return Ok(Outcome { version, changed: false });
        }
        let number = former.as_ref().map_or(1, |function| next_number(function, &spec));
        let leading = former.as_ref().map(|function| function.leading().version);
        let before = heads.get(&*spec.name).and_then(|head| head.former);
        let head = Head {
            traffic: vec![Share { version: number, percent: 100 }],
            paused: former.as_ref().is_some_and(|function| function.paused),
            former: if leading == Some(number) { before } else { leading },
            ..Head::default()
        };
        let known = former.is_some_and(|function| function.version(number).is_some());
        let name = spec.name.clone();
        let record = VersionRecord { version: number, deployed_at_ms: wall_ms(), spec };
        let added = (!known).then_some((record, Some(template)));
        self.settle(&mut heads, &name, Draft { head, added })?;
        drop(heads);
        self.collect_sometimes();
        Ok(Outcome { version: number, changed: true })
    }

    /// Makes `draft` the state of a function: on disk, in the mind, for requests.
    pub(crate) fn settle(
        self: &Arc<Self>,
        heads: &mut Heads,
        name: &str,
        draft: Draft,
    ) -> Result<(), Refusal> {
        let Draft { head, added } = draft;
        let former = self.parts.registry.get(name);
        let mut versions = former.map(|function| function.versions.clone()).unwrap_or_default();
        let gone = superfluous(&versions, &head, usize::from(added.is_some()));
        let dropped: Vec<u32> = gone.iter().map(|version| version.version).collect();
        let record = added.as_ref().map(|(record, _)| record);
        let step = Step { name, head: &head, added: record, dropped: &dropped };
        self.parts.store.save(&step).map_err(|error| unkept(&error))?;

        versions.retain(|version| !dropped.contains(&version.version));
        let name: Arc<str> = versions.first().map_or_else(|| name.into(), |kept| kept.name.clone());
        // Those that begin to serve first, so that they are warm when requests find them.
        let (serving, resting): (Vec<_>, Vec<_>) =
            versions.iter().cloned().partition(|version| share(&head, version.version) > 0);
        serving.iter().for_each(|version| self.rescale(&head, version));
        if let Some((record, template)) = added {
            versions.push(self.bear(&name, &head, record, template));
            versions.sort_by_key(|version| version.version);
        }
        let Head { traffic, paused, .. } = head.clone();
        self.parts.registry.put(Function { name: name.clone(), versions, traffic, paused });
        resting.iter().for_each(|version| self.rescale(&head, version));
        for version in &gone {
            self.parts.hands.remove(version);
            self.prepare.forget(version.id);
        }
        heads.insert(name, head);
        self.changed();
        self.warm_later(serving);
        Ok(())
    }

    /// Tells everybody who waits that functions changed.
    pub(crate) fn changed(&self) {
        self.changes.send_modify(|count| *count += 1);
    }

    /// Removes code that nobody names any longer, once in a while.
    pub(crate) fn collect_sometimes(&self) {
        let due = self.collected.lock().is_none_or(|last| last.elapsed() >= UNNAMED_KEPT);
        if due {
            self.collect(SystemTime::now() - UNNAMED_KEPT);
        }
    }

    /// Removes code that no version names and that was there before `before`; how much.
    pub fn collect(&self, before: SystemTime) -> usize {
        let _heads = self.heads.lock();
        let mut named: HashSet<String> = self.pending.code();
        self.parts.registry.visit(|function| {
            named.extend(function.versions.iter().map(|version| version.spec.code.clone()));
        });
        *self.collected.lock() = Some(Instant::now());
        self.parts.code.collect(&named, before)
    }

    /// Gives a version its id and tells the mind of it.
    fn bear(
        &self,
        name: &Arc<str>,
        head: &Head,
        record: VersionRecord,
        template: Option<Arc<dyn Template>>,
    ) -> Arc<Version> {
        let VersionRecord { version, deployed_at_ms, spec } = record;
        let id = self.parts.hands.next_id();
        let version = Version::new(id, name.clone(), version, deployed_at_ms, spec);
        *version.scale.write() = scale(head, &version);
        if let Some(template) = template {
            version.template.get_or_init(|| Ok(template));
        }
        let version = Arc::new(version);
        self.parts.hands.deploy(&version);
        version
    }

    /// Tells the mind of a version whose settings are other than before.
    fn rescale(&self, head: &Head, version: &Arc<Version>) {
        let next = scale(head, version);
        let former = std::mem::replace(&mut *version.scale.write(), next);
        if former != next {
            self.parts.hands.deploy(version);
        }
    }
}

/// A specification with what can be written in several ways written in one.
pub(crate) fn plain(mut spec: FunctionSpec) -> FunctionSpec {
    for host in spec.routes.iter_mut().filter_map(|route| route.host.as_mut()) {
        host.make_ascii_lowercase();
    }
    spec
}

/// How a deployment begins.
enum Begun {
    /// There is nothing to do.
    Done(Outcome),
    /// It is being worked on.
    UnderWay { version: u32, work: tokio::task::JoinHandle<Result<Outcome, Refusal>> },
}

/// Runs what waits for the disk where waiting hurts nobody. It is carried out to the end
/// even if nobody waits for it any longer.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refusal> + Send + 'static,
) -> Result<T, Refusal> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(broke(&error)))
}
