//! How code is made ready: with a deployment, and after a restart with the first call.
//!
//! Compiling takes the whole machine for a while, so only a few are done at a time; calls
//! that want the same code wait for the same work, which goes on when they give up. Code
//! that is broken stays so, and the version remembers it. What the machine could not do,
//! or what is missing beside the code, is tried again, after a pause.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use tokio::time::Instant;

use swell_api::spec::{BackendName, FunctionSpec, Isolation};
use swell_core::ids::FunctionId;
use swell_sandbox::backend::{PrepareError, Template};
use swell_sandbox::code::{Code, Source};
use swell_sandbox::key_value::KeyValue;
use swell_sandbox::limits;

use crate::deploy::hands::Hands;
use crate::deploy::{secrets, surroundings};
use crate::refusal::{Reason, Refusal};
use crate::registry::Version;
use crate::store::code::CodeFolder;

/// How long after a failure that may pass the next try should wait.
pub const RETRY_PAUSE: Duration = Duration::from_secs(2);

/// The variable that tells a function where contents are over HTTP.
pub const CONTENT_URL: &str = "SWELL_CONTENT_URL";

/// Elements that the tables of a guest may have together.
const TABLE_ELEMENTS_MAX: u32 = 1 << 20;

/// Makes code ready.
pub struct Prepare {
    hands: Arc<dyn Hands>,
    code: Arc<CodeFolder>,
    secrets: Option<PathBuf>,
    key_value: Arc<dyn KeyValue>,
    content_url: Option<String>,
    /// Compilations at a time.
    places: Semaphore,
    retry_pause: Duration,
    flights: Mutex<HashMap<FunctionId, Arc<Flight>>>,
}

/// The work on one version's code, and how it failed last if that may pass.
type Flight = tokio::sync::Mutex<Option<(Instant, Refusal)>>;

/// Why code was not made ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What happened.
    pub why: String,
    /// Whether the code itself is to blame, so that it will fail again.
    pub lasting: bool,
}

impl Prepare {
    /// Makes code ready with the backends of `hands`; `at_a_time` at a time.
    pub fn new(
        hands: Arc<dyn Hands>,
        code: Arc<CodeFolder>,
        secrets: Option<PathBuf>,
        key_value: Arc<dyn KeyValue>,
        at_a_time: usize,
        retry_pause: Duration,
    ) -> Self {
        let (places, flights) = (Semaphore::new(at_a_time.max(1)), Mutex::default());
        Self { hands, code, secrets, key_value, content_url: None, places, retry_pause, flights }
    }

    /// Functions are told this URL of contents.
    #[must_use]
    pub fn with_content_url(self, content_url: Option<String>) -> Self {
        Self { content_url, ..self }
    }

    /// The code of a specification, ready to start.
    pub async fn make(&self, spec: &FunctionSpec) -> Result<Arc<dyn Template>, Failure> {
        let passing = |why: String| Failure { why, lasting: false };
        let _place = self.places.acquire().await.expect("the places are never closed");
        let backend = self.hands.backend(spec.backend);
        let backend = backend.ok_or_else(|| passing("this node lacks its backend".to_string()))?;
        let code = self.code(spec).map_err(passing)?;
        backend.prepare(code).await.map_err(|error| match error {
            PrepareError::NotCode(why) | PrepareError::Unsupported(why) => {
                Failure { why, lasting: true }
            }
            PrepareError::Machine(why) => passing(why),
        })
    }

    /// The template of a version, made now if it is not there yet.
    pub async fn ready(
        self: &Arc<Self>,
        version: &Arc<Version>,
    ) -> Result<Arc<dyn Template>, Refusal> {
        if let Some(made) = version.template.get() {
            return made.clone().map_err(|why| broken(version, &why));
        }
        let flight = self.flights.lock().entry(version.id).or_default().clone();
        let mut last = flight.lock_owned().await;
        if let Some(made) = version.template.get() {
            return made.clone().map_err(|why| broken(version, &why));
        }
        if let Some((when, refusal)) =
            last.as_ref().filter(|last| last.0.elapsed() < self.retry_pause)
        {
            return Err(refusal
                .clone()
                .retry_after(self.retry_pause.saturating_sub(when.elapsed())));
        }
        // A task of its own, so that a caller who gives up does not end the work that
        // others wait for.
        let (prepare, version) = (self.clone(), version.clone());
        let work = tokio::spawn(async move {
            let made = prepare.make(&version.spec).await;
            let result = match made {
                Ok(template) => Ok(version.template.get_or_init(|| Ok(template)).clone()),
                Err(failure) if failure.lasting => {
                    Ok(version.template.get_or_init(|| Err(failure.why)).clone())
                }
                Err(failure) => Err(failure.why),
            };
            let result = match result {
                Ok(made) => made.map_err(|why| broken(&version, &why)),
                Err(why) => {
                    let refusal = unready(&version, &why, prepare.retry_pause);
                    *last = Some((Instant::now(), refusal.clone()));
                    return Err(refusal);
                }
            };
            prepare.flights.lock().remove(&version.id);
            result
        });
        work.await.unwrap_or_else(|error| {
            Err(Refusal::new(Reason::Internal, format!("making the code ready broke off: {error}")))
        })
    }

    /// How long after a failure that may pass the next try waits.
    pub fn retry_pause(&self) -> Duration {
        self.retry_pause
    }

    /// Whether the code of a version is being made ready now.
    pub fn under_way(&self, version: FunctionId) -> bool {
        let flight = self.flights.lock().get(&version).cloned();
        flight.is_some_and(|flight| flight.try_lock().is_err())
    }

    /// Forgets what is known of a version that goes.
    pub fn forget(&self, version: FunctionId) {
        self.flights.lock().remove(&version);
    }

    /// What a backend is given to make a template of.
    fn code(&self, spec: &FunctionSpec) -> Result<Code, String> {
        let source = match (spec.backend, spec.model) {
            (BackendName::Wasm, _) => {
                let path = self.code.path(&spec.code).filter(|path| path.is_file());
                let path = path.ok_or_else(|| {
                    format!(
                        "its code `{}` is gone from the data folder; deploy it again",
                        spec.code
                    )
                })?;
                Source::File { path, digest: spec.code.clone() }
            }
            (BackendName::Modelled, model) => {
                let model = model.ok_or("its `model` is missing")?;
                Source::Modelled {
                    start: Duration::from_micros(model.start_us),
                    run: Duration::from_micros(model.run_us),
                }
            }
        };
        Ok(Code {
            name: spec.name.clone(),
            source,
            limits: limits::Limits {
                memory: spec.memory_bytes,
                concurrency: spec.concurrency,
                cpu: spec.cpu_ms_max.map(Duration::from_millis),
                fuel: spec.fuel_max,
                table_elements: TABLE_ELEMENTS_MAX,
                body: spec.body_bytes_max,
            },
            isolation: match spec.isolation {
                Isolation::Request => limits::Isolation::Request,
                Isolation::Instance => limits::Isolation::Instance {
                    reuse_max: Some(spec.reuse_max).filter(|&most| most > 0),
                },
            },
            environment: self.environment(spec)?,
            files: spec.files.iter().map(|(inside, here)| (inside.clone(), here.into())).collect(),
            outbound: spec.outbound.clone(),
            key_value: spec.key_value.clone(),
            store: self.key_value.clone(),
        })
    }

    fn environment(&self, spec: &FunctionSpec) -> Result<Vec<(String, String)>, String> {
        let mut variables: Vec<(String, String)> =
            spec.environment.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        // Whatever makes instances passes the environment on, so no kind of function goes without.
        if let Some(url) = &self.content_url
            && !spec.environment.contains_key(CONTENT_URL)
            && !spec.secrets.contains_key(CONTENT_URL)
        {
            variables.push((CONTENT_URL.to_string(), url.clone()));
        }
        if spec.secrets.is_empty() {
            return Ok(variables);
        }
        let known = secrets::read(self.secrets.as_deref())?;
        for (variable, secret) in &spec.secrets {
            let value = known.get(secret);
            let value =
                value.ok_or_else(|| surroundings::no_secret(secret, self.secrets.as_deref()))?;
            variables.push((variable.clone(), value.clone()));
        }
        Ok(variables)
    }
}

fn broken(version: &Version, why: &str) -> Refusal {
    let title = format!("the code of `{}` does not work", version.name);
    Refusal::new(Reason::NotReady, title)
        .detail(why)
        .hint("deploy code that works, or roll back to a version that did")
}

fn unready(version: &Version, why: &str, pause: Duration) -> Refusal {
    let title = format!("`{}` could not be made ready", version.name);
    Refusal::new(Reason::NotReady, title)
        .detail(why)
        .hint("it is tried again in a moment")
        .retry_after(pause)
}
