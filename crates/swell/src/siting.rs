//! Sites and proposals as people read them.

use swell_api::site::{Expected, Proposal, Site, Utilisation};

use crate::figure::moment;
use crate::listing::facts;

/// `83 %`.
pub fn percent(share: f64) -> String {
    format!("{:.0} %", share * 100.0)
}

/// The fullest slot ahead.
pub fn peak(of: &Utilisation) -> Option<&Expected> {
    of.expected.iter().max_by(|one, other| one.high.total_cmp(&other.high))
}

/// A figure of each metric of a site: alone where it is the processor's, else with its name.
pub fn parts(site: &Site, figure: impl Fn(&Utilisation) -> Option<String>) -> String {
    let one = |of: &Utilisation| {
        let figure = figure(of)?;
        Some(if of.metric == "cpu" { figure } else { format!("{} {figure}", of.metric) })
    };
    site.utilisation.iter().filter_map(one).collect::<Vec<_>>().join(", ")
}

/// A proposal from beginning to end.
pub fn story(proposal: &Proposal) -> String {
    let Proposal { source, destination, .. } = proposal;
    let votes = proposal.votes.iter().map(|vote| {
        let said = match vote.yes {
            Some(true) => "yes",
            Some(false) => "no",
            None => "nothing yet",
        };
        let why = vote.reason.as_ref().map_or_else(String::new, |why| format!(": {why}"));
        format!("{} ({}) {said}{why}", vote.site, percent(vote.weight))
    });
    let story = proposal.timeline.iter().map(|one| format!("{}  {}", moment(one.at_ms), one.what));
    let late = proposal.late_ms.map(|late| format!(", {:.1} s too late", late as f64 / 1e3));
    let left = proposal.left_ms.map(|left| format!("{}{}", moment(left), late.unwrap_or_default()));
    let left = left.unwrap_or_default();
    // Where nobody measured it, there is nothing to say.
    let way = match proposal.away_ms {
        0.0 => String::new(),
        away => format!("{away:.1} ms to {destination} and back"),
    };
    facts(&[
        ("Proposal", proposal.id.to_string()),
        ("State", proposal.state.clone()),
        ("Trouble", proposal.trouble.clone().unwrap_or_default()),
        ("Moves", format!("{} from {source} to {destination}", proposal.workloads.join(", "))),
        ("Cause", proposal.cause.clone()),
        ("Way", way),
        ("Helps if", proposal.criterion.clone()),
        ("Else", proposal.rollback.clone()),
        ("Decided by", moment(proposal.deadline_ms)),
        ("Needed by", proposal.needed_ms.map(moment).unwrap_or_default()),
        ("Left", left),
        (
            "Bar",
            format!(
                "more than {} of all weight, {} sites",
                percent(proposal.theta),
                proposal.sites_min
            ),
        ),
        ("Yes", percent(proposal.yes)),
        ("Votes", votes.collect::<Vec<_>>().join("\n")),
        ("Story", story.collect::<Vec<_>>().join("\n")),
    ])
}
