//! Calls of functions whose workload another site serves, or shares while it moves: they are
//! passed on, and the answer is passed back.
//!
//! A call is passed on at most twice, so that sites which do not know the same yet never play
//! ball with it. Where a site is not reached, calls stay here for a moment, if the function still
//! is.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::uri::PathAndQuery;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, Uri};
use http_body_util::BodyExt;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use parking_lot::{Mutex, RwLock};
use swell_core::council::acting::Acting;
use swell_core::council::claim::Passed;
use swell_core::ids::SiteId;
use swell_outlook::board::{Contact, Passes};
use swell_outlook::naming::site_id;
use swell_sandbox::body::{Body, BodyError};
use swell_site::route::Route;
use swell_site::site::Site;

use crate::invoker::Reached;
use crate::nodes::ways::Ways;
use crate::refusal::{Reason, Refusal};
use crate::registry::Function;
use crate::sites::seal::{HOPS, Key, SEAL};
use crate::sites::settling::Settling;

/// The site that served it, in answers that were passed back.
pub const SITE: HeaderName = HeaderName::from_static("x-swell-site");
/// Who really calls.
const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// How often a call may be passed on.
const HOPS_MAX: u64 = 2;
/// For how long a site that was not reached gets no calls that can be served here.
const REST: Duration = Duration::from_secs(1);
/// How long a site may take to answer in all: the longest timeout of a function decides before.
const ANSWER_MAX: Duration = Duration::from_secs(3_600);
/// Thousandths, of which each call is one in an even order: the golden ratio's.
const STRIDE: u64 = 618;

/// Passes calls on.
pub struct Elsewhere {
    pub(super) site: RwLock<Option<Arc<Site>>>,
    /// Where this node is told what to serve, what it was told.
    pub(super) ways: RwLock<Option<Arc<Ways>>>,
    /// What calls are sealed with, where this node is a site.
    key: RwLock<Option<Key>>,
    pub(super) is_follower: AtomicBool,
    is_expected: AtomicBool,
    pub(super) settling: Settling,
    client: Client<HttpsConnector<HttpConnector>, Body>,
    count: AtomicU64,
    rests: Mutex<BTreeMap<SiteId, Instant>>,
    passed: Mutex<Passes>,
}

/// Where a call goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Way {
    site: SiteId,
    contact: Contact,
    hops: u64,
    workload: Option<String>,
}

impl Default for Elsewhere {
    /// Nowhere: this node is no site yet.
    fn default() -> Self {
        let https = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .expect("the provider has what its own versions need")
            .https_or_http()
            .enable_http1()
            .build();
        Self {
            site: RwLock::new(None),
            ways: RwLock::new(None),
            key: RwLock::new(None),
            is_follower: AtomicBool::new(false),
            is_expected: AtomicBool::new(false),
            settling: Settling::default(),
            client: Client::builder(TokioExecutor::new()).build(https),
            count: AtomicU64::new(0),
            rests: Mutex::default(),
            passed: Mutex::default(),
        }
    }
}

impl Elsewhere {
    /// This node is that site from now on, or none any more.
    pub fn set(&self, site: Option<Arc<Site>>) {
        if let Some(site) = &site {
            self.settling.begin(site.clone());
        }
        *self.site.write() = site;
    }

    /// Calls are sealed with that from now on, or not any more.
    pub fn seal_with(&self, key: Option<Key>) {
        *self.key.write() = key;
    }

    fn key(&self) -> Option<Key> {
        let told = self.ways.read().as_ref().and_then(|ways| ways.key().cloned());
        told.or_else(|| self.key.read().clone())
    }

    /// Whether this node is a site, though that may not be up: then it cannot know what it may
    /// act for.
    pub fn expect(&self, is_expected: bool) {
        self.is_expected.store(is_expected, Ordering::Release);
        self.settling.expect(is_expected);
    }

    /// This node is one of a site that has its seat elsewhere, and it was told these ways; or it is
    /// none any more.
    pub fn follow(&self, ways: Option<Ways>) {
        self.is_follower.store(ways.is_some(), Ordering::Release);
        *self.ways.write() = ways.map(Arc::new);
    }

    /// It is one, and was told nothing yet.
    pub fn await_orders(&self) {
        self.is_follower.store(true, Ordering::Release);
    }

    /// The seat of the site, for requests of which this node does not know the function.
    pub fn seat(&self, headers: &HeaderMap) -> Option<Way> {
        let seat = self.ways.read().as_ref()?.seat().clone();
        self.towards(seat, None, headers, false)
    }

    /// Whether a request is one that a node of this or another site passed on: their calls come to
    /// the gateway like any other, and have a seal.
    pub fn is_passed_on(&self, path: &str, headers: &HeaderMap) -> bool {
        headers.contains_key(SEAL) && self.key().is_some_and(|key| key.holds(path, headers))
    }

    fn towards(
        &self,
        contact: Contact,
        workload: Option<String>,
        headers: &HeaderMap,
        is_here: bool,
    ) -> Option<Way> {
        let hops = headers.get(HOPS).and_then(|hops| hops.to_str().ok()?.parse().ok());
        let hops: u64 = hops.unwrap_or(0);
        if hops >= HOPS_MAX {
            return None;
        }
        let site = site_id(&contact.name);
        let rests = self.rests.lock().get(&site).is_some_and(|since| since.elapsed() < REST);
        (!(rests && is_here)).then_some(Way { site, contact, hops: hops + 1, workload })
    }

    /// Whether a call is one of those that go elsewhere, of which so many thousandths do.
    fn is_turn(&self, per_mille: u16) -> bool {
        let turn = self.count.fetch_add(STRIDE, Ordering::Relaxed) % 1_000;
        turn < u64::from(per_mille)
    }

    /// Where a call of a function goes, if it is not served here.
    pub fn way(&self, name: &str, function: Option<&Function>, headers: &HeaderMap) -> Option<Way> {
        let workload = function.map(crate::sites::metering::workload);
        if let Some(ways) = self.ways.read().clone() {
            let (to, per_mille) = ways.of_function(name, function.is_some())?;
            let is_turn = per_mille >= 1_000 || self.is_turn(per_mille);
            let workload = workload.map(str::to_string);
            return is_turn.then(|| self.towards(to, workload, headers, function.is_some()))?;
        }
        let site = self.site.read().clone()?;
        let to = match site.route_of(name, workload) {
            Route::Here => return None,
            Route::There(to) => to,
            Route::Share { site: to, per_mille } => {
                if !self.is_turn(per_mille) {
                    return None;
                }
                to
            }
        };
        let contact = site.contacts().get(&to).cloned()?;
        let workload = site.workload_of(name, workload);
        self.towards(contact, workload, headers, function.is_some())
    }

    /// Whether this node acts for a function by itself, such as by the clock.
    pub fn acts_for(&self, name: &str, function: Option<&Function>) -> Acting {
        if self.is_follower.load(Ordering::Acquire) {
            return Acting::Others;
        }
        let Some(site) = self.site.read().clone() else {
            let is_expected = self.is_expected.load(Ordering::Acquire);
            return if is_expected { Acting::Unsure } else { Acting::Ours };
        };
        site.acts_for(name, function.map(crate::sites::metering::workload))
    }

    /// What was passed on and answered since the node came up, by site and workload.
    pub fn passed(&self) -> Passes {
        self.passed.lock().clone()
    }

    /// Passes a call on; `path` is the one at the other site. From then on it counts as one that
    /// has reached its function: what becomes of it is not known here until it is answered.
    ///
    /// # Errors
    ///
    /// [`Reason::NotReady`] if it surely got to nobody, [`Reason::Unavailable`] if it may have.
    pub async fn pass_on<B>(
        &self,
        way: &Way,
        path: &str,
        peer: Option<SocketAddr>,
        request: Request<B>,
    ) -> Result<Response<Body>, Refusal>
    where
        B: http_body::Body<Data = Bytes> + Send + 'static,
        B::Error: Into<BodyError>,
    {
        let name = &way.contact.name;
        let uri = target(&way.contact.gateway, path).ok_or_else(|| {
            Refusal::new(Reason::Internal, format!("site `{name}` has no address"))
        })?;
        let asked_bytes = http_body::Body::size_hint(request.body()).exact().unwrap_or(0);
        let mut request = request.map(|body| body.map_err(Into::into).boxed_unsync());
        *request.uri_mut() = uri;
        *request.version_mut() = http::Version::HTTP_11;
        let headers = request.headers_mut();
        crate::gateway::headers::strip_hop_by_hop(headers);
        headers.remove(http::header::HOST);
        headers.insert(HOPS, HeaderValue::from(way.hops));
        if let Some(key) = self.key() {
            key.seal(path, headers);
        }
        if let Some(peer) = peer
            && let Ok(address) = HeaderValue::from_str(&peer.ip().to_string())
        {
            headers.append(FORWARDED_FOR, address);
        }
        if let Some(reached) = request.extensions().get::<Reached>() {
            reached.set();
        }
        let began = Instant::now();
        let asked = tokio::time::timeout(ANSWER_MAX, self.client.request(request)).await;
        let Ok(Ok(response)) = asked else {
            self.rests.lock().insert(way.site, Instant::now());
            let is_harmless = matches!(&asked, Ok(Err(error)) if error.is_connect());
            return Err(unanswered(name, is_harmless));
        };
        if let Some(workload) =
            way.workload.as_ref().filter(|_| !response.status().is_server_error())
        {
            let wait_us = began.elapsed().as_micros() as u64;
            let mut passed = self.passed.lock();
            let workloads = passed.entry(name.clone()).or_default();
            let sum = workloads.entry(workload.clone()).or_default();
            let told = http_body::Body::size_hint(response.body()).exact().unwrap_or(0);
            *sum = sum.plus(Passed { calls: 1, wait_us, bytes: asked_bytes + told });
        }
        let mut response = response.map(|body| body.map_err(Into::into).boxed_unsync());
        crate::gateway::headers::strip_hop_by_hop(response.headers_mut());
        if !response.headers().contains_key(SITE)
            && let Ok(name) = HeaderValue::from_str(name)
        {
            response.headers_mut().insert(SITE, name);
        }
        Ok(response)
    }
}

/// No answer came from a site; `is_harmless` if the call surely did not get there.
fn unanswered(site: &str, is_harmless: bool) -> Refusal {
    let refusal = if is_harmless {
        let title = format!("site `{site}`, where this function is served, is not reached");
        Refusal::new(Reason::NotReady, title)
            .hint("try again in a moment; `swell site list` shows how it is")
    } else {
        let title = format!("site `{site}`, where this function is served, broke off");
        Refusal::new(Reason::Unavailable, title)
            .hint("whether it did what it should is not known; it can be called again")
    };
    refusal.retry_after(REST)
}

fn target(gateway: &str, path: &str) -> Option<Uri> {
    let base: Uri = gateway.parse().ok()?;
    let mut parts = base.into_parts();
    parts.path_and_query = Some(path.parse::<PathAndQuery>().ok()?);
    Uri::from_parts(parts).ok()
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;
    use crate::nodes::wire::Order;
    use crate::sites::contact::told;

    #[test]
    fn paths_go_to_the_other_gateway() {
        let uri = target("http://10.0.0.7:8080", "/function/shop/cart?x=1");
        assert_eq!(uri.unwrap().to_string(), "http://10.0.0.7:8080/function/shop/cart?x=1");
        assert_eq!(target("nowhere in particular", "/"), None);
    }

    #[test]
    fn a_share_is_an_even_one() {
        let part = |per_mille: u64| {
            (0..10_000u64).filter(|turn| turn * STRIDE % 1_000 < per_mille).count()
        };
        for (per_mille, expected) in [(0, 0), (250, 2_500), (500, 5_000), (1_000, 10_000)] {
            let came = part(per_mille);
            assert!(came.abs_diff(expected) < 60, "{per_mille}: {came}");
        }
    }

    fn way(gateway: &str) -> Way {
        let contact = Contact {
            name: "lima".to_string(),
            gateway: gateway.to_string(),
            state: String::new(),
            resource: String::new(),
            flow: None,
        };
        Way { site: SiteId(1), contact, hops: 1, workload: None }
    }

    async fn passed(gateway: &str, reached: &Reached) -> Result<Response<Body>, Refusal> {
        let mut request = Request::new(swell_sandbox::body::full("17"));
        request.extensions_mut().insert(reached.clone());
        Elsewhere::default().pass_on(&way(gateway), "/function/detect", None, request).await
    }

    #[tokio::test]
    async fn a_call_that_was_sent_has_reached_its_function_for_all_that_is_known() {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port is free");
        let gateway = format!("http://{}", listener.local_addr().expect("it is bound"));
        let reached = Reached::default();
        let mut calling = Box::pin(passed(&gateway, &reached));
        let (mut stream, _) = tokio::select! {
            came = listener.accept() => came.expect("it comes"),
            answer = &mut calling => panic!("nobody answered yet: {answer:?}"),
        };
        let mut head = [0u8; 64];
        tokio::select! {
            read = stream.read(&mut head) => assert!(read.expect("it is sent") > 0),
            answer = &mut calling => panic!("nobody answered yet: {answer:?}"),
        }
        assert!(reached.get(), "it may be running there");
        drop((stream, listener));
        let refusal = calling.await.expect_err("it breaks off");
        assert_eq!(refusal.reason, Reason::Unavailable, "it may have run: {refusal:?}");
        let refusal = passed(&gateway, &reached).await.expect_err("nobody is there by now");
        assert_eq!(refusal.reason, Reason::NotReady, "it got to nobody: {refusal:?}");
    }

    #[test]
    fn a_node_of_a_site_passes_on_what_it_does_not_have_and_acts_for_nothing() {
        let seat = told(&way("").contact);
        let order = Order { seat, key: "17".to_string(), functions: BTreeMap::new() };
        let elsewhere = Elsewhere::default();
        elsewhere.follow(Some(Ways::of(&order)));
        let hops = |count: &'static str| {
            [(HOPS, HeaderValue::from_static(count))].into_iter().collect::<HeaderMap>()
        };
        assert_eq!(elsewhere.way("cart", None, &hops("1")).map(|way| way.hops), Some(2));
        assert_eq!(elsewhere.way("cart", None, &hops("2")), None, "nobody plays ball with it");
        assert_eq!(elsewhere.acts_for("shop", None), Acting::Others);
        let mut sealed = hops("1");
        assert!(!elsewhere.is_passed_on("/function/cart", &sealed), "anybody can say so");
        Key::of("17").expect("it is one").seal("/function/cart", &mut sealed);
        assert!(elsewhere.is_passed_on("/function/cart", &sealed));
        elsewhere.follow(None);
        let is_believed = elsewhere.is_passed_on("/function/cart", &sealed);
        assert!(!is_believed, "nobody passes anything on to a lone node");
        assert_eq!(elsewhere.acts_for("shop", None), Acting::Ours);
    }

    #[test]
    fn a_node_that_is_no_site_serves_everything() {
        assert_eq!(Elsewhere::default().way("shop", None, &HeaderMap::new()), None);
    }
}
