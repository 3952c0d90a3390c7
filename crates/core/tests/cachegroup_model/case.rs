//! What a model plays: who is there, what they want, and what may go wrong.

use swell_core::cachegroup::conduct::Conduct;
use swell_core::cachegroup::level::{Acknowledgement, ReadLevel};
use swell_core::cachegroup::names::{ContentId, GroupId};
use swell_core::cachegroup::timing::Timing;
use swell_core::time::Span;

use crate::flaw::Flaw;

pub(crate) const X: ContentId = ContentId(1);
pub(crate) const Y: ContentId = ContentId(2);
pub(crate) const G: GroupId = GroupId(1);
pub(crate) const H: GroupId = GroupId(2);

/// One thing a client does; the next begins when this one has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Step {
    Read(ContentId, ReadLevel),
    Write(ContentId, Acknowledgement),
    /// Locks the first content, reads the second, and makes the first from that.
    Derive(ContentId, ContentId),
}

/// What has happened before anything is explored, one after the other and without a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Before {
    /// A client's next step has ended.
    Step(usize),
    /// A client's next step has come so far that this is under way.
    StepUntil(usize, Halt),
    /// The data store went away.
    Outage,
    /// The data store came back.
    Return,
    /// What is under way to this node arrives there, and nothing that follows from it.
    Arrive(usize),
    /// A lease has passed.
    Tick,
    /// The leader was told that a node has the newest version of a content, which is not true.
    Lie(ContentId, usize),
    /// The copy of a content had to make room at a node, and all have heard of it.
    Evict(ContentId, usize),
    /// The next content that moves has moved.
    Move,
    /// A node stands for election, and this is under way.
    Stand(usize, Halt),
    /// A node does what is due, and all that follows has arrived.
    Wake(usize),
    /// What goes to these nodes from now on is lost.
    Cut(&'static [usize]),
    /// The change of voters was ordered, and all that follows has arrived, or this is under way.
    Change(Option<Halt>),
}

/// What is under way, and has not arrived, where the exploring begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Halt {
    Lock,
    Grant,
    Upload,
    Commit,
    Free,
    Copy,
    Promise,
    Data,
    Lease,
    Reseat,
}

/// One who reads and writes, in one session, at one node or another.
#[derive(Debug, Clone)]
pub(crate) struct Client {
    /// At which node, and what.
    pub(crate) steps: Vec<(usize, Step)>,
}

/// A group and who votes in it.
#[derive(Debug, Clone)]
pub(crate) struct Group {
    pub(crate) group: GroupId,
    pub(crate) voters: Vec<u32>,
}

/// What is played.
#[derive(Debug, Clone)]
pub(crate) struct Case {
    pub(crate) flaw: Flaw,
    pub(crate) nodes: usize,
    pub(crate) groups: Vec<Group>,
    /// Where a content is supposed to be.
    pub(crate) home: fn(ContentId) -> GroupId,
    pub(crate) clients: Vec<Client>,
    pub(crate) timing: Timing,
    pub(crate) conduct: Conduct,
    /// How many leases the time may go on for.
    pub(crate) ticks: u64,
    /// Whether each group has a leader, its first voter, before anything else happens.
    pub(crate) is_elected: bool,
    /// Contents that the leader has looked up before anything else happens.
    pub(crate) known: Vec<ContentId>,
    /// What happened next.
    pub(crate) before: Vec<Before>,
    /// Nodes whose timers may go off within a lease.
    pub(crate) timers: Vec<usize>,
    /// Nodes that may crash, and be started anew, so often in all.
    pub(crate) crashing: Vec<usize>,
    pub(crate) crashes: u8,
    /// How often the data store may go away, and come back.
    pub(crate) outages: u8,
    /// Who is to vote in a group in place of the first list, once somebody orders that.
    pub(crate) change: Option<(GroupId, Vec<u32>)>,
    /// Nodes whose settings name other voters than those the groups began with.
    pub(crate) settings: Vec<(usize, Vec<u32>)>,
    /// Contents that their group's leader may give to another group, one after the other.
    pub(crate) moves: Vec<(ContentId, GroupId, GroupId)>,
    /// Whether all has to end well from every state.
    pub(crate) must_end: bool,
    /// Beyond so many tokens and fences in a reign nothing new is looked for.
    pub(crate) tokens: u64,
}

/// Nanoseconds in a tick: a lease.
pub(crate) const TICK: u64 = 1000;
/// When in a tick timers go off. Less than the margin, as a message sent then may arrive on the
/// clock of the tick's beginning.
pub(crate) const LATE: u64 = 300;

/// Spans such that a lease ends with its tick, and all that is due within a tick goes off
/// when its node's timers do. What is longer than that never happens while states are explored,
/// and happens when a run is brought to its end.
pub(crate) fn timing() -> Timing {
    Timing {
        lease: Span::from_nanos(TICK),
        lease_renewal: Span::from_nanos(350),
        margin: Span::from_nanos(400),
        stagger: Span::from_nanos(100),
        lock: Span::from_nanos(100),
        lock_renewal: Span::from_nanos(350),
        retry: Span::from_nanos(100),
        patience: Span::from_nanos(5 * TICK),
        leader_timeout: Span::from_nanos(350),
        member_timeout: Span::from_nanos(350),
        store_timeout: Span::from_nanos(350),
    }
}

impl Case {
    /// One content, one group with two voters, two writers and a strict reader at nodes that do
    /// not vote.
    pub(crate) fn one_content(flaw: Flaw) -> Self {
        let write = Step::Write(X, Acknowledgement::Committed);
        Self {
            flaw,
            nodes: 4,
            groups: vec![Group { group: G, voters: vec![0, 1] }],
            home: |_| G,
            clients: vec![
                Client { steps: vec![(2, write)] },
                Client { steps: vec![(3, write)] },
                Client { steps: vec![(2, Step::Read(X, ReadLevel::Strict))] },
            ],
            timing: timing(),
            conduct: Conduct::default(),
            ticks: 0,
            is_elected: true,
            known: vec![X],
            before: Vec::new(),
            timers: vec![0, 2, 3],
            crashing: Vec::new(),
            crashes: 0,
            outages: 0,
            change: None,
            settings: Vec::new(),
            moves: Vec::new(),
            must_end: false,
            tokens: 3,
        }
    }
}
