//! The question of the policies: what should move now?

use crate::sites::cluster::Cluster;
use crate::sites::demand::Demand;
use crate::sites::scenario::LIMIT;
use crate::sites::weather::Weather;

/// What is known in a minute.
#[derive(Debug, Clone, Copy)]
pub struct Minute<'a> {
    /// Which.
    pub minute: usize,
    /// What is asked for; a policy looks at minutes before this one only.
    pub demand: &'a Demand,
    /// Who hears whom.
    pub weather: &'a Weather,
}

impl Minute<'_> {
    /// How much of the day is over.
    pub fn day(&self) -> f32 {
        self.minute as f32 / self.demand.minutes.max(1) as f32
    }
}

/// What a policy did.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Deeds {
    /// Moves that were begun.
    pub moves: u64,
    /// Takeovers from sites that were lost.
    pub takeovers: u64,
    /// Moves that were taken back.
    pub undone: u64,
    /// Moves without which the source would not have been overloaded in the next hour.
    pub needless: u64,
    /// Moves that were for a slot, and had left their source before it; and those that had not.
    pub timely: u64,
    /// See `timely`.
    pub late: u64,
    /// Minutes from a proposal, or its cause, to when the destination took over; their sum.
    pub waited_minutes: u64,
    /// Moves in that sum.
    pub handed_over: u64,
    /// Proposals that came to nothing.
    pub refused: u64,
    /// Messages between sites.
    pub messages: u64,
    /// The largest share of all weight that a liar had at the end, in parts per million.
    pub liar_ppm: u32,
    /// Rounds until every liar was below a tenth, if that came about.
    pub liar_rounds: Option<u64>,
    /// How often a liar came back above a tenth after that.
    pub liar_relapses: u64,
    /// Share of the slots in which sites that hide what they used were doubted.
    pub caught: Option<f64>,
    /// Slots in which an honest site was.
    pub wronged: u64,
}

/// A way to relieve sites.
pub trait Policy {
    /// Does what it wants to before a minute is served.
    fn act(&mut self, now: Minute<'_>, cluster: &mut Cluster);

    /// What it did so far.
    fn deeds(&self) -> Deeds;
}

/// Whether a source would have been overloaded within the next hour, had a workload stayed.
pub fn was_needed(now: Minute<'_>, cluster: &Cluster, source: usize, workload: usize) -> bool {
    let mine: Vec<usize> = cluster.at(source).filter(|other| *other != workload).collect();
    let mut hour = now.minute..(now.minute + 60).min(now.demand.minutes);
    hour.any(|minute| {
        let stayed = mine.iter().copied().chain([workload]);
        now.demand.shares(source, stayed, minute).iter().any(|share| *share > LIMIT)
    })
}
