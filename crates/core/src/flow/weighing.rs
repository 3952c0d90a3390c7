//! What was weighed when a FIFO was looked at closely: all who could own it, each with what speaks
//! for it and why it was passed over. It is kept, so that a person can be told.

use std::collections::BTreeMap;

use crate::flow::target::worth;
use crate::flow::view::{OwnerId, Party, View};
use crate::flow::wait::usage_at;
use crate::time::{Instant, Span};

/// One who could own a FIFO, as it was weighed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Weighed {
    /// Who.
    pub owner: OwnerId,
    /// Whether it can be chosen.
    pub standing: Standing,
    /// What it is worth as a target, see [`worth`].
    pub worth: f64,
    /// The share of its scarcest resource that is free.
    pub headroom: f64,
    /// As [`Party::dependency`].
    pub dependency: f64,
    /// As [`Party::proximity`].
    pub nearness: f64,
    /// What a change to it would bring; nothing where the rule does not ask.
    pub balance: Option<Balance>,
}

/// Whether one can be chosen who could own a FIFO, and why not.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Standing {
    /// It can.
    Fit,
    /// It does not answer.
    Away,
    /// Its node says that it does not, said nothing lately, or rests after a try that failed.
    Unheard,
    /// It gets none by a decision.
    Barred,
    /// There is no memory for it.
    NoRoom,
    /// With the FIFO it would have too much in use, and how much is the most.
    Full {
        /// What it would have, as a share.
        with: f64,
        /// The most.
        most: f64,
    },
    /// It has no less in use than the owner.
    Busier {
        /// What it has, as a share.
        usage: f64,
        /// What the owner has.
        owner: f64,
    },
    /// It would bring too little.
    Unpaid,
}

/// What a change brings and costs, in the time that items wait, added up over all of them.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Balance {
    /// What items wait less, in items times seconds.
    pub gain: f64,
    /// What they wait for the change, likewise.
    pub cost: f64,
    /// The gain that is asked for.
    pub needed: f64,
    /// How long the change is expected to take.
    pub pause: Span,
    /// How long the gain is counted for.
    pub horizon: Span,
}

impl Balance {
    /// Whether it brings enough.
    pub fn pays(&self) -> bool {
        self.gain >= self.needed
    }
}

/// What came of looking after an owner that gets nothing done.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Finding {
    /// Its FIFO was taken from one not long ago, and rests.
    Rests {
        /// Until when.
        until: Instant,
    },
    /// Nobody else can have it.
    NoHeir,
    /// Others change hands first.
    OverBudget,
    /// It is changing hands already.
    UnderWay,
    /// This one gets it.
    Heir(OwnerId),
}

/// Weighs all who could own a FIFO, in their order: those fit that can own it at all.
pub fn weigh(view: &View<'_>, weighed: &mut Vec<Weighed>) {
    weighed.clear();
    weighed.extend(view.others.iter().map(|party| Weighed {
        owner: party.owner,
        standing: standing(party),
        worth: worth(party),
        headroom: (1.0 - party.usage()).clamp(0.0, 1.0),
        dependency: party.dependency,
        nearness: party.proximity,
        balance: None,
    }));
}

/// The same: those fit that would have no more than this share of their resources in use with it.
pub fn weigh_room(view: &View<'_>, most: f64, weighed: &mut Vec<Weighed>) {
    weigh(view, weighed);
    for (one, party) in weighed.iter_mut().zip(view.others) {
        let with = usage_at(party, view.sample);
        if one.standing == Standing::Fit && with > most {
            one.standing = Standing::Full { with, most };
        }
    }
}

fn standing(party: &Party) -> Standing {
    match (party.is_alive, party.may_own, party.has_room) {
        (false, ..) if party.is_abroad => Standing::Unheard,
        (false, ..) => Standing::Away,
        (true, false, _) => Standing::Barred,
        (true, true, false) => Standing::NoRoom,
        (true, true, true) => Standing::Fit,
    }
}

/// Those of a view that were found fit.
pub fn fit<'a>(
    view: &View<'a>,
    weighed: &'a [Weighed],
) -> impl Iterator<Item = &'a Party> + use<'a> {
    let both = view.others.iter().zip(weighed);
    both.filter(|(_, one)| one.standing == Standing::Fit).map(|(party, _)| party)
}

/// The best of those who are here, or of those at other nodes: one that it was not taken from of late
/// before one that it was, and then the longest ago; of equals the first, so that the same is chosen
/// each time.
pub(crate) fn heir(
    view: &View<'_>,
    weighed: &[Weighed],
    left: &BTreeMap<OwnerId, Instant>,
    is_abroad: bool,
) -> Option<Party> {
    let all = fit(view, weighed).filter(|party| party.is_abroad == is_abroad);
    let taken = |party: &Party| left.get(&party.owner);
    let best = all.max_by(|a, b| {
        let sooner = taken(b).cmp(&taken(a));
        sooner.then(worth(a).total_cmp(&worth(b))).then(b.owner.cmp(&a.owner))
    });
    best.copied()
}
