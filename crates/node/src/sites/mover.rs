//! Swell sites as movers: functions move with code and settings, and are warm before any traffic
//! comes.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use parking_lot::Mutex;
use serde::de::DeserializeOwned;
use swell_link::client::Client;
use swell_link::error::LinkError;
use swell_outlook::board::Contact;
use swell_outlook::fares::Fares;
use swell_site::mover::{Job, Mover, Step, StepError};
use swell_site::site::Site;

use crate::content::gate::Gate;
use crate::deploy::deployer::Deployer;
use crate::flow::feeding::Part;
use crate::live::world::Live;
use crate::nodes::crew::Crew;
use crate::refusal::{Reason, Refusal};
use crate::registry::{Function, Registry, Version};
use crate::sites::belongings::Belongings;
use crate::sites::bundle::{Ask, Bundle, CODE, CONTENTS, STANDBY, WORKLOAD};
use crate::sites::contact::resource_of;
use crate::sites::metering::functions;
use crate::sites::standby::Standby;
use crate::sites::warming::{Used, warm};
use crate::store::code::CodeFolder;

/// The longest list of functions, and the longest code.
const BUNDLE_BYTES_MAX: usize = 16 << 20;
const CODE_BYTES_MAX: usize = 256 << 20;
/// How long either may take.
const FETCH_MAX: Duration = Duration::from_secs(60);
/// How long calls under way may take before what is left of them is left to itself, and how often
/// it is looked.
const DRAIN_MAX: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// How the calls of a function that moves fared.
#[derive(Debug, Clone, Copy, Default)]
pub struct Faring {
    /// Where it comes from, when it was fetched.
    pub there: Fares,
    /// Here, when it had proven healthy.
    pub begun: Fares,
}

/// Moves functions.
pub struct SwellMover {
    /// Changes functions.
    pub deployer: Arc<Deployer>,
    /// Keeps code.
    pub code: Arc<CodeFolder>,
    /// Knows what is deployed.
    pub registry: Arc<Registry>,
    /// Knows instances.
    pub live: Arc<Live>,
    /// The other nodes of this site.
    pub crew: Arc<Crew>,
    /// What workloads have here besides functions.
    pub belongings: Belongings,
    /// Contents, if the node has any.
    pub contents: Option<Arc<Gate>>,
    /// The resource channel.
    pub client: Client,
    /// This site, as others find it.
    pub me: Contact,
    /// The site itself, once it is up.
    pub site: Arc<OnceLock<Weak<Site>>>,
    /// What is kept for others.
    pub standby: Standby,
    /// How calls of functions that come fared.
    pub faring: Mutex<BTreeMap<String, Faring>>,
}

impl SwellMover {
    async fn ask(
        &self,
        of: &Contact,
        path: &str,
        name: &str,
        limit: usize,
    ) -> Result<Bytes, StepError> {
        let to = resource_of(of);
        let ask = serde_json::to_vec(&Ask { name: name.to_string() }).unwrap_or_default();
        let answer = self.client.post(&to, path, ask.into(), limit, FETCH_MAX).await;
        answer.map_err(|error| match error {
            LinkError::Refused { status, .. } if status < 500 => {
                StepError::Never(error.to_string())
            }
            _ => StepError::Again(error.to_string()),
        })
    }

    async fn begin(&self, job: &Job) -> Result<(), StepError> {
        let bundle = if job.is_lost {
            self.kept(job).await?
        } else {
            let asked = self.ask(&job.other, WORKLOAD, &job.workload, BUNDLE_BYTES_MAX).await?;
            read(&asked)?
        };
        if bundle.functions.is_empty() {
            let (site, workload) = (&job.other.name, &job.workload);
            let why = format!("site `{site}` has no function of workload `{workload}`");
            return Err(StepError::Never(why));
        }
        let Bundle { functions, flows, stores } = bundle;
        let names: Vec<String> = functions.iter().map(|it| it.name.clone()).collect();
        for moved in functions {
            for kept in &moved.lineage.versions {
                self.fetch_code(job, &moved.name, &kept.spec.code).await?;
            }
            let faring = Faring { there: moved.fares, ..Faring::default() };
            self.faring.lock().insert(moved.name.clone(), faring);
            let adopted = self.deployer.adopt(&moved.name, moved.lineage).await;
            adopted.map_err(|refusal| step_error(&refusal))?;
        }
        for at in stores.iter().filter(|at| at.site != self.me.name) {
            let expected = self.belongings.stores.expect(&at.store, &at.site, at.term);
            expected.map_err(StepError::Never)?;
        }
        for part in flows {
            self.join(&names, part, job.is_lost).await?;
        }
        Ok(())
    }

    /// Functions that come here go on feeding their flows; those that they own can come after.
    async fn join(&self, names: &[String], part: Part, is_lost: bool) -> Result<(), StepError> {
        let Part { spec, at, goes } = part;
        let feeds = |from: &&String| names.contains(from);
        let feeders: Vec<String> = spec.from.iter().filter(feeds).cloned().collect();
        let flows = &self.belongings.flows;
        if goes && !is_lost {
            let problems = flows.problems(&spec, &spec.from);
            if !problems.is_empty() {
                let why = problems.join("; ");
                return Err(StepError::Never(format!("the flow `{}`: {why}", spec.name)));
            }
        }
        if feeders.is_empty() {
            return Ok(());
        }
        let fed = match is_lost {
            true => flows.suppose(spec, at).await,
            false => flows.feed(&spec.name, &feeders, at).await,
        };
        fed.map_err(|refusal| step_error(&refusal))
    }

    /// Reads what the workload used where it comes from. Whoever cannot tell is not waited for.
    pub(crate) async fn warm_contents(&self, job: &Job) {
        let Some(gate) = self.contents.as_ref().filter(|_| !job.is_lost) else { return };
        let asked = self.ask(&job.other, CONTENTS, &job.workload, BUNDLE_BYTES_MAX).await;
        let used: Used = match asked.and_then(|bytes| read(&bytes)) {
            Ok(used) => used,
            Err(error) => {
                tracing::debug!(workload = %job.workload, %error, "contents come when asked for");
                return;
            }
        };
        let all = used.contents.len();
        if all > 0 {
            let warm = warm(gate, used).await;
            tracing::info!(workload = %job.workload, warm, all, "contents were read ahead");
        }
    }

    /// What a workload was when its site was last asked, by who stood by for it.
    async fn kept(&self, job: &Job) -> Result<Bundle, StepError> {
        if let Some(bundle) = self.standby.bundle(&job.workload) {
            return Ok(bundle);
        }
        for other in self.others(&job.other) {
            let asked = self.ask(&other, STANDBY, &job.workload, BUNDLE_BYTES_MAX).await;
            if let Ok(bundle) = asked.and_then(|bytes| read(&bytes)) {
                return Ok(bundle);
            }
        }
        let (site, workload) = (&job.other.name, &job.workload);
        let why = format!("site `{site}` is gone, and nobody has kept what `{workload}` was");
        Err(StepError::Again(why))
    }

    /// Sites besides this one and another.
    fn others(&self, but: &Contact) -> Vec<Contact> {
        let site = self.site.get().and_then(Weak::upgrade);
        let known = site.map(|site| site.contacts()).unwrap_or_default();
        known.into_values().filter(|known| known.name != but.name).collect()
    }

    async fn stand_by_for(&self, workload: &str, of: &Contact) -> Result<(), StepError> {
        let bytes = self.ask(of, WORKLOAD, workload, BUNDLE_BYTES_MAX).await?;
        let bundle: Bundle = read(&bytes)?;
        let unkept = |error: io::Error| StepError::Again(format!("it cannot be kept: {error}"));
        let versions = bundle.functions.iter().flat_map(|moved| &moved.lineage.versions);
        let digests: BTreeSet<&String> = versions.map(|kept| &kept.spec.code).collect();
        for digest in digests {
            let is_here = self.standby.code(digest).is_none_or(|path| path.exists());
            if !is_here {
                let code = self.ask(of, CODE, digest, CODE_BYTES_MAX).await?;
                self.standby.keep_code(digest, &code).map_err(unkept)?;
            }
        }
        self.standby.keep(workload, &bundle).map_err(unkept)
    }

    async fn fetch_code(&self, job: &Job, name: &str, digest: &str) -> Result<(), StepError> {
        let from = &job.other;
        if digest.is_empty() || self.code.knows(digest) {
            return Ok(());
        }
        let bytes = match job.is_lost {
            false => self.ask(from, CODE, digest, CODE_BYTES_MAX).await?,
            true => self.kept_code(from, digest).await?,
        };
        let kept = self.code.receive(Full::new(bytes), CODE_BYTES_MAX as u64).await;
        let kept =
            kept.map_err(|error| StepError::Again(format!("cannot keep code: {error:?}")))?;
        if kept.digest == digest {
            return Ok(());
        }
        let site = &from.name;
        Err(StepError::Never(format!("site `{site}` gave other code for `{name}` than it named")))
    }

    /// Code of a site that is gone: kept here, or at another one.
    async fn kept_code(&self, gone: &Contact, digest: &str) -> Result<Bytes, StepError> {
        let own = self.standby.code(digest).and_then(|path| std::fs::read(path).ok());
        if let Some(bytes) = own {
            return Ok(bytes.into());
        }
        for other in self.others(gone) {
            if let Ok(bytes) = self.ask(&other, CODE, digest, CODE_BYTES_MAX).await {
                return Ok(bytes);
            }
        }
        Err(StepError::Again(format!("nobody has kept the code `{digest}`")))
    }

    pub(crate) fn here(&self, job: &Job) -> Vec<Arc<Function>> {
        let names = functions(&self.registry, &job.workload).into_iter();
        names.filter_map(|name| self.registry.get(&name)).collect()
    }
}

impl Mover for SwellMover {
    fn name(&self) -> &'static str {
        "swell"
    }

    fn stand_by<'a>(&'a self, workload: &'a str, of: &'a Contact) -> Step<'a> {
        Box::pin(self.stand_by_for(workload, of))
    }

    fn start<'a>(&'a self, job: &'a Job) -> Step<'a> {
        Box::pin(self.begin(job))
    }

    fn hold<'a>(&'a self, workloads: &'a BTreeSet<String>) -> Step<'a> {
        Box::pin(async move {
            let of = |workload: &String| functions(&self.registry, workload);
            let held: BTreeSet<String> = workloads.iter().flat_map(of).collect();
            let deployer = self.deployer.clone();
            let hold = tokio::task::spawn_blocking(move || deployer.hold(&held));
            hold.await.map_err(|error| StepError::Again(error.to_string()))
        })
    }

    fn prove<'a>(&'a self, job: &'a Job) -> Step<'a> {
        Box::pin(self.prove_all(job))
    }

    fn check<'a>(&'a self, job: &'a Job) -> Step<'a> {
        Box::pin(self.fares_well(job))
    }

    fn drain<'a>(&'a self, job: &'a Job) -> Step<'a> {
        Box::pin(async move {
            let deadline = tokio::time::Instant::now() + DRAIN_MAX;
            let running = || {
                let versions = self.here(job).into_iter().flat_map(|of| of.versions.clone());
                let running =
                    |of: &Arc<Version>| of.running.load(std::sync::atomic::Ordering::Relaxed);
                let here = versions.map(|version| running(&version)).sum::<u32>();
                here + self.crew.running(&functions(&self.registry, &job.workload))
            };
            while running() > 0 && tokio::time::Instant::now() < deadline {
                tokio::time::sleep(LOOK_EVERY).await;
            }
            let ends = (&self.me, &job.other);
            self.belongings.go(&self.client, &job.workload, ends, false).await
        })
    }

    fn take_back<'a>(&'a self, job: &'a Job) -> Step<'a> {
        Box::pin(async move {
            for function in self.here(job) {
                let ready = self.deployer.ready(function.leading()).await;
                ready.map(drop).map_err(|refusal| step_error(&refusal))?;
            }
            self.belongings.come_back(&self.client, &job.workload, &job.other).await
        })
    }

    fn release<'a>(&'a self, job: &'a Job) -> Step<'a> {
        Box::pin(async move {
            let ends = (&self.me, &job.other);
            self.belongings.go(&self.client, &job.workload, ends, true).await?;
            let names = functions(&self.registry, &job.workload);
            for name in &names {
                match self.deployer.remove(name).await {
                    Ok(()) => {}
                    Err(refusal) if refusal.reason == Reason::NotFound => {}
                    Err(refusal) => return Err(step_error(&refusal)),
                }
                self.faring.lock().remove(name);
            }
            let forgotten = self.belongings.flows.forget_elsewhere(&names).await;
            forgotten.map_err(|refusal| step_error(&refusal))
        })
    }
}

fn read<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, StepError> {
    let odd = |error| StepError::Never(format!("another site answers oddly: {error}"));
    serde_json::from_slice(bytes).map_err(odd)
}

/// What a refusal means for a step: what the machine could not do now, it may later.
pub(crate) fn step_error(refusal: &Refusal) -> StepError {
    let why = refusal
        .detail
        .as_ref()
        .map_or_else(|| refusal.title.clone(), |detail| format!("{}: {detail}", refusal.title));
    match refusal.reason.status() {
        400..=499 => StepError::Never(why),
        _ => StepError::Again(why),
    }
}
