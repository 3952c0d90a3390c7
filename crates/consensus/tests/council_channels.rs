//! Sites over real sockets: a cluster decides, gossip tells who is there, and what befalls one
//! channel leaves the other be.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, SystemTime};

use axum::Router;
use axum::routing::post;
use bytes::Bytes;
use swell_consensus::channel::names::name_of;
use swell_consensus::channel::resource::{Opening, ResourceChannel, THREADS};
use swell_consensus::log::{Change, Log, LogError, Look};
use swell_consensus::monitoring::state_channel::StateChannel;
use swell_consensus::monitoring::voice::Voice;
use swell_consensus::raft::settings::Settings;
use swell_consensus::storage::open::Past;
use swell_core::council::entry::Command;
use swell_core::council::refusal::Refusal;
use swell_core::council::words::Loads;
use swell_core::ids::SiteId;
use swell_core::time::Instant;
use swell_link::authority::Authority;
use swell_link::client::{Address, Client};
use swell_link::identity::Identity;
use swell_link::purpose::Purpose;

const DAY: Duration = Duration::from_secs(86_400);
const LONG: Duration = Duration::from_secs(60);

/// After so long another connection is tried.
const AGAIN: Duration = Duration::from_millis(200);

/// After so many tries of which no thread took one, no thread is free.
const IN_VAIN: u32 = 5;
const TRIES_MAX: u32 = 150;

fn identity(authority: &Authority, name: &str, purpose: Purpose) -> Identity {
    let issued = authority.issue(name, purpose, SystemTime::now(), DAY).expect("it is issued");
    Identity::of_pem(authority.certificate(), &issued.certificate, &issued.key)
        .expect("it is an identity")
}

struct Site {
    resource: ResourceChannel,
    state: StateChannel,
    at: String,
    state_at: String,
}

struct Sites {
    authority: Authority,
    folder: tempfile::TempDir,
    sites: Vec<Site>,
}

fn port() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let at = listener.local_addr().expect("it is bound").to_string();
    (listener, at)
}

impl Sites {
    async fn open(count: u32) -> Self {
        Self::open_with(count, &Router::new(), &Router::new()).await
    }

    /// Sites with more routes on their state channels and on their resource channels.
    async fn open_with(count: u32, of_state: &Router, of_resource: &Router) -> Self {
        let authority = Authority::found("shops", SystemTime::now()).expect("it is founded");
        let folder = tempfile::tempdir().expect("a folder");
        let mut sites = Self { authority, folder, sites: Vec::new() };
        for _ in 0..count {
            sites.add(of_state, of_resource).await;
        }
        let place = |site: u32| (SiteId(site), sites.sites[site as usize].at.clone());
        let places: BTreeMap<SiteId, String> = (0..count).map(place).collect();
        sites.log(0).found(&places).await.expect("it is new");
        for site in (0..count).map(SiteId) {
            let admit = Command::Admit { site, capacity: Loads::cpu(1_000) };
            sites.log(0).propose(admit, LONG).await.expect("a majority");
        }
        sites.tick().await;
        sites
    }

    async fn add(&mut self, of_state: &Router, of_resource: &Router) -> SiteId {
        let site = SiteId(u32::try_from(self.sites.len()).expect("few"));
        let name = name_of(site);
        let (listener, at) = port();
        let (state_listener, state_at) = port();
        let opening = Opening {
            site,
            folder: self.folder.path().join(&name),
            past: Past::Unknown { life: 1 },
            identity: identity(&self.authority, &name, Purpose::Resource),
            listener,
            settings: Settings::default(),
            routes: of_resource.clone(),
        };
        let resource = ResourceChannel::open(opening).await.expect("it opens");
        let voice = Voice { site, address: state_at.clone(), life: 1 };
        let own = identity(&self.authority, &name, Purpose::State);
        let state =
            StateChannel::open(voice, own, state_listener, of_state.clone()).expect("it opens");
        self.sites.push(Site { resource, state, at, state_at });
        site
    }

    fn log(&self, site: usize) -> Arc<swell_consensus::raft::raft_log::RaftLog> {
        self.sites[site].resource.log()
    }

    async fn tick(&self) {
        for site in 0..self.sites.len() {
            let tick = Command::Tick { at: Instant::from_millis(1_000) };
            if self.log(site).propose(tick, LONG).await.is_ok() {
                return;
            }
        }
        panic!("somebody leads");
    }

    fn introduce(&self) {
        for of in &self.sites {
            // One name is enough: the others are heard of.
            of.state.know(BTreeMap::from([(SiteId(0), self.sites[0].state_at.clone())]));
        }
    }

    async fn all_are_there(&self) {
        for of in &self.sites {
            let all = self.sites.len() - 1;
            of.state.there().wait_for(|there| there.len() == all).await.expect("it is open");
        }
    }

    async fn decide(&self, count: usize) {
        for number in 0..count {
            let site = number % self.sites.len();
            let decided = self.log(site).propose(Command::Renew, LONG).await;
            assert_eq!(decided.map(|decided| decided.outcome), Ok(Ok(())), "{number}");
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn sites_decide_and_hear_of_each_other_and_let_another_join() {
    let mut sites = Sites::open(3).await;
    sites.introduce();
    sites.decide(12).await;
    sites.all_are_there().await;

    let fourth = sites.add(&Router::new(), &Router::new()).await;
    let address = sites.sites[3].at.clone();
    let leader = sites.log(0).leadership().borrow().leader.expect("there is one");
    let follower = (0..3).find(|site| SiteId(*site) != leader).expect("there are two");
    let log = sites.log(follower as usize);
    let early = Change::Voters((0..4).map(SiteId).collect());
    let refused = log.change(early, LONG).await.expect_err("it has not joined");
    assert!(refused.to_string().contains("let it join first"), "{refused}");
    log.change(Change::Join { site: fourth, address }, LONG).await.expect("it joins");
    let all = Change::Voters((0..4).map(SiteId).collect());
    log.change(all, LONG).await.expect("it becomes a voter");
    let admit = Command::Admit { site: fourth, capacity: Loads::cpu(10) };
    let decided = sites.log(3).propose(admit.clone(), LONG).await.expect("it is a voter");
    assert_eq!(decided.outcome, Err(Refusal::NotMember(fourth)), "the council does not know it");
    let decided = sites.log(0).propose(admit, LONG).await.expect("a majority");
    assert_eq!(decided.outcome, Ok(()));
    sites.decide(8).await;
}

/// The worst flood that there can be: whatever takes work of a channel waits until it is told to
/// go on, and so does all that waits for its turn behind it.
#[derive(Clone, Default)]
struct Jam(Arc<(Mutex<Jammed>, Condvar)>);

#[derive(Default)]
struct Jammed {
    stuck: usize,
    is_over: bool,
    /// Somebody waited for so long that the test has failed.
    gave_up: bool,
}

impl Jam {
    fn routes(&self) -> Router {
        let jam = self.clone();
        Router::new().route(
            "/jam",
            post(move || {
                jam.wait();
                async {}
            }),
        )
    }

    /// Holds up the thread that it is called on.
    fn wait(&self) {
        let (jammed, changed) = &*self.0;
        let mut jammed = jammed.lock().expect("nobody panics with it");
        jammed.stuck += 1;
        changed.notify_all();
        let waited = changed.wait_timeout_while(jammed, LONG, |jammed| !jammed.is_over);
        let (mut jammed, waited) = waited.expect("nobody panics with it");
        jammed.gave_up |= waited.timed_out();
        jammed.stuck -= 1;
    }

    /// Takes threads at some addresses until none takes another call: either all are stuck, or
    /// those that wait for the network are, and nobody wakes the rest.
    fn begin(&self, flooder: &Identity, to: &[Address], threads: usize) {
        let (jammed, changed) = &*self.0;
        let (mut stuck, mut in_vain) = (0, 0);
        for _ in 0..TRIES_MAX {
            for to in to {
                // Another connection each time, for those of threads that are stuck read nothing.
                let (client, to) = (Client::new(flooder.clone()), to.clone());
                tokio::spawn(async move { client.post(&to, "/jam", Bytes::new(), 0, LONG).await });
            }
            let jammed = jammed.lock().expect("nobody panics with it");
            let are_free = |jammed: &mut Jammed| jammed.stuck < threads * to.len();
            let waited = changed.wait_timeout_while(jammed, AGAIN, are_free);
            let (jammed, waited) = waited.expect("nobody panics with it");
            in_vain = if jammed.stuck == stuck { in_vain + 1 } else { 0 };
            stuck = jammed.stuck;
            if !waited.timed_out() || (stuck >= to.len() && in_vain >= IN_VAIN) {
                return;
            }
        }
        panic!("only {stuck} are stuck");
    }

    /// Lets all go on; whether they were stuck until now.
    fn end(&self) -> bool {
        let (jammed, changed) = &*self.0;
        let mut jammed = jammed.lock().expect("nobody panics with it");
        jammed.is_over = true;
        changed.notify_all();
        !jammed.gave_up
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn decisions_wait_for_nothing_that_gossip_waits_for() {
    let jam = Jam::default();
    let sites = Sites::open_with(3, &jam.routes(), &Router::new()).await;
    sites.introduce();
    sites.all_are_there().await;
    let term = sites.log(0).leadership().borrow().term;
    let flooder = identity(&sites.authority, "site-9", Purpose::State);
    let address = |site: u32| Address {
        name: name_of(SiteId(site)),
        at: sites.sites[site as usize].state_at.clone(),
    };
    tokio::task::block_in_place(|| jam.begin(&flooder, &[0, 1, 2].map(address), 1));
    // Of state monitoring nothing moves, not even its clock.
    sites.decide(12).await;
    assert!(jam.end(), "a decision waited for the end of the flood");
    let Sites { sites: mut open, authority, folder } = sites;
    for of in &mut open {
        let voice = Voice { site: SiteId(99), address: "127.0.0.1:1".to_owned(), life: 1 };
        let nobody = identity(&authority, "site-99", Purpose::State);
        of.state = StateChannel::open(voice, nobody, port().0, Router::new()).expect("it opens");
    }
    let sites = Sites { sites: open, authority, folder };
    sites.decide(6).await;
    assert_eq!(sites.log(0).leadership().borrow().term, term, "nobody lost sight of the leader");
}

#[tokio::test(flavor = "multi_thread")]
async fn gossip_waits_for_nothing_that_decisions_wait_for() {
    let jam = Jam::default();
    let mut sites = Sites::open_with(3, &Router::new(), &jam.routes()).await;
    let flooder = identity(&sites.authority, "site-9", Purpose::Resource);
    let address = |site: u32| Address {
        name: name_of(SiteId(site)),
        at: sites.sites[site as usize].at.clone(),
    };
    tokio::task::block_in_place(|| jam.begin(&flooder, &[0, 1, 2].map(address), THREADS));
    // Of the log nothing moves: sites hear of each other, and of another one, all the same.
    sites.add(&Router::new(), &Router::new()).await;
    sites.introduce();
    sites.all_are_there().await;
    assert!(jam.end(), "gossip waited for the end of the flood");
    sites.sites.pop();
    sites.decide(3).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_certified_for_something_else_or_speaks_for_another_is_not_heard() {
    let sites = Sites::open(3).await;
    let before = sites.log(0).look(|state| state.index);
    let to = Address { name: name_of(SiteId(0)), at: sites.sites[0].at.clone() };
    let other = Client::new(identity(&sites.authority, "site-1", Purpose::State));
    let refused = other.post(&to, "/log/usual", Bytes::new(), 1_000, LONG).await;
    assert!(refused.is_err(), "certified for gossip only");
    let stranger = Client::new(identity(&sites.authority, "berlin", Purpose::Resource));
    let refused = stranger.post(&to, "/log/usual", Bytes::new(), 1_000, LONG).await;
    assert!(refused.is_err_and(|error| error.to_string().contains("name of no site")));
    assert_eq!(sites.log(0).look(|state| state.index), before);

    let opening = Opening {
        site: SiteId(5),
        folder: sites.folder.path().join("five"),
        past: Past::Unknown { life: 1 },
        identity: identity(&sites.authority, "site-6", Purpose::Resource),
        listener: port().0,
        settings: Settings::default(),
        routes: Router::new(),
    };
    let refused = ResourceChannel::open(opening).await.err().expect("it is of another");
    assert!(matches!(&refused, LogError::Refused(why) if why.contains("site-6")), "{refused}");
}
