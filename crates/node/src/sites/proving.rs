//! Whether a workload that came here is well: before it has any traffic, and by its first calls.
//!
//! Before, its instances are asked for a sign of life, and what says by its label `health` at which
//! path it answers is called there. Nothing else is called: no method, path or body is known to be
//! free of effects for any function, and a command runs whole whatever it is asked. So for others
//! the first calls of real traffic tell, of which there are few at first: they are held against how
//! calls fared where the workload comes from.

use std::sync::Arc;
use std::time::Duration;

use swell_outlook::fares::Fares;
use swell_site::mover::{Job, StepError};
use tokio::time::Instant;

use crate::deploy::bounds::HEALTH;
use crate::live::probing::ask;
use crate::registry::{Function, Version};
use crate::sites::metering::{fares, functions};
use crate::sites::mover::{Faring, SwellMover, step_error};

/// How long an instance may take to come up, and how often it is looked for.
const WARM_MAX: Duration = Duration::from_secs(30);
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// How long the other nodes of the site may take to have it as well.
const FOLLOWED_MAX: Duration = Duration::from_secs(20);
/// How long an answer about its health may take, how often it is asked for, and after which pause.
const HEALTH_MAX: Duration = Duration::from_secs(10);
const HEALTH_TRIES: u32 = 3;
const HEALTH_PAUSE: Duration = Duration::from_millis(500);
/// With so many calls of each function, no more are waited for.
const CALLS_ENOUGH: u64 = 5;

impl SwellMover {
    /// Instances of each function are made and seen to live, and it is asked how it is.
    pub(crate) async fn prove_all(&self, job: &Job) -> Result<(), StepError> {
        self.warm_contents(job).await;
        for function in self.here(job).iter().filter(|function| !function.paused) {
            let serves = |of: &&Arc<Version>| function.percent(of.version) > 0;
            let serving: Vec<&Arc<Version>> = function.versions.iter().filter(serves).collect();
            for version in &serving {
                self.deployer.ready(version).await.map_err(|refusal| step_error(&refusal))?;
            }
            for version in &serving {
                // One that is not well does not stay for anybody to see.
                self.is_well(version).await?;
                self.comes_up(version).await?;
            }
        }
        self.crew.followed(&functions(&self.registry, &job.workload), FOLLOWED_MAX).await;
        let mut faring = self.faring.lock();
        for function in self.here(job) {
            faring.entry(function.name.to_string()).or_default().begun = fares(&function);
        }
        Ok(())
    }

    /// Waits for an instance, which is kept as long as the workload moves.
    async fn comes_up(&self, version: &Version) -> Result<(), StepError> {
        let deadline = Instant::now() + WARM_MAX;
        let name = &version.name;
        loop {
            let counts = self.live.counts(version.id);
            if counts.idle + counts.busy > 0 {
                let probed = self.live.probe_idle(version.id).await;
                return probed.map(drop).map_err(|why| {
                    StepError::Never(format!("an instance of `{name}` does not live here: {why}"))
                });
            }
            if Instant::now() > deadline {
                let why = version.last_start_failure.read().clone();
                let why = why.map(|why| format!(": {why}")).unwrap_or_default();
                return Err(StepError::Never(format!(
                    "no instance of `{name}` comes up here{why}"
                )));
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// Asks a version how it is, if it says where.
    async fn is_well(&self, version: &Arc<Version>) -> Result<(), StepError> {
        let Some(path) = version.spec.labels.get(HEALTH) else { return Ok(()) };
        let mut tries = 0;
        loop {
            tries += 1;
            match self.ask_health(version, path).await {
                Ok(()) => return Ok(()),
                Err(why) if tries == HEALTH_TRIES => {
                    let name = &version.name;
                    let why = format!("`{name}` is not well here, by its `{path}`: {why}");
                    return Err(StepError::Never(why));
                }
                Err(_) => tokio::time::sleep(HEALTH_PAUSE).await,
            }
        }
    }

    async fn ask_health(&self, version: &Arc<Version>, path: &str) -> Result<(), String> {
        let within = Duration::from_millis(version.spec.timeout_ms).min(HEALTH_MAX);
        let deadline = Instant::now() + within;
        let admission = self.live.admit(version, deadline).await;
        let admission = admission.map_err(|refusal| refusal.title.clone())?;
        let (sandbox, end) = admission.take(|_, _| {});
        let called = ask(sandbox, version, path, end);
        let late = || format!("it did not answer within {} ms", within.as_millis());
        tokio::time::timeout_at(deadline, called).await.unwrap_or_else(|_| Err(late()))
    }

    /// Whether its calls fare here as they did where it comes from. Where hardly any came, more are
    /// waited for as long as the job says.
    pub(crate) async fn fares_well(&self, job: &Job) -> Result<(), StepError> {
        let deadline = Instant::now() + job.patience;
        loop {
            let mut is_shown = true;
            for function in self.here(job) {
                is_shown &= self.fared(&function)?.calls >= CALLS_ENOUGH;
            }
            if is_shown || Instant::now() >= deadline {
                return Ok(());
            }
            tokio::time::sleep(LOOK_EVERY).await;
        }
    }

    /// How calls of a function fared since it had proven healthy.
    fn fared(&self, function: &Function) -> Result<Fares, StepError> {
        let Faring { there, begun } =
            self.faring.lock().get(&*function.name).copied().unwrap_or_default();
        let here = fares(function).since(begun);
        // Calls of a paused one are refused wherever it is: that says nothing of the place.
        if function.paused || !here.fails_more(there) {
            return Ok(here);
        }
        let (name, Fares { calls, failed }) = (&function.name, here);
        let why = format!(
            "{failed} of {calls} calls of `{name}` failed where it moved to, and {} of {} before",
            there.failed, there.calls
        );
        Err(StepError::Never(why))
    }
}
