//! What the gateway needs of the rest of the node, and how many requests it works on.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use http::{Request, Response};

use swell_content::contents::Contents;
use swell_sandbox::body::Body;

use crate::deploy::deployer::Deployer;
use crate::grouping::groups::Grouping;
use crate::later::{Followers, Later};
use crate::live::world::Live;
use crate::nodes::crew::Crew;
use crate::observe::observer::Observer;
use crate::outflow::Outflow;
use crate::refusal::{Reason, Refusal};
use crate::registry::Registry;
use crate::sites::elsewhere::Elsewhere;

/// A future behind a seam of the gateway.
pub type Doing<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Who answers what is not a call of a function: the API, metrics, health.
pub trait Pages: Send + Sync {
    /// Answers a request.
    fn answer<'a>(&'a self, request: Request<Body>) -> Doing<'a, Response<Body>>;
}

/// The gateway's surroundings.
pub struct Gateway {
    /// Which functions there are.
    pub registry: Arc<Registry>,
    /// The mind and its hands.
    pub live: Arc<Live>,
    /// Who makes code ready when a request is the first to want it.
    pub deployer: Arc<Deployer>,
    /// Where asynchronous calls go.
    pub later: Arc<dyn Later>,
    /// Who knows which calls follow the end of another.
    pub followers: Arc<dyn Followers>,
    /// Who keeps flows between functions.
    pub flows: Arc<dyn Outflow>,
    /// Figures, lines and traces.
    pub observer: Arc<Observer>,
    /// Where calls go that other sites serve.
    pub elsewhere: Arc<Elsewhere>,
    /// Where calls go that another node of the site has more room for.
    pub crew: Arc<Crew>,
    /// Where calls go that are nearer to their data on other nodes; none if there are no contents.
    pub grouping: Option<Arc<Grouping>>,
    /// Contents of cache groups, of which tasks are fetched ahead what they will read.
    pub contents: Option<Arc<Contents>>,
    /// Everything else.
    pub pages: Arc<dyn Pages>,
    /// Requests that may be worked on at a time.
    pub requests_max: u32,
    /// Whether clients speak TLS to it.
    pub tls: bool,
    /// Requests being worked on.
    pub in_flight: AtomicU32,
    /// Whether it is going down.
    pub stopping: AtomicBool,
}

impl Gateway {
    /// Room for one more request, or why there is none.
    pub(crate) fn enter(self: &Arc<Self>) -> Result<Entered, Refusal> {
        if self.stopping.load(Ordering::Relaxed) {
            return Err(Refusal::new(Reason::Stopping, "this node is going down")
                .hint("try another node, or this one in a few seconds")
                .retry_after(Duration::from_secs(5)));
        }
        let before = self.in_flight.fetch_add(1, Ordering::Relaxed);
        let entered = Entered { gateway: self.clone() };
        if before >= self.requests_max {
            let most = self.requests_max;
            return Err(Refusal::new(
                Reason::Busy,
                format!("this node works on {most} requests already, as many as it may"),
            )
            .hint("try again, or raise `requests-max` in its settings")
            .retry_after(Duration::from_secs(1)));
        }
        Ok(entered)
    }
}

/// A request being worked on, until this is dropped.
pub(crate) struct Entered {
    gateway: Arc<Gateway>,
}

impl Drop for Entered {
    fn drop(&mut self) {
        self.gateway.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}
