//! Feeding what was recorded to fresh minds: do they order the same again?
//!
//! That they do is the proof that a decision depends on settings, seed and news alone.
//! The same loop answers what another policy would have ordered: its mind is fed the same
//! news, and up to the first other order the two live in the same world. Wake-ups are the
//! one kind of news that a mind asks for itself, so the other policy is woken when it
//! wants to be, not when the recorded one was.

use crate::action::Action;
use crate::event::Event;
use crate::ids::SiteId;
use crate::journal::Record;
use crate::plausible::{self, Why};
use crate::site::Site;
use crate::time::Instant;

/// Wake-ups between two records that come to nothing, before it is taken for a mind that
/// never rests: a day of looking every tenth of a second.
const WAKES_MAX: u32 = 864_000;

/// Whose wake-ups count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wakes {
    /// Those of the journal: is it decided as it was?
    AsRecorded,
    /// Those the fresh mind asks for: what would it have ordered?
    AsWished,
}

/// Why a replay does not go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// The fresh mind decides otherwise.
    Differs(Box<Difference>),
    /// No truthful world tells that; the reason follows "it".
    Untrue(Why),
}

/// The first decision that is not the recorded one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// When.
    pub at: Instant,
    /// Whose.
    pub site: SiteId,
    /// What happened.
    pub event: Event,
    /// What was ordered when it was recorded.
    pub recorded: Vec<Action>,
    /// What the fresh mind orders.
    pub ordered: Vec<Action>,
}

/// Fresh minds that are fed a journal, record by record.
pub struct Replayer<'a> {
    sites: &'a mut [Site],
    wakes: Wakes,
    last: Instant,
    actions: Vec<Action>,
}

impl<'a> Replayer<'a> {
    /// A replay by these sites; `SiteId` is the index among them.
    pub fn new(sites: &'a mut [Site], wakes: Wakes) -> Self {
        Self { sites, wakes, last: Instant::ZERO, actions: Vec::new() }
    }

    /// Feeds one record. After a stop, the replay is over.
    pub fn feed(&mut self, record: &Record) -> Result<(), Stop> {
        if record.at < self.last {
            return Err(Stop::Untrue("comes earlier than the event before it"));
        }
        let Some(site) = self.sites.get(record.site.index()) else {
            return Err(Stop::Untrue("is for a site that the journal does not have"));
        };
        plausible::event(site.pool(), &record.event).map_err(Stop::Untrue)?;
        match self.wakes {
            Wakes::AsRecorded => self.decide(record)?,
            Wakes::AsWished => self.decide_awake(record)?,
        }
        self.last = record.at;
        Ok(())
    }

    /// Wakes the mind whenever it wished to be woken before the record, then feeds the
    /// record; a wake-up of the journal only if the mind wished it too.
    fn decide_awake(&mut self, record: &Record) -> Result<(), Stop> {
        let is_arrival = matches!(record.event, Event::RequestArrived { .. });
        let mut wakes = 0;
        while let Some(wish) = self.wish(record) {
            // A wish for a moment that is past is one for now. Of one moment, what was
            // under way comes first, then wake-ups, then arrivals.
            let wake = wish.max(self.last);
            if wake > record.at || (wake == record.at && !is_arrival) {
                break;
            }
            if wakes == WAKES_MAX {
                return Err(Stop::Untrue("comes after so many wake-ups that came to nothing"));
            }
            wakes += 1;
            self.last = wake;
            let event = Event::WokeUp;
            self.decide(&Record { at: wake, site: record.site, event, actions: Vec::new() })?;
            // One that was woken and wants nothing new is not woken again at that time.
            if self.wish(record) == Some(wish) {
                break;
            }
        }
        let unasked = self.wish(record).is_none_or(|wish| wish > record.at);
        if record.event != Event::WokeUp || !unasked {
            return self.decide(record);
        }
        if record.actions.is_empty() { Ok(()) } else { Err(self.difference(record)) }
    }

    fn wish(&self, record: &Record) -> Option<Instant> {
        self.sites[record.site.index()].next_wakeup()
    }

    fn decide(&mut self, record: &Record) -> Result<(), Stop> {
        self.actions.clear();
        let site = &mut self.sites[record.site.index()];
        site.handle(record.at, record.event.clone(), &mut self.actions);
        if self.actions == record.actions {
            self.actions.clear();
            return Ok(());
        }
        Err(self.difference(record))
    }

    fn difference(&mut self, record: &Record) -> Stop {
        let Record { at, site, event, actions } = record.clone();
        let ordered = std::mem::take(&mut self.actions);
        Stop::Differs(Box::new(Difference { at, site, event, recorded: actions, ordered }))
    }
}

/// How a replay of bytes in memory ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Replay {
    /// All records were decided again as they were.
    Same {
        /// How many records there were.
        records: u64,
    },
    /// The replay stopped at a record.
    Stopped {
        /// Its place, from 0.
        place: u64,
        /// Why.
        stop: Stop,
    },
    /// The bytes do not hold a record at that place.
    Broken {
        /// The place, from 0.
        place: u64,
    },
}

/// Feeds the records in `bytes` to fresh minds.
pub fn replay(mut bytes: &[u8], sites: &mut [Site]) -> Replay {
    let mut replayer = Replayer::new(sites, Wakes::AsRecorded);
    let mut place = 0;
    while !bytes.is_empty() {
        let Some((record, rest)) = Record::take(bytes) else {
            return Replay::Broken { place };
        };
        if let Err(stop) = replayer.feed(&record) {
            return Replay::Stopped { place, stop };
        }
        bytes = rest;
        place += 1;
    }
    Replay::Same { records: place }
}

#[cfg(test)]
mod tests {
    use crate::action::StopCause;
    use crate::ids::{FunctionId, InstanceId, RequestId};
    use crate::journal::{Journal, Recorder};
    use crate::settings::{FunctionSettings, SiteSettings};
    use crate::time::Span;
    use crate::units::Bytes;

    use super::*;

    fn site(policy: &str) -> [Site; 1] {
        let memory = Bytes::from_mb(1000);
        let settings = SiteSettings { memory, seed: 1, policy: policy.to_string() };
        [Site::new(&settings).expect("it is in the catalogue")]
    }

    fn instance() -> InstanceId {
        InstanceId { slot: 0, generation: 0 }
    }

    /// One call of one function, another an hour later, recorded under a policy that is
    /// woken when it wishes to be.
    fn recorded(policy: &str) -> Vec<Record> {
        let settings = Box::new(FunctionSettings::plain(Bytes::from_mb(100)));
        let (function, instance) = (FunctionId(0), instance());
        let arrival = |number| Event::RequestArrived { request: RequestId(number), function };
        let (request, took, run) = (RequestId(1), Span::from_secs(1), Span::from_secs(2));
        let news = [
            (0, Event::FunctionDeployed { function, settings }),
            (0, arrival(1)),
            (1, Event::InstanceStarted { instance, took }),
            (3, Event::InvocationFinished { instance, request, run }),
            (3600, arrival(2)),
        ];
        let mut sites = site(policy);
        let mut records = Vec::new();
        let mut tell = |at, event: Event| {
            let mut actions = Vec::new();
            sites[0].handle(at, event.clone(), &mut actions);
            records.push(Record { at, site: SiteId(0), event, actions });
            sites[0].next_wakeup()
        };
        let mut wake = None;
        for (seconds, event) in news {
            let at = Instant::ZERO + Span::from_secs(seconds);
            while let Some(early) = wake.filter(|early| *early < at) {
                wake = tell(early, Event::WokeUp);
            }
            wake = tell(at, event);
        }
        records
    }

    fn stop(records: &[Record], policy: &str, wakes: Wakes) -> Option<Stop> {
        let mut sites = site(policy);
        let mut replayer = Replayer::new(&mut sites, wakes);
        records.iter().find_map(|record| replayer.feed(record).err())
    }

    #[test]
    fn the_same_policy_decides_the_same() {
        for policy in ["lru", "fixed-ttl", "hazard", "hybrid-histogram"] {
            for wakes in [Wakes::AsRecorded, Wakes::AsWished] {
                assert_eq!(stop(&recorded(policy), policy, wakes), None, "{policy} {wakes:?}");
            }
        }
    }

    #[test]
    fn another_policy_is_woken_when_it_wishes() {
        let ends = |minutes| {
            let (instance, function, cause) = (instance(), FunctionId(0), StopCause::Expired);
            let at = Instant::ZERO + Span::from_secs(3) + Span::from_mins(minutes);
            (at, vec![Action::Stop { instance, function, cause }])
        };
        for (from, to, recorded_actions, ordered, at) in [
            // It wants to end the instance when the recorded one was not even woken.
            ("lru", "fixed-ttl", vec![], ends(10).1, ends(10).0),
            ("fixed-ttl", "fixed-ttl:ttl=5m", vec![], ends(5).1, ends(5).0),
            // It does not want to be woken when the recorded one ended the instance.
            ("fixed-ttl", "lru", ends(10).1, vec![], ends(10).0),
        ] {
            let stopped = stop(&recorded(from), to, Wakes::AsWished);
            let Some(Stop::Differs(difference)) = stopped else { panic!("{from} {to}") };
            assert_eq!(difference.event, Event::WokeUp);
            let found = (difference.recorded, difference.ordered, difference.at);
            assert_eq!(found, (recorded_actions, ordered, at), "{from} {to}");
        }
    }

    #[test]
    fn changed_journals_are_noticed() {
        let mut changed = recorded("lru");
        changed[1].actions.clear();
        assert!(matches!(stop(&changed, "lru", Wakes::AsRecorded), Some(Stop::Differs(_))));
        let change = |change: fn(&mut Vec<Record>)| {
            let mut records = recorded("lru");
            change(&mut records);
            stop(&records, "lru", Wakes::AsRecorded)
        };
        for (stopped, expected) in [
            (change(|records| records[0].at = Instant::NEVER), "comes earlier"),
            (change(|records| records[2].site = SiteId(1)), "is for a site"),
            (change(|records| records.swap(2, 3)), "tells of an answer"),
        ] {
            let Some(Stop::Untrue(why)) = stopped else { panic!("{expected}: {stopped:?}") };
            assert!(why.starts_with(expected), "{why}");
        }
    }

    #[test]
    fn bytes_are_replayed_whole_or_not_at_all() {
        let mut recorder = Recorder::default();
        let records = recorded("hazard");
        for record in &records {
            recorder.event(record.at, record.site, &record.event);
            recorder.actions(&record.actions);
        }
        let bytes = recorder.bytes();
        let count = records.len() as u64;
        assert_eq!(replay(bytes, &mut site("hazard")), Replay::Same { records: count });
        let cut = replay(&bytes[..bytes.len() - 1], &mut site("hazard"));
        assert_eq!(cut, Replay::Broken { place: count - 1 });
    }
}
