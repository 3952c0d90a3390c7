//! The question of who moves workloads: how is one started elsewhere, proven, drained and
//! stopped?
//!
//! Tenants are Swell sites themselves; engines for containers join here. What each step is for
//! stands with the step; all of them may be asked for again at any time, after a restart or by
//! another leader, and then change nothing that is done already. Which traffic goes where is
//! not the mover's: the gateways of all sites read it off the same log.

use std::future::Future;
use std::pin::Pin;

use swell_core::council::words::Epoch;

use crate::board::Contact;

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

    /// At the destination: fetches artifact and settings from the other site and starts it.
    fn start<'a>(&'a self, job: &'a Job) -> Step<'a>;

    /// At the destination: shows that it runs there and is healthy.
    fn prove<'a>(&'a self, job: &'a Job) -> Step<'a>;

    /// At the destination, after each part of the traffic that came: shows that it serves well.
    fn check<'a>(&'a self, job: &'a Job) -> Step<'a>;

    /// At the source: finishes what is under way; what runs is kept warm.
    fn drain<'a>(&'a self, job: &'a Job) -> Step<'a>;

    /// At the source: makes sure that it can serve all again.
    fn take_back<'a>(&'a self, job: &'a Job) -> Step<'a>;

    /// At a site that a workload has left for good: stops it.
    fn release<'a>(&'a self, workload: &'a str, epoch: Epoch) -> Step<'a>;
}
