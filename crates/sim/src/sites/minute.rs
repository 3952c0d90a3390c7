//! The question of the policies: what should move now?

use crate::sites::cluster::Cluster;
use crate::sites::demand::Demand;
use crate::sites::foresight::Foresight;
use crate::sites::weather::Weather;

/// What is known in a minute.
#[derive(Debug, Clone, Copy)]
pub struct Minute<'a> {
    /// Which.
    pub minute: usize,
    /// What is asked for; a policy looks at minutes before this one only.
    pub demand: &'a Demand,
    /// What forecasters say.
    pub foresight: &'a Foresight,
    /// Who hears whom.
    pub weather: &'a Weather,
}

/// What a policy did.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Deeds {
    /// Moves that were begun.
    pub moves: u64,
    /// Moves that were taken back.
    pub undone: u64,
    /// Moves without which the source would not have been overloaded in the next hour.
    pub needless: u64,
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
    let hour = now.minute..(now.minute + 60).min(now.demand.minutes);
    hour.into_iter().any(|minute| {
        let load = |workload: &usize| now.demand.loads[*workload][minute];
        let stayed: f32 = mine.iter().map(load).sum::<f32>() + load(&workload);
        stayed > crate::sites::scenario::LIMIT * now.demand.capacity[source]
    })
}
