//! What the handlers of `/v1` work with, and what they ask of parts that are built
//! elsewhere: logs, asynchronous calls, events.

use std::future::Future;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response};
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;

use swell_api::calendar::{Imported, Occasion};
use swell_api::forecast::{Anomaly, Forecasts, FunctionForecast};
use swell_api::invocation::{Invocation, InvocationState};
use swell_api::log::LogLine;
use swell_api::receipt::Receipt;
use swell_api::site::{Authority, Cluster, FileProposal, Filed, LedgerRow, Proposal, SetMode};
use swell_api::site_joining::{InitSite, Invitation, InviteSite, JoinSite};
use swell_api::site_nodes::{InviteNode, JoinNode, NodeInvitation, SiteNodes};
use swell_api::site_outlook::{ShadowReceipt, SiteOutlook};
use swell_core::time::Span;
use swell_outlook::heeded::Heeding;

use crate::content::gate::Gate;
use crate::deploy::deployer::Deployer;
use crate::deploy::hands::Hands;
use crate::flow::shown::Shown;
use crate::refusal::{Reason, Refusal};
use crate::store::code::CodeFolder;

/// What the handlers work with.
pub struct ApiContext {
    /// Changes functions.
    pub deployer: Arc<Deployer>,
    /// Keeps code.
    pub code: Arc<CodeFolder>,
    /// The live world.
    pub hands: Arc<dyn Hands>,
    /// Lines that guests wrote.
    pub logs: Arc<dyn LogSource>,
    /// Flows between functions.
    pub flows: Arc<Shown>,
    /// Contents, if the node has any.
    pub contents: Option<Arc<Gate>>,
    /// Asynchronous calls.
    pub queued: Arc<dyn Queued>,
    /// Takes events.
    pub events: Arc<dyn Events>,
    /// Forecasts and what goes with them.
    pub foretold: Arc<dyn Foretold>,
    /// This node as a site, where it can be one.
    pub sited: Option<Arc<dyn Sited>>,
    /// This node among the nodes of its site, where it can be a site.
    pub crew: Option<Arc<dyn Crewed>>,
    /// What callers must show; without it the API answers to this machine only.
    pub token: Option<String>,
    /// Where the node listens, for links in answers to requests that name no host.
    pub listen: SocketAddr,
    /// Whether it speaks TLS there.
    pub tls: bool,
    /// The longest code that may be uploaded.
    pub code_bytes_max: u64,
    /// Cancelled when the node goes down: answers without end then end.
    pub stopping: CancellationToken,
}

impl ApiContext {
    /// The site that serves a function, if it is another one.
    pub fn elsewhere(&self, function: &str, workload: Option<&str>) -> Option<String> {
        self.sited.as_ref()?.elsewhere(function, workload)
    }

    /// Says that a function is here, where this node is a site.
    pub async fn claim(&self, function: &str, workload: Option<&str>) -> Result<(), Refusal> {
        match &self.sited {
            Some(sited) => sited.claim(function, workload).await,
            None => Ok(()),
        }
    }

    /// This node as a site.
    pub fn sited(&self) -> Result<&Arc<dyn Sited>, Refusal> {
        let none = || Refusal::new(Reason::NotFound, "this node can be no site");
        self.sited.as_ref().ok_or_else(none)
    }

    /// This node among the nodes of its site.
    pub fn crew(&self) -> Result<&Arc<dyn Crewed>, Refusal> {
        let none = || Refusal::new(Reason::NotFound, "this node can be no site");
        self.crew.as_ref().ok_or_else(none)
    }

    /// What is deployed here is changed here: not at a node whose site has its seat elsewhere.
    pub fn must_decide(&self) -> Result<(), Refusal> {
        let Some((site, seat)) = self.crew.as_ref().and_then(|crew| crew.follows()) else {
            return Ok(());
        };
        let title = format!("this is a node of site `{site}`, which has what its seat has");
        let at = seat.map_or_else(String::new, |seat| format!(", at {seat}"));
        Err(Refusal::new(Reason::Conflict, title).hint(format!("change it at the seat{at}")))
    }

    /// The contents; why there are none.
    pub fn gate(&self) -> Result<&Gate, Refusal> {
        self.contents.as_deref().ok_or_else(|| {
            Refusal::new(Reason::NotFound, "this node has no contents")
                .hint("set `cache.store` to something else than `off`")
        })
    }
}

/// Lines that guests wrote, the newest some of them.
pub trait LogSource: Send + Sync {
    /// Up to `limit` lines with a number above `number`, in order; only those of a
    /// function, if one is given.
    fn since(&self, number: u64, function: Option<&str>, limit: usize) -> Vec<LogLine>;

    /// Tells of new lines, by `notify_waiters`.
    fn changed(&self) -> Arc<Notify>;
}

/// Asynchronous calls. Each may wait for a disk and is called where waiting hurts nobody.
pub trait Queued: Send + Sync {
    /// Up to `limit` calls, newest first; only those in a state or of a function, if given.
    fn list(
        &self,
        state: Option<InvocationState>,
        function: Option<&str>,
        limit: usize,
    ) -> Result<Vec<Invocation>, Refusal>;

    /// A call.
    fn get(&self, id: &str) -> Result<Option<Invocation>, Refusal>;

    /// The answer that a call got; nothing if the call is unknown or has none yet.
    fn result(&self, id: &str) -> Result<Option<Response<Bytes>>, Refusal>;

    /// Tries a dead call again, from the first try on; nothing if the call is unknown.
    fn replay(&self, id: &str) -> Result<Option<Invocation>, Refusal>;

    /// Forgets a call; whether it was known.
    fn discard(&self, id: &str) -> Result<bool, Refusal>;
}

/// An event on its way to functions.
pub type Publishing<'a> = Pin<Box<dyn Future<Output = Result<usize, Refusal>> + Send + 'a>>;

/// Takes events.
pub trait Events: Send + Sync {
    /// Gives a CloudEvent, or a batch of them, in any of the forms of its HTTP binding, to
    /// the functions that want it; how many calls came of it.
    fn publish(&self, request: Request<Bytes>) -> Publishing<'_>;
}

/// What is expected, announced and out of the ordinary. What changes a calendar may wait for a
/// disk and is called where waiting hurts nobody.
pub trait Foretold: Send + Sync {
    /// What is expected of all functions.
    fn forecasts(&self) -> Forecasts;

    /// What is expected of one.
    fn forecast(&self, name: &str) -> Result<FunctionForecast, Refusal>;

    /// What is announced.
    fn occasions(&self) -> Vec<Occasion>;

    /// Announces an event; as it is kept. Refused where it is maintenance that is not heeded here.
    fn announce(&self, occasion: Occasion, heeding: &Heeding) -> Result<Occasion, Refusal>;

    /// Takes in a calendar, which is a table of commas or iCalendar, but for maintenance that is not
    /// heeded here.
    fn import(
        &self,
        bytes: &[u8],
        is_table: bool,
        query: &CalendarDefaults,
        heeding: &Heeding,
    ) -> Result<Imported, Refusal>;

    /// Forgets an event; whether it was known.
    fn withdraw(&self, id: &str) -> Result<bool, Refusal>;

    /// What was out of the ordinary, newest first.
    fn anomalies(&self, function: Option<&str>, limit: usize) -> Vec<Anomaly>;

    /// Forecasts of the last hours, and what came. Reads the disk.
    fn record(&self) -> Result<Vec<u8>, Refusal>;

    /// What clones saved and cost since so many milliseconds ago.
    fn receipt(&self, since_ms: u64) -> Receipt;
}

/// Whose curves are asked for; nothing is all.
#[derive(Debug, Clone, Copy, Default)]
pub struct Only<'a> {
    /// The site.
    pub site: Option<&'a str>,
    /// The workload.
    pub workload: Option<&'a str>,
    /// The node of this site.
    pub node: Option<&'a str>,
}

/// Something that a site does, which may take a while.
pub type Siting<'a, T> = Pin<Box<dyn Future<Output = Result<T, Refusal>> + Send + 'a>>;

/// This node as a site among others. What only shows may wait for a lock and is called where
/// waiting hurts nobody.
pub trait Sited: Send + Sync {
    /// The site that serves a function, if it is another one.
    fn elsewhere(&self, function: &str, workload: Option<&str>) -> Option<String>;

    /// Says that a function that is about to be deployed is here; refused where another site said so
    /// before.
    fn claim<'a>(&'a self, function: &'a str, workload: Option<&'a str>) -> Siting<'a, ()>;

    /// Waits until all that was decided anywhere before this call is known here.
    fn catch_up(&self) -> Siting<'_, ()>;

    /// The same, if a majority of the sites answers soon; whether one did.
    fn tries_to_catch_up(&self) -> Siting<'_, bool>;

    /// The sites, as this one sees them.
    fn cluster(&self) -> Result<Cluster, Refusal>;

    /// Proposals that are remembered, newest first.
    fn proposals(&self) -> Result<Vec<Proposal>, Refusal>;

    /// One proposal.
    fn proposal(&self, id: u64) -> Result<Proposal, Refusal>;

    /// Who has authority over what.
    fn authorities(&self) -> Result<Vec<Authority>, Refusal>;

    /// How good forecasts were, of one site or of all.
    fn ledger(&self, site: Option<&str>) -> Result<Vec<LedgerRow>, Refusal>;

    /// What this site expects of a site, a workload or a node of its own, or of all.
    fn outlook(&self, only: Only<'_>) -> Result<SiteOutlook, Refusal>;

    /// What moves in shadow mode would have come to, over so long.
    fn shadow(&self, since: Span) -> Result<ShadowReceipt, Refusal>;

    /// Founds a cluster with this node as its first site.
    fn init(&self, asked: InitSite) -> Siting<'_, Cluster>;

    /// What another node needs to join.
    fn invite(&self, asked: InviteSite) -> Result<Invitation, Refusal>;

    /// Joins a cluster.
    fn join(&self, asked: JoinSite) -> Siting<'_, Cluster>;

    /// Leaves it; or forgets it without asking the others.
    fn leave(&self, forget: bool) -> Siting<'_, ()>;

    /// Has it certified anew.
    fn renew(&self) -> Siting<'_, ()>;

    /// Removes another site that is not there any more.
    fn remove(&self, site: String) -> Siting<'_, ()>;

    /// Files a proposal for a person.
    fn file(&self, asked: FileProposal) -> Siting<'_, Filed>;

    /// Takes one back.
    fn withdraw(&self, id: u64) -> Siting<'_, ()>;

    /// Forgets a workload whose site is lost.
    fn forget(&self, workload: String) -> Siting<'_, ()>;

    /// Sets whether anything moves.
    fn set_mode(&self, asked: SetMode) -> Siting<'_, ()>;
}

/// This node among the nodes of its site.
pub trait Crewed: Send + Sync {
    /// The nodes of the site.
    fn nodes(&self) -> Result<SiteNodes, Refusal>;

    /// The site that has its seat at another node, and that node's gateway, if it is known.
    fn follows(&self) -> Option<(String, Option<String>)>;

    /// Whether the site may leave its cluster, as far as its nodes go.
    fn may_leave(&self) -> Siting<'_, ()>;

    /// Whether this node may become a site.
    fn may_join(&self) -> Result<(), Refusal>;

    /// What another node needs to join this site.
    fn invite(&self, asked: InviteNode) -> Siting<'_, NodeInvitation>;

    /// Joins a site.
    fn join(&self, asked: JoinNode) -> Siting<'_, SiteNodes>;

    /// Leaves it; or does so even if the seat does not hear.
    fn leave(&self, forget: bool) -> Siting<'_, ()>;

    /// Removes another node.
    fn remove(&self, node: String) -> Siting<'_, ()>;
}

/// What is taken where a calendar says nothing.
#[derive(Debug, Clone, Default)]
pub struct CalendarDefaults {
    /// Patterns of names of functions, with commas between them; none is all.
    pub functions: Option<String>,
    /// What its events do.
    pub effect: Option<String>,
    /// The time zone of times that name none.
    pub zone: Option<String>,
}
