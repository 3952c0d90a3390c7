//! The question of who moves workloads: how is one started elsewhere, proven, drained and
//! stopped?
//!
//! Tenants are Swell sites themselves; engines for containers join here. Whatever belongs to a
//! workload goes with it: what it needs to start with at the first step, what it knows by heart
//! before it is proven, what only one site may have (values, items, calls that wait) once no more
//! traffic comes, when the source is drained. What each step is for
//! stands with the step; all of them may be asked for again at any time, after a restart or by
//! another leader, and then change nothing that is done already. Which traffic goes where is
//! not the mover's: the gateways of all sites read it off the same log.

use std::collections::BTreeSet;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use swell_core::council::words::Epoch;

use swell_outlook::board::Contact;

/// One step under way.
pub type Step<'a> = Pin<Box<dyn Future<Output = Result<(), StepError>> + Send + 'a>>;

/// What is moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// The workload, by name.
    pub workload: String,
    /// Under which epoch: a step of an earlier one is refused by the site's fence.
    pub epoch: Epoch,
    /// The other site of the move.
    pub other: Contact,
    /// Whether that site is gone: what is needed of it comes from who stood by.
    pub is_lost: bool,
    /// How long a check may wait for calls to judge by, where hardly any come.
    pub patience: Duration,
}

/// Why a step came to nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StepError {
    /// Another try may do better, as long as the step has time.
    #[error("{0}")]
    Again(String),
    /// It cannot be done: the move is to be taken back.
    #[error("{0}")]
    Never(String),
}

/// Who moves workloads between sites.
pub trait Mover: Send + Sync + 'static {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// At a site that stands by for another one: keeps what it takes to start one of its workloads
    /// without it. Nothing is lost where a mover keeps nothing, but such moves fail.
    fn stand_by<'a>(&'a self, _workload: &'a str, _of: &'a Contact) -> Step<'a> {
        Box::pin(async { Ok(()) })
    }

    /// At the destination: fetches artifact and settings from the other site and starts it.
    fn start<'a>(&'a self, job: &'a Job) -> Step<'a>;

    /// At either party, for as long as a move is under way: of these workloads, and of no others for
    /// this reason, it keeps an instance of each function, however scarce memory is. Told again and
    /// again; an engine whose containers stay until they are stopped has nothing to do.
    fn hold<'a>(&'a self, _workloads: &'a BTreeSet<String>) -> Step<'a> {
        Box::pin(async { Ok(()) })
    }

    /// At the destination: shows that it runs there and is healthy, with its caches warm. It calls
    /// nothing but what says itself how its health is asked for: any other call may have effects.
    fn prove<'a>(&'a self, job: &'a Job) -> Step<'a>;

    /// At the destination, after each part of the traffic that came: shows that those calls were
    /// answered as well as at the source.
    fn check<'a>(&'a self, job: &'a Job) -> Step<'a>;

    /// At the source: finishes what is under way, and hands over what only one site may have.
    fn drain<'a>(&'a self, job: &'a Job) -> Step<'a>;

    /// At the source: makes sure that it can serve all again, and takes back what it handed over.
    fn take_back<'a>(&'a self, job: &'a Job) -> Step<'a>;

    /// At a site that a workload has left for good: hands what is still here of it to the other
    /// site, which has authority, and stops it.
    fn release<'a>(&'a self, job: &'a Job) -> Step<'a>;
}
