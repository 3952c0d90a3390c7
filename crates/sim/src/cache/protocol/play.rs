//! Plays a run with the protocol: callers ask, nodes answer, and what was promised is checked.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use swell_core::cachegroup::action::{Input, Origin, Outcome, Wish};
use swell_core::cachegroup::conduct::Conduct;
use swell_core::cachegroup::level::Acknowledgement;
use swell_core::cachegroup::names::{ContentId, GroupId};
use swell_core::cachegroup::session::Session;
use swell_core::ids::RequestId;
use swell_core::time::{Instant, Span};

use crate::cache::case::{self, Case};
use crate::cache::graph::Topology;
use crate::cache::popularity::Popularity;
use crate::cache::protocol::ahead::Ahead;
use crate::cache::protocol::callers::{Call, Callers};
use crate::cache::protocol::errands::Errands;
use crate::cache::protocol::homes::{contents, homes, id, number};
use crate::cache::protocol::queue::Queue;
use crate::cache::protocol::setting::Protocol;
use crate::cache::protocol::shelves::Shelves;
use crate::cache::protocol::tally::{Kept, Tally};
use crate::cache::protocol::tasks::TaskMaker;
use crate::cache::protocol::town::{Event, FIRST, News, Town, payload};
use crate::cache::protocol::troubles::{Trouble, troubles};
use crate::cache::protocol::witness::Witness;
use crate::cache::replacement::bank::Bank;
use crate::cache::run_error::RunError;
use crate::cache::splitmix::{SplitMix64, Stream};

/// How long the nodes have to elect their leaders before anybody asks.
const QUIET: Span = Span::from_secs(10);

/// How long a caller waits.
const WITHIN: Span = Span::from_secs(10);

/// Contents that a leader counts questions for.
const POPULAR_MAX: usize = 1024;

/// Every so many events one looks whether the user wants to stop.
const GLANCE: u64 = 4096;

pub(super) enum Happening {
    Town(Box<Event>),
    Call(Call),
    /// A task is accepted where it runs.
    Accept(u64),
    /// Its instance has started.
    Start(u64),
    Trouble(Trouble),
}

/// An operation that is under way.
#[derive(Debug, Clone, Copy)]
pub(super) struct Open {
    pub(super) call: Call,
    pub(super) began: Instant,
    pub(super) errand: Option<u64>,
}

pub(super) struct Play<'a, B> {
    pub(super) maker: Option<TaskMaker<'a>>,
    pub(super) errands: Errands,
    pub(super) ahead: Ahead,
    /// Steps of tasks that were planned meanwhile.
    pub(super) steps: Queue<Happening>,
    pub(super) protocol: &'a Protocol,
    /// Contents of each workload.
    pub(super) contents: u32,
    pub(super) topology: &'a Topology,
    /// The group of each receiver.
    pub(super) homes: Vec<GroupId>,
    /// The share of what another member served that is kept.
    pub(super) copy: f64,
    pub(super) town: Town,
    pub(super) events: Queue<Event>,
    pub(super) shelves: Shelves<B>,
    pub(super) sessions: Vec<Session>,
    pub(super) witness: Witness,
    pub(super) open: BTreeMap<RequestId, Open>,
    pub(super) requests: u64,
    pub(super) coins: SplitMix64,
    pub(super) tally: Tally,
    pub(super) counts: bool,
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
    let popular_max = if protocol.prefetch.popular { POPULAR_MAX } else { 0 };
    let conduct = Conduct { way: protocol.way, popular_max, ..Conduct::default() };
    let town = Town::new(topology, &homes, contents, conduct);
    let town = town.map_err(|apart| RunError::Apart(apart.0))?;
    let mut play = Play {
        maker: protocol.tasks.map(|tasks| TaskMaker::new(tasks, popularity, case.seed)),
        errands: Errands::default(),
        ahead: Ahead::new(protocol.prefetch, topology.receivers.len(), case.slots),
        steps: Queue::default(),
        contents: case.contents,
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
    play.tally.set_ahead(play.ahead.counts());
    Ok(play.tally.outcome())
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
                Happening::Accept(errand) => self.accept(now, errand, &mut news),
                Happening::Start(errand) => self.go_on(now, errand, &mut news),
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
            if is_last && self.open.is_empty() && self.errands.is_empty() {
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
        while let Some((at, step)) = self.steps.take() {
            agenda.plan(at, step);
        }
    }

    fn begin(&mut self, now: Instant, call: Call, news: &mut Vec<News>) {
        if call.counts && !self.counts {
            self.counts = true;
            self.tally = Tally::default();
            self.ahead.mark();
        }
        let node = self.topology.receivers[call.receiver];
        if !self.town.is_up(node) {
            // Its callers are in the same box.
            return self.tally.on_crash();
        }
        if !call.writes && self.maker.is_some() {
            return self.begin_task(now, call);
        }
        self.ask(now, call, None, news);
    }

    /// A caller reads or writes at its node.
    pub(super) fn ask(
        &mut self,
        now: Instant,
        call: Call,
        errand: Option<u64>,
        news: &mut Vec<News>,
    ) {
        let node = self.topology.receivers[call.receiver];
        self.requests += 1;
        let request = RequestId(self.requests);
        self.open.insert(request, Open { call, began: now, errand });
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
                    News::Arrived(node, content) if self.is_ahead(&news[place + 1..]) => {
                        self.on_fetched(now, *node, *content, &mut next);
                    }
                    News::Suggested(node, asked, total) => {
                        self.on_suggested(now, *node, asked, *total, &mut next);
                    }
                    News::Arrived(node, content) => {
                        if let Ok(member) = self.topology.receivers.binary_search(node) {
                            self.ahead.on_replaced(member, *content);
                        }
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

    pub(super) fn shelve(
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
        if self.ahead.end(request) {
            if let (Outcome::Read { origin, .. }, true) = (outcome, self.counts) {
                self.tally.on_fetched_ahead(*origin);
            }
            return;
        }
        let Some(&Open { call, began, errand }) = self.open.get(&request) else { return };
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
                if *origin == Origin::Local {
                    self.on_local(now, call, version, news);
                }
                self.on_task_read(call, errand, *origin);
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
            | Outcome::Changed(_)
            | Outcome::Unchanged(_)
            | Outcome::Undecided { .. } => {
                if call.counts {
                    self.tally.on_failure();
                }
            }
        }
        self.open.remove(&request);
        if let Some(errand) = errand {
            self.go_on(now, errand, news);
        }
    }

    fn on_trouble(&mut self, now: Instant, trouble: Trouble) {
        match trouble {
            Trouble::Crash(node) => {
                self.town.crash(node);
                let receivers = &self.topology.receivers;
                let Ok(receiver) = receivers.binary_search(&node) else { return };
                self.sessions[receiver] = Session::default();
                self.errands.on_crash(receiver);
                self.ahead.on_crash(now, receiver);
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
    pub(super) fn cache(&self, node: u32) -> Option<usize> {
        self.topology.caches.binary_search(&node).ok()
    }
}
