//! How alike the steps of a forecast miss, for functions that are shown in longer steps than the
//! node's: learned from forecasts that are over.

use std::collections::VecDeque;
use std::sync::Arc;

use swell_forecast::panel::Panel;
use swell_forecast::sums::Coupling;

use crate::demand::counter::Demand;
use crate::foresight::desk::Desk;
use crate::foresight::members::Member;
use crate::foresight::outlook::Outlook;

/// What its records are of.
const COUPLINGS: &str = "steps/couplings";

type Kept = Vec<(String, Coupling)>;

/// Takes up what an earlier run left. What cannot be read is learned anew.
pub fn open(demand: &Demand, desk: &Desk) {
    for (_, bytes) in demand.ledger.records(COUPLINGS).unwrap_or_default() {
        let kept: Kept = postcard::from_bytes(&bytes).unwrap_or_default();
        let sane = kept.into_iter().filter(|(_, coupling)| coupling.is_sane());
        desk.couplings.write().extend(sane.map(|(name, coupling)| (name.into(), coupling)));
    }
}

/// Has what is known written with the next writing.
pub fn keep(demand: &Demand, desk: &Desk) {
    let couplings = desk.couplings.read();
    if !couplings.is_empty() {
        let kept: Kept = couplings.iter().map(|(name, one)| (name.to_string(), *one)).collect();
        let bytes = postcard::to_allocvec(&kept).expect("a vector takes all");
        demand.note(COUPLINGS, "all".to_string(), bytes);
    }
}

/// Holds the last forecast that is over against what came.
pub fn learn(
    origin: u64,
    panel: &Panel,
    members: &[Member],
    recent: &VecDeque<Arc<Outlook>>,
    desk: &Desk,
) {
    let mut couplings = desk.couplings.write();
    let is_wanted = |name: &str| {
        let found = members.binary_search_by(|one| (*one.name).cmp(name));
        found.is_ok_and(|place| members[place].has_own_step)
    };
    couplings.retain(|name, _| is_wanted(name));
    for (member, counts) in members.iter().zip(&panel.members) {
        if !member.has_own_step {
            continue;
        }
        let over = recent.iter().find_map(|outlook| {
            let row = outlook.row(&member.name)?;
            let steps = row.forecast.steps.len() as u64;
            (outlook.origin + steps == origin).then_some(&row.forecast.steps)
        });
        let Some(said) = over.filter(|said| said.len() <= panel.len()) else { continue };
        let first = panel.len() - said.len();
        let came: Vec<_> = (first..panel.len()).map(|step| counts.counts.get(step)).collect();
        couplings.entry(member.name.clone()).or_default().learn(said, &came);
    }
}
