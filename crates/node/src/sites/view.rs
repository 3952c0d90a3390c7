//! The council's state as the API tells it.

use std::fmt::Write;
use std::time::Duration;

use swell_api::site::{
    Authority, Cluster, ClusterState, Expected, Happening, MaintenanceWindow, NodeOfSite, Proposal,
    ResourceHealth, Site as Told, Utilisation, Vote,
};
use swell_consensus::log::Standing;
use swell_core::council::arrival::{arrived, lateness, needed};
use swell_core::council::ballot::Tally;
use swell_core::council::maintenance::Window;
use swell_core::council::movement::Phase;
use swell_core::council::proposal::Outcome;
use swell_core::council::state::{Proposal as Open, State};
use swell_core::council::weighing::standing;
use swell_core::council::words::{Metric, ProposalId};
use swell_core::ids::SiteId;
use swell_core::time::Instant;
use swell_forecast::bands::{HIGH, LOW, MEDIAN};
use swell_outlook::board::NodeCard;
use swell_outlook::maintained::chance_of_failure;
use swell_outlook::monitor::Monitor;
use swell_outlook::naming::Names;
use swell_outlook::quantiles::chance_of_overload;
use swell_site::site::Site;

use crate::sites::identity::Identity;
use crate::sites::noticing::told;
use crate::sites::telling::{
    begun, cause, criterion, criticality, end, mode, ms, outcome, reason, rollback, share, slot_ms,
    step, trouble, trouble_of,
};

/// Slots that are shown ahead.
const SHOWN: usize = 12;

/// All sites, as one of them sees them.
pub fn cluster(site: &Site, name: &str, me: &str) -> Cluster {
    let log = site.log();
    let (leadership, members) = (*log.leadership().borrow(), log.membership());
    let (now, trouble) = (site.standing(), site.trouble());
    let leader = (now == Standing::Deciding).then_some(leadership.leader).flatten();
    let (names, contacts) = (site.names(), site.contacts());
    let own = site.board().contact;
    site.look(|state, monitor| {
        let weights = standing(state, Metric::Cpu);
        let sites = state.members.keys().map(|id| {
            let is_me = *id == site.me();
            let contact = if is_me { Some(&own) } else { contacts.get(id) };
            let holds = |holder: SiteId| holder == *id;
            let held = state.workloads.values().filter(|known| holds(known.authority.holder));
            Told {
                name: names.site(*id),
                gateway: contact.map(|contact| contact.gateway.clone()),
                is_reached: site.is_reached(*id),
                is_voter: members.voters.contains(id),
                weight: share(weights.get(id).copied().unwrap_or(0)),
                failure_chance: chance_of_failure(state, monitor, *id).into(),
                maintenance: maintenance(state, *id),
                resource: site.resource_trip(*id).map(health),
                workloads: held.count() as u32,
                utilisation: utilisation(state, monitor, *id),
                nodes: site.nodes_of(*id).into_iter().map(node).collect(),
            }
        });
        let mut sites: Vec<Told> = sites.collect();
        sites.sort_by(|one, other| one.name.cmp(&other.name));
        let is_member = state.members.contains_key(&site.me());
        Cluster {
            name: name.to_string(),
            site: me.to_string(),
            state: match now {
                Standing::Stopped(_) => ClusterState::Stopped,
                _ if !is_member => ClusterState::Joining,
                Standing::CutOff => ClusterState::CutOff,
                Standing::Deciding => ClusterState::Deciding,
            },
            leader: leader.map(|leader| names.site(leader)),
            mode: Some(mode(state.mode)),
            now_ms: Some(ms(state.now)),
            slot_ms: Some(state.rules.slot.nanos() / 1_000_000),
            applied: Some(state.index),
            trouble,
            sites,
            anomalies: monitor
                .oddities()
                .noticed()
                .map(|one| told(one, state.rules.slot))
                .collect(),
        }
    })
}

/// The windows of maintenance of a site that are not over, the first first.
fn maintenance(state: &State, site: SiteId) -> Vec<MaintenanceWindow> {
    let mut windows = state.maintenance.of(site).to_vec();
    windows.retain(|of| of.until > state.slot());
    windows.sort_unstable();
    let told = |of: &Window| MaintenanceWindow {
        from_ms: slot_ms(of.from, state.rules.slot),
        until_ms: slot_ms(of.until, state.rules.slot),
        left: share(of.left_ppm),
    };
    windows.iter().map(told).collect()
}

/// How another site answered over the resource channel at the end of the last slot.
fn health(trip: Option<Duration>) -> ResourceHealth {
    let round_ms = trip.map(|trip| trip.as_secs_f64() * 1e3);
    ResourceHealth { answers: trip.is_some(), round_ms }
}

fn node(card: NodeCard) -> NodeOfSite {
    let NodeCard { name, is_there, cpu_milli, used_milli } = card;
    NodeOfSite { name, is_there, cpu_milli, used: used_milli as f64 / cpu_milli.max(1) as f64 }
}

/// A site that did not come up, named as far as it is known which.
pub fn stopped(identity: Option<Identity>, why: String) -> Cluster {
    let named = identity.map(|identity| (identity.cluster, identity.contact.name));
    let (name, site) = named.unwrap_or_default();
    Cluster {
        name,
        site,
        state: ClusterState::Stopped,
        leader: None,
        mode: None,
        now_ms: None,
        slot_ms: None,
        applied: None,
        trouble: Some(why),
        sites: Vec::new(),
        anomalies: Vec::new(),
    }
}

fn utilisation(state: &State, monitor: &Monitor, site: SiteId) -> Vec<Utilisation> {
    let capacity = state.members.get(&site).map(|member| member.capacity).unwrap_or_default();
    let limited = Metric::ALL.into_iter().filter(|metric| capacity.of(*metric) > 0);
    let row = |metric: Metric| {
        let most = capacity.of(metric) as f32;
        let (limit, all) = (state.rules.limit_ppm, capacity.of(metric));
        let loads = monitor.load(state, site, metric, state.slot(), SHOWN);
        let steps = (0..).zip(&loads).map(|(ahead, load)| {
            let slot = state.slot().plus(ahead);
            let left = state.maintenance.left_ppm(site, slot);
            let part = |load: f32| match left {
                // All of it is gone, and what it takes comes on top.
                0 => 1.0 + f64::from(load / most),
                left => f64::from(load / most) / share(left),
            };
            Expected {
                at_ms: slot_ms(slot, state.rules.slot),
                low: part(load[LOW]),
                middle: part(load[MEDIAN]),
                high: part(load[HIGH]),
                overload_chance: chance_of_overload(load, all, limit, left).into(),
            }
        });
        Utilisation {
            metric: metric.name().to_string(),
            capacity: capacity.of(metric),
            seen: monitor.seen_ppm(state, site, metric).map(share),
            expected: steps.collect(),
        }
    };
    limited.map(row).collect()
}

/// Who has authority over what.
pub fn authorities(state: &State, names: &Names) -> Vec<Authority> {
    let row = |(id, known): (&_, &swell_core::council::workload::Workload)| {
        let [cpu_milli, memory_mib, network_kbit, io_ops] = known.demand.0;
        let rests = known.rests_until;
        Authority {
            workload: names.workload(*id),
            holder: names.site(known.authority.holder),
            epoch: known.authority.epoch.0,
            lease_until_ms: ms(known.authority.lease_until),
            criticality: criticality(known.criticality).to_string(),
            mode: mode(state.mode_of(*id)),
            cpu_milli,
            memory_mib,
            network_kbit,
            io_ops,
            rests_until_ms: (rests > state.now).then(|| ms(rests)),
            moving: state.transit(*id).map(|proposal| proposal.0),
        }
    };
    let mut rows: Vec<Authority> = state.workloads.iter().map(row).collect();
    rows.sort_by(|one, other| one.workload.cmp(&other.workload));
    rows
}

/// All proposals that are remembered, the newest first.
pub fn proposals(state: &State, names: &Names) -> Vec<Proposal> {
    let open = state.open.iter().map(|(id, open)| proposal(state, names, *id, open, None));
    let ended = state.ended.iter().map(|(id, ended)| {
        proposal(state, names, *id, &ended.proposal, Some((ended.outcome, ended.at)))
    });
    let mut all: Vec<Proposal> = open.chain(ended).collect();
    all.sort_by_key(|proposal| std::cmp::Reverse(proposal.id));
    all
}

/// One proposal.
pub fn one(state: &State, names: &Names, id: u64) -> Option<Proposal> {
    let id = ProposalId(id);
    if let Some(open) = state.open.get(&id) {
        return Some(proposal(state, names, id, open, None));
    }
    let ended = state.ended.get(&id)?;
    Some(proposal(state, names, id, &ended.proposal, Some((ended.outcome, ended.at))))
}

fn proposal(
    state: &State,
    names: &Names,
    id: ProposalId,
    open: &Open,
    ended: Option<(Outcome, Instant)>,
) -> Proposal {
    let filing = &open.filing;
    let (source, destination) = (names.site(filing.source), names.site(filing.destination));
    let phase = open.movement.map(|movement| movement.phase);
    let going_back = match phase {
        Some(Phase::Returning(why)) if ended.is_none() => Some(why),
        _ => None,
    };
    let why = ended.and_then(|(outcome, _)| trouble_of(outcome)).or(going_back);
    let length = state.rules.slot;
    let total = open.ballot.weight().max(1) as f64;
    let weighed = |weight: u64| weight as f64 / total;
    let vote = |(site, weight): (&SiteId, &u32)| {
        let vote = open.ballot.votes.get(site);
        Vote {
            site: names.site(*site),
            weight: weighed((*weight).into()),
            yes: vote.map(|vote| vote.yes),
            reason: vote.map(|vote| reason(vote.reason, open.filing.cause).to_string()),
        }
    };
    Proposal {
        id: id.0,
        state: match (ended, phase) {
            (Some((of, _)), _) => outcome(of),
            (None, Some(phase)) => step(phase),
            (None, None) if open.ballot.tally() == Tally::Approved => "waiting",
            (None, None) => "voting",
        }
        .to_string(),
        is_ended: ended.is_some(),
        trouble: why.map(|why| {
            let said = open.why.as_ref().map(|said| format!(": {said}")).unwrap_or_default();
            format!("{}{said}", trouble(why))
        }),
        workloads: filing.workloads.keys().map(|workload| names.workload(*workload)).collect(),
        proposer: names.site(open.proposer),
        filed_ms: ms(open.filed),
        deadline_ms: ms(filing.deadline),
        needed_ms: needed(filing).map(|slot| slot_ms(slot, length)),
        left_ms: arrived(open).map(ms),
        late_ms: lateness(open, length).map(|late| late.nanos() / 1_000_000),
        cause: cause(filing.cause, open.predicted_ppm, &source, state.rules.slot),
        away_ms: f64::from(state.ways.round_us(filing.source, filing.destination)) / 1e3,
        criterion: criterion(&filing.criterion, names),
        rollback: rollback(filing.rollback).to_string(),
        criticality: criticality(open.criticality).to_string(),
        theta: share(open.ballot.theta_ppm),
        sites_min: open.ballot.sites_min as u32,
        yes: weighed(open.ballot.weight_of(true)),
        votes: open.ballot.weights.iter().map(vote).collect(),
        timeline: timeline(state, names, open, ended, (&source, &destination)),
        source,
        destination,
    }
}

fn timeline(
    state: &State,
    names: &Names,
    open: &Open,
    ended: Option<(Outcome, Instant)>,
    places: (&str, &str),
) -> Vec<Happening> {
    let (source, destination) = places;
    let mut told = vec![(
        open.filed,
        format!("`{}` proposed to move it to `{destination}`", names.site(open.proposer)),
    )];
    for (site, vote) in &open.ballot.votes {
        let said = if vote.yes { "yes" } else { "no" };
        let why = reason(vote.reason, open.filing.cause);
        told.push((vote.at, format!("`{}` voted {said}: {why}", names.site(*site))));
    }
    told.sort_by_key(|(at, _)| *at);
    let late = lateness(open, state.rules.slot);
    // Said of the first step once all traffic has left, and at the end.
    let mut untold = late;
    for passed in &open.passed {
        let mut what = begun(passed.phase, state.rules.shifts, (source, destination));
        let has_left = matches!(passed.phase, Phase::Draining | Phase::Watching { .. });
        if let Some(late) = untold.take_if(|_| has_left) {
            let _ = write!(what, "; that is {late} too late");
        }
        told.push((passed.at, what));
    }
    if let Some((outcome, at)) = ended {
        let late = late.map(|late| format!(", {late} late")).unwrap_or_default();
        told.push((at, format!("{}{late}", end(outcome))));
    }
    told.into_iter().map(|(at, what)| Happening { at_ms: ms(at), what }).collect()
}
