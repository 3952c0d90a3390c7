//! How tasks go through a run, and what is fetched ahead for them.

use swell_core::cachegroup::action::{Input, Origin, Outcome, Wish};
use swell_core::cachegroup::level::ReadLevel;
use swell_core::cachegroup::names::{ContentId, Version};
use swell_core::cachegroup::popular::Asked;
use swell_core::cachegroup::prefetch::prefetcher::Arrived;
use swell_core::cachegroup::session::Session;
use swell_core::ids::RequestId;
use swell_core::time::{Instant, Span};

use crate::cache::protocol::callers::Call;
use crate::cache::protocol::errands::Spot;
use crate::cache::protocol::homes::id;
use crate::cache::protocol::play::{Happening, Play};
use crate::cache::protocol::town::News;
use crate::cache::replacement::bank::Bank;

/// How long a read that fetches ahead may take.
const WITHIN: Span = Span::from_secs(10);

impl<B: Bank> Play<'_, B> {
    /// A task arrives at a receiver, and is given to a member of its group.
    pub(super) fn begin_task(&mut self, now: Instant, call: Call) {
        let Some(maker) = &mut self.maker else { return };
        let workload = self.topology.workloads[call.receiver];
        let first = workload * self.contents;
        let task = maker.make(call.content, workload, first);
        let mut place = (call.receiver, Span::ZERO);
        if self.protocol.prefetch.affinity {
            let group = self.homes[call.receiver];
            let arrived = self.topology.receivers[call.receiver];
            let source = self.town.source();
            let members = self.homes.iter().enumerate().filter(|(_, home)| **home == group);
            let spots: Vec<Spot> = members
                .map(|(member, _)| (member, self.topology.receivers[member]))
                .filter(|&(_, node)| self.town.is_up(node))
                .map(|(member, node)| Spot {
                    member,
                    node,
                    round_trip: self.town.distance(arrived, node) * 2,
                    to_store: self.town.distance(node, source) * 2,
                })
                .collect();
            let leader = self.topology.leaders[group.0 as usize];
            if let Some(table) = self.town.table(now, leader, group) {
                let chosen = self.errands.place(now, group, task.function, table, &spots);
                place = chosen.unwrap_or(place);
            }
        }
        let (member, round_trip) = place;
        let errand = self.errands.begin(task, member, round_trip, call.counts);
        let way = Span::from_nanos(round_trip.nanos() / 2);
        self.steps.plan(now + way, Happening::Accept(errand));
    }

    /// A task is accepted: what it will read is fetched while its instance starts.
    pub(super) fn accept(&mut self, now: Instant, errand: u64, news: &mut Vec<News>) {
        let Some(errands) = self.errands.get_mut(errand) else { return };
        let (member, function) = (errands.member, errands.function);
        let startup = self.protocol.tasks.map_or(Span::ZERO, |tasks| tasks.startup);
        self.steps.plan(now + startup, Happening::Start(errand));
        let node = self.topology.receivers[member];
        let town = &self.town;
        let is_here = |content| town.version(node, content).is_some();
        let fetches = self.ahead.on_task(now, member, function, is_here);
        self.fetch(now, member, &fetches, news);
        if let Some(most) = self.ahead.asks(now, member) {
            let group = self.homes[member];
            let input = Input::Suggest { group, most };
            self.town.tell(now, node, input, &mut self.events, news);
        }
    }

    /// What a leader suggested came.
    pub(super) fn on_suggested(
        &mut self,
        now: Instant,
        node: u32,
        asked: &[Asked],
        total: u64,
        news: &mut Vec<News>,
    ) {
        let Ok(member) = self.topology.receivers.binary_search(&node) else { return };
        let town = &self.town;
        let is_here = |content| town.version(node, content).is_some();
        let fetches = self.ahead.on_suggested(now, member, asked, total, is_here);
        self.fetch(now, member, &fetches, news);
    }

    fn fetch(&mut self, now: Instant, member: usize, contents: &[ContentId], news: &mut Vec<News>) {
        for &content in contents {
            self.requests += 1;
            let request = RequestId(self.requests);
            self.ahead.begin(request, member, content);
            let (group, level, session) =
                (self.homes[member], ReadLevel::Causal, Session::default());
            let wish = Wish { content, group, level, session, within: WITHIN };
            let node = self.topology.receivers[member];
            self.town.tell(now, node, Input::Read { request, wish }, &mut self.events, news);
        }
    }

    /// Whether the answer that follows is to a read that fetches ahead.
    pub(super) fn is_ahead(&self, following: &[News]) -> bool {
        let answered = following.iter().find_map(|news| match news {
            News::Answered(request, Outcome::Read { .. }) => Some(*request),
            _ => None,
        });
        answered.is_some_and(|request| self.ahead.is_ahead(request))
    }

    /// A copy that was fetched ahead is there.
    pub(super) fn on_fetched(
        &mut self,
        now: Instant,
        node: u32,
        content: ContentId,
        news: &mut Vec<News>,
    ) {
        let Ok(member) = self.topology.receivers.binary_search(&node) else { return };
        let Some(version) = self.town.version(node, content) else { return };
        match self.ahead.on_arrived(now, member, content, version) {
            Arrived::InRoom(gone) => {
                gone.into_iter().for_each(|gone| self.let_go(now, node, gone, news));
            }
            Arrived::Wanted => self.shelve(now, node, content, true, news),
            Arrived::Refused => self.let_go(now, node, (content, version), news),
        }
    }

    fn let_go(
        &mut self,
        now: Instant,
        node: u32,
        (content, version): (ContentId, Version),
        news: &mut Vec<News>,
    ) {
        let input = Input::Evicted { content, version };
        self.town.tell(now, node, input, &mut self.events, news);
    }

    /// A caller was given a copy of its node: what lay in the room goes to the others.
    pub(super) fn on_local(
        &mut self,
        now: Instant,
        call: Call,
        version: Version,
        news: &mut Vec<News>,
    ) {
        let node = self.topology.receivers[call.receiver];
        if self.ahead.on_used(call.receiver, id(call.content), version) {
            self.shelve(now, node, id(call.content), true, news);
        } else if let Some(cache) = self.cache(node) {
            self.shelves.on_use(cache, call.content);
        }
    }

    /// A task has read a content.
    pub(super) fn on_task_read(&mut self, call: Call, errand: Option<u64>, origin: Origin) {
        let Some(errand) = errand.and_then(|errand| self.errands.get_mut(errand)) else { return };
        errand.all_local &= origin == Origin::Local;
        let (function, content) = (errand.function, id(call.content));
        self.ahead.on_read(call.receiver, function, content);
        self.errands.on_read(self.homes[call.receiver], function, content);
    }

    /// A task reads what comes next, or ends.
    pub(super) fn go_on(&mut self, now: Instant, number: u64, news: &mut Vec<News>) {
        let Some(errand) = self.errands.get_mut(number) else { return };
        if errand.began == Instant::ZERO {
            errand.began = now;
        }
        let counts = errand.counts;
        if let Some((receiver, content)) = self.errands.next(number) {
            self.ahead.on_wanted(receiver, id(content));
            let call = Call { receiver, content, writes: false, counts };
            return self.ask(now, call, Some(number), news);
        }
        if let Some(errand) = self.errands.end(number)
            && errand.counts
        {
            self.tally.on_task(now.since(errand.began) + errand.way, errand.all_local);
        }
    }
}
