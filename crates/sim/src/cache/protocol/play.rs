//! Plays a run with the protocol: callers ask, nodes answer, and what was promised is checked.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use swell_core::cachegroup::action::{Input, Origin, Outcome, Wish};
use swell_core::cachegroup::level::Acknowledgement;
use swell_core::cachegroup::names::{ContentId, GroupId};
use swell_core::cachegroup::session::Session;
use swell_core::ids::RequestId;
use swell_core::time::{Instant, Span};

use crate::cache::case::{self, Case};
use crate::cache::graph::Topology;
use crate::cache::popularity::Popularity;
use crate::cache::protocol::callers::{Call, Callers};
use crate::cache::protocol::queue::Queue;
use crate::cache::protocol::setting::Protocol;
use crate::cache::protocol::shelves::Shelves;
use crate::cache::protocol::tally::{Kept, Tally};
use crate::cache::protocol::town::{Event, FIRST, News, Town, payload};
use crate::cache::protocol::troubles::{Trouble, troubles};
use crate::cache::protocol::witness::Witness;
use crate::cache::replacement::bank::{Bank, Content};
use crate::cache::run_error::RunError;
use crate::cache::splitmix::{SplitMix64, Stream};

/// How long the nodes have to elect their leaders before anybody asks.
const QUIET: Span = Span::from_secs(10);

/// How long a caller waits.
const WITHIN: Span = Span::from_secs(10);

/// Every so many events one looks whether the user wants to stop.
const GLANCE: u64 = 4096;

enum Happening {
    Town(Box<Event>),
    Call(Call),
    Trouble(Trouble),
}

/// An operation that is under way.
#[derive(Debug, Clone, Copy)]
struct Open {
    call: Call,
    began: Instant,
}

struct Play<'a, B> {
    protocol: &'a Protocol,
    topology: &'a Topology,
    /// The group of each receiver.
    homes: Vec<GroupId>,
    /// The share of what another member served that is kept.
    copy: f64,
    town: Town,
    events: Queue<Event>,
    shelves: Shelves<B>,
    sessions: Vec<Session>,
    witness: Witness,
    open: BTreeMap<RequestId, Open>,
    requests: u64,
    coins: SplitMix64,
    tally: Tally,
    counts: bool,
}

/// Plays a run of a network with leaders. `copy` is the share of contents which another
/// member served that the asker keeps.
pub fn play<B: Bank>(
    case: &Case,
    protocol: &Protocol,
    topology: &Topology,
    popularity: &Popularity,
    bank: B,
    copy: f64,
    interrupt: &AtomicBool,
) -> Result<(case::Outcome, Kept), RunError> {
    let homes = homes(topology);
    let contents = contents(case, topology, &homes);
    let town = Town::new(topology, &homes, contents).map_err(|apart| RunError::Apart(apart.0))?;
    let mut play = Play {
        protocol,
        topology,
        homes,
        copy,
        town,
        events: Queue::default(),
        shelves: Shelves::new(bank),
        sessions: vec![Session::default(); topology.receivers.len()],
        witness: Witness::new(FIRST),
        open: BTreeMap::new(),
        requests: 0,
        coins: SplitMix64::stream(case.seed, Stream::Coins),
        tally: Tally::default(),
        counts: false,
    };
    let mut callers = Callers::new(case, protocol, topology, popularity);
    play.run(case, &mut callers, interrupt)?;
    Ok(play.tally.outcome())
}

/// The group of each receiver: the first that has its workload, so that a content has one.
fn homes(topology: &Topology) -> Vec<GroupId> {
    let mut of_workloads = BTreeMap::new();
    let both = topology.workloads.iter().zip(&topology.groups);
    both.map(|(workload, &group)| *of_workloads.entry(workload).or_insert(GroupId(group))).collect()
}

/// Contents of all workloads that anybody has, and their groups.
fn contents(case: &Case, topology: &Topology, homes: &[GroupId]) -> BTreeMap<ContentId, GroupId> {
    let both = topology.workloads.iter().zip(homes);
    let each = both.collect::<BTreeMap<_, _>>();
    each.into_iter()
        .flat_map(|(workload, &group)| {
            let first = workload * case.contents;
            (1..=case.contents).map(move |rank| (id(first + rank), group))
        })
        .collect()
}

fn id(content: Content) -> ContentId {
    ContentId(u128::from(content))
}

fn number(content: ContentId) -> Content {
    content.0 as Content
}

impl<B: Bank> Play<'_, B> {
    fn run(
        &mut self,
        case: &Case,
        callers: &mut Callers<'_>,
        interrupt: &AtomicBool,
    ) -> Result<(), RunError> {
        let mut agenda = Queue::default();
        let start = Instant::ZERO + QUIET;
        let (warming, counting) = callers.spans();
        let begins = start + warming;
        for (at, trouble) in troubles(self.protocol, self.topology, case.seed, begins, counting) {
            agenda.plan(at, Happening::Trouble(trouble));
        }
        self.town.open(Instant::ZERO, &mut self.events);
        self.collect(&mut agenda);
        if let Some((pause, call)) = callers.call() {
            agenda.plan(start + pause, Happening::Call(call));
        }
        let mut is_last = false;
        let mut happened = 0u64;
        while let Some((now, happening)) = agenda.take() {
            happened += 1;
            if happened.is_multiple_of(GLANCE) && interrupt.load(Ordering::Relaxed) {
                return Err(RunError::Interrupted);
            }
            let mut news = Vec::new();
            match happening {
                Happening::Town(event) => {
                    self.town.on_event(now, *event, &mut self.events, &mut news);
                }
                Happening::Trouble(trouble) => self.on_trouble(now, trouble),
                Happening::Call(call) => {
                    self.begin(now, call, &mut news);
                    match callers.call() {
                        Some((pause, call)) => agenda.plan(now + pause, Happening::Call(call)),
                        None => is_last = true,
                    }
                }
            }
            self.hear(now, news);
            self.collect(&mut agenda);
            if is_last && self.open.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// Puts what the town planned among all that is to happen.
    fn collect(&mut self, agenda: &mut Queue<Happening>) {
        while let Some((at, event)) = self.events.take() {
            agenda.plan(at, Happening::Town(Box::new(event)));
        }
    }

    fn begin(&mut self, now: Instant, call: Call, news: &mut Vec<News>) {
        if call.counts && !self.counts {
            self.counts = true;
            self.tally = Tally::default();
        }
        let node = self.topology.receivers[call.receiver];
        if !self.town.is_up(node) {
            // Its callers are in the same box.
            return self.tally.on_crash();
        }
        self.requests += 1;
        let request = RequestId(self.requests);
        self.open.insert(request, Open { call, began: now });
        let (content, group) = (id(call.content), self.homes[call.receiver]);
        let input = if call.writes {
            Input::Lock { request, content, group, within: WITHIN }
        } else {
            let session = self.sessions[call.receiver].clone();
            let level = self.protocol.level;
            Input::Read { request, wish: Wish { content, group, level, session, within: WITHIN } }
        };
        self.town.tell(now, node, input, &mut self.events, news);
    }

    /// Takes up news, and the news of what is done about it.
    fn hear(&mut self, now: Instant, mut news: Vec<News>) {
        while !news.is_empty() {
            let mut next = Vec::new();
            for (place, one) in news.iter().enumerate() {
                match one {
                    News::Sent => self.tally.on_message(),
                    News::Committed(content, version) => {
                        self.witness.on_commit(now, number(*content), *version);
                    }
                    News::Served(node, content) => {
                        if let Some(cache) = self.cache(*node) {
                            self.shelves.on_use(cache, number(*content));
                        }
                    }
                    News::Arrived(node, content) => {
                        let keeps = self.keeps(&news[place + 1..]);
                        self.shelve(now, *node, *content, keeps, &mut next);
                    }
                    News::Answered(request, outcome) => {
                        self.on_answer(now, *request, outcome, &mut next);
                    }
                }
            }
            news = next;
        }
    }

    /// Whether what just arrived is kept: always, unless another member served it and the coin
    /// says no. Whom it came from is in the answer that follows.
    fn keeps(&mut self, following: &[News]) -> bool {
        let answer = following.iter().find_map(|news| match news {
            News::Answered(_, Outcome::Read { origin, .. }) => Some(*origin),
            _ => None,
        });
        answer != Some(Origin::Group) || self.copy >= 1.0 || self.coins.unit() < self.copy
    }

    fn shelve(
        &mut self,
        now: Instant,
        node: u32,
        content: ContentId,
        keeps: bool,
        news: &mut Vec<News>,
    ) {
        let Some(cache) = self.cache(node) else { return };
        let evicted = match keeps {
            true => self.shelves.offer(cache, number(content)),
            false => Some(number(content)),
        };
        let Some(content) = evicted.map(id) else { return };
        if let Some(version) = self.town.version(node, content) {
            let input = Input::Evicted { content, version };
            self.town.tell(now, node, input, &mut self.events, news);
        }
    }

    fn on_answer(
        &mut self,
        now: Instant,
        request: RequestId,
        outcome: &Outcome,
        news: &mut Vec<News>,
    ) {
        let Some(&Open { call, began }) = self.open.get(&request) else { return };
        let caller = call.receiver as u32;
        let took = now.since(began);
        match outcome {
            Outcome::Granted { token, .. } => {
                self.witness.on_publish(caller, call.content, *token);
                let input = Input::Publish {
                    request,
                    payload: Some(payload(id(call.content), *token)),
                    session: self.sessions[call.receiver].clone(),
                    acknowledgement: Acknowledgement::Committed,
                    within: WITHIN,
                };
                let node = self.topology.receivers[call.receiver];
                return self.town.tell(now, node, input, &mut self.events, news);
            }
            Outcome::Read { group, revision, committed, origin, .. } => {
                let version = revision.version;
                let level = self.protocol.level;
                let judged =
                    self.witness.on_read((began, now), caller, level, call.content, version);
                let session = &mut self.sessions[call.receiver];
                session.saw(*group, id(call.content), revision, *committed);
                if *origin == Origin::Local
                    && let Some(cache) = self.cache(self.topology.receivers[call.receiver])
                {
                    self.shelves.on_use(cache, call.content);
                }
                if call.counts {
                    self.tally.on_read(*origin, took, judged.is_stale, judged.is_behind);
                }
            }
            Outcome::Written { group, revision, committed, .. } => {
                self.witness.on_written(now, caller, call.content, revision.version);
                let session = &mut self.sessions[call.receiver];
                session.saw(*group, id(call.content), revision, *committed);
                if call.counts {
                    self.tally.on_write(took);
                }
            }
            Outcome::Conflict
            | Outcome::Busy
            | Outcome::Unavailable
            | Outcome::Undecided { .. } => {
                if call.counts {
                    self.tally.on_failure();
                }
            }
        }
        self.open.remove(&request);
    }

    fn on_trouble(&mut self, now: Instant, trouble: Trouble) {
        match trouble {
            Trouble::Crash(node) => {
                self.town.crash(node);
                let receivers = &self.topology.receivers;
                let Ok(receiver) = receivers.binary_search(&node) else { return };
                self.sessions[receiver] = Session::default();
                self.witness.forget(receiver as u32);
                let before = self.open.len();
                self.open.retain(|_, open| open.call.receiver != receiver);
                (self.open.len()..before).for_each(|_| self.tally.on_crash());
            }
            Trouble::Repair(node) => self.town.start(now, node, &mut self.events),
            Trouble::Outage => self.town.set_store(false),
            Trouble::Reachable => self.town.set_store(true),
        }
    }

    /// The cache of a node, if it has one.
    fn cache(&self, node: u32) -> Option<usize> {
        self.topology.caches.binary_search(&node).ok()
    }
}
