//! What this site expects of all sites and workloads, and what moves in shadow mode would have
//! come to.

use swell_api::site_outlook::{
    Curve, CurveStep, ShadowFill, ShadowMove, ShadowReceipt, ShadowSite, SiteOutlook,
};
use swell_core::council::state::State;
use swell_core::council::words::{Metric, Slot, WHOLE_PPM};
use swell_core::ids::SiteId;
use swell_core::time::Span;
use swell_forecast::bands::{LEVELS, Quantiles};
use swell_outlook::history::Source;
use swell_outlook::monitor::Monitor;
use swell_outlook::naming::{Names, site_id, workload_id};
use swell_outlook::quantiles::chance_of_overload;
use swell_site::receipt::{Fill, Judged, Receipt, Verdict, receipt};
use swell_site::site::Site;

use crate::api::context::Only;
use crate::refusal::{Reason, Refusal};
use crate::sites::telling::{mode, ms, share, slot_ms};

/// Every curve that is asked for, or why there is none such.
pub fn asked(site: &Site, only: Only<'_>) -> Result<SiteOutlook, Refusal> {
    let names = site.names();
    let unknown = |what: String, command: &str| {
        let refusal = Refusal::new(Reason::NotFound, format!("there is no {what}"));
        Err(refusal.hint(format!("`swell {command} list` shows those that are")))
    };
    site.look(|state, monitor| {
        if let Some(of) = only.site.filter(|of| !state.members.contains_key(&site_id(of))) {
            return unknown(format!("site `{of}` in this cluster"), "site");
        }
        let has = |workload: &&str| state.workloads.contains_key(&workload_id(workload));
        if let Some(workload) = only.workload.filter(|workload| !has(workload)) {
            return unknown(format!("workload `{workload}`"), "authority");
        }
        let has = |node: &&str| monitor.crew().nodes().any(|(_, known)| known.name == **node);
        if let Some(node) = only.node.filter(|node| !has(node)) {
            let what = format!("node `{node}` of which this site has seen two slots");
            return unknown(what, "site node");
        }
        Ok(outlook(state, (monitor, site.me()), &names, only))
    })
}

/// Every curve that is asked for, as a site sees them: sites first, each by name.
fn outlook(
    state: &State,
    (monitor, me): (&Monitor, SiteId),
    names: &Names,
    only: Only<'_>,
) -> SiteOutlook {
    let mut curves = Vec::new();
    let own = names.site(me);
    if only.workload.is_none() && only.site.is_none_or(|wanted| wanted == own) {
        curves.extend(node_curves(state, monitor, &own, only.node));
    }
    if only.workload.is_none() && only.node.is_none() {
        for site in state.members.keys() {
            let (of, name) = (Source::Rest(*site), names.site(*site));
            if only.site.is_some_and(|wanted| wanted != name) {
                continue;
            }
            curves.extend(
                Metric::ALL
                    .into_iter()
                    .filter_map(|metric| curve(state, monitor, (of, metric), (None, name.clone()))),
            );
        }
    }
    for (id, known) in state.workloads.iter().filter(|_| only.node.is_none()) {
        let (workload, site) = (names.workload(*id), names.site(known.authority.holder));
        let is_other = only.workload.is_some_and(|wanted| wanted != workload);
        if is_other || only.site.is_some_and(|wanted| wanted != site) {
            continue;
        }
        curves.extend(Metric::ALL.into_iter().filter_map(|metric| {
            let place = (Some(workload.clone()), site.clone());
            curve(state, monitor, (Source::Workload(*id), metric), place)
        }));
    }
    let order = |of: &Curve| (of.workload.clone(), of.site.clone(), of.node.clone());
    curves.sort_by_key(order);
    SiteOutlook {
        site: names.site(me),
        slot_ms: state.rules.slot.nanos() / 1_000_000,
        levels: LEVELS.iter().map(|level| round(*level)).collect(),
        curves,
    }
}

/// The curves of the nodes of this site, where it has several; or of that one.
fn node_curves(state: &State, monitor: &Monitor, site: &str, only: Option<&str>) -> Vec<Curve> {
    let first = monitor.slot().plus(1);
    let nodes = monitor.crew().nodes();
    let nodes = nodes.filter(|(_, node)| only.is_none_or(|only| only == node.name));
    let curves = nodes.flat_map(|(number, node)| {
        let of = move |metric: Metric| {
            let steps = monitor.node_curve(number, metric);
            let capacity = node.capacity.of(metric);
            let is_nothing = steps.iter().flatten().all(|load| *load <= 0.0);
            if steps.is_empty() || (capacity == 0 && is_nothing) {
                return None;
            }
            let chances = monitor.node_overload(&state.rules, node, metric);
            let step = |(ahead, quantiles): (usize, &Quantiles)| CurveStep {
                at_ms: slot_ms(first.plus(ahead as u64), state.rules.slot),
                quantiles: quantiles.iter().map(|load| round(*load)).collect(),
                left: None,
                overload_chance: chances.get(ahead).map(|chance| round(*chance)),
            };
            Some(Curve {
                workload: None,
                node: Some(node.name.clone()),
                site: site.to_string(),
                metric: metric.name().to_string(),
                unit: unit(metric).to_string(),
                capacity: (capacity > 0).then_some(capacity),
                method: monitor.method_of(Source::Node(number), metric).map(str::to_string),
                seen: monitor.crew().seen(number).map(|seen| round(seen[metric as usize])),
                steps: steps.iter().enumerate().map(step).collect(),
            })
        };
        Metric::ALL.into_iter().filter_map(of)
    });
    curves.collect()
}

/// One curve; nothing where nothing is known, or nothing is ever taken of a metric that nobody
/// limits.
fn curve(
    state: &State,
    monitor: &Monitor,
    (of, metric): (Source, Metric),
    (workload, site): (Option<String>, String),
) -> Option<Curve> {
    let first = monitor.slot().plus(1);
    let horizon = state.rules.horizon_slots as usize + 1;
    let (steps, holder, seen, method) = match of {
        Source::Rest(id) => {
            let capacity = state.members.get(&id)?.capacity.of(metric);
            let seen = monitor.seen_ppm(state, id, metric);
            let seen = seen.map(|ppm| share(ppm) * capacity as f64);
            (monitor.load(state, id, metric, first, horizon), id, seen, None)
        }
        Source::Workload(id) => {
            let used = monitor.used(of, monitor.slot());
            let seen = used.map(|used| round(used[metric as usize]));
            let holder = state.workloads.get(&id)?.authority.holder;
            (monitor.curve(id, metric).to_vec(), holder, seen, monitor.method_of(of, metric))
        }
        // Nodes have curves of their own.
        Source::Node(_) => return None,
    };
    let capacity = state.members.get(&holder).map_or(0, |member| member.capacity.of(metric));
    let is_nothing = steps.iter().flatten().all(|load| *load <= 0.0);
    if steps.is_empty() || (capacity == 0 && is_nothing) {
        return None;
    }
    let limit = state.rules.limit_ppm;
    let is_limited = workload.is_none() && capacity > 0;
    let step = |(ahead, quantiles): (u64, &Quantiles)| {
        let left = state.maintenance.left_ppm(holder, first.plus(ahead));
        let chance = || round(chance_of_overload(quantiles, capacity, limit, left));
        CurveStep {
            at_ms: slot_ms(first.plus(ahead), state.rules.slot),
            quantiles: quantiles.iter().map(|load| round(*load)).collect(),
            left: (is_limited && left < WHOLE_PPM).then(|| share(left)),
            overload_chance: is_limited.then(chance),
        }
    };
    Some(Curve {
        workload,
        node: None,
        site,
        metric: metric.name().to_string(),
        unit: unit(metric).to_string(),
        capacity: (capacity > 0).then_some(capacity),
        method: method.map(str::to_string),
        seen,
        steps: (0..).zip(&steps).map(step).collect(),
    })
}

fn unit(metric: Metric) -> &'static str {
    match metric {
        Metric::Cpu => "thousandths of a processor",
        Metric::Memory => "MiB",
        Metric::Network => "kbit/s",
        Metric::Io => "operations/s",
    }
}

/// As many digits as are worth telling.
fn round(number: f32) -> f64 {
    (f64::from(number) * 1e4).round() / 1e4
}

/// What moves in shadow mode would have come to, over the last `since`.
pub fn shadow(state: &State, monitor: &Monitor, names: &Names, since: Span) -> ShadowReceipt {
    let slot = state.rules.slot;
    let slots = since.nanos().div_ceil(slot.nanos().max(1)).max(1);
    let found = receipt(state, monitor, monitor.slot().plus(1).minus(slots).max(Slot(1)));
    let sites = found.sites.iter();
    let mut sites: Vec<ShadowSite> =
        sites.map(|(id, of)| ShadowSite { site: names.site(*id), fill: fill(*of) }).collect();
    sites.sort_by(|one, other| one.site.cmp(&other.site));
    let told = |judged: &Judged| {
        let filing = &state.ended.get(&judged.proposal)?.proposal.filing;
        Some(ShadowMove {
            proposal: judged.proposal.0,
            at_ms: ms(judged.at),
            workloads: filing.workloads.keys().map(|id| names.workload(*id)).collect(),
            source: names.site(filing.source),
            destination: names.site(filing.destination),
            verdict: word(judged.verdict).to_string(),
            slots: judged.slots,
            lost_slots: judged.lost_slots,
            lost_calls: judged.lost_calls,
            source_fill: fill(judged.source),
            destination_fill: fill(judged.destination),
        })
    };
    let slot_minutes = slot.nanos() as f64 / 60e9;
    ShadowReceipt {
        mode: mode(state.mode),
        since_ms: slot_ms(found.from, slot),
        until_ms: slot_ms(found.until.plus(1), slot),
        slot_ms: slot.nanos() / 1_000_000,
        slots: found.slots,
        text: sentence(&found, slot_minutes),
        sites,
        moves: found.moves.iter().filter_map(told).collect(),
        held_twice_mib_minutes: found.held_twice_mib_slots as f64 * slot_minutes,
    }
}

fn fill(of: Fill) -> ShadowFill {
    ShadowFill {
        overloaded: of.came,
        overloaded_with_moves: of.would,
        peak: share(of.peak_came_ppm),
        peak_with_moves: share(of.peak_would_ppm),
    }
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pending => "pending",
        Verdict::Repeated => "repeated",
        Verdict::Unknown => "unknown",
        Verdict::Needless => "needless",
        Verdict::Helped => "helped",
        Verdict::Harmful => "harmful",
        Verdict::TakenBack => "taken-back",
    }
}

fn sentence(found: &Receipt, slot_minutes: f64) -> String {
    let count = |verdicts: &[Verdict]| {
        found.moves.iter().filter(|judged| verdicts.contains(&judged.verdict)).count()
    };
    let made = found.moves.len() - count(&[Verdict::Repeated]);
    if made == 0 {
        return "no move was approved in shadow mode".to_string();
    }
    let came: u64 = found.sites.values().map(|site| site.came).sum();
    let would: u64 = found.sites.values().map(|site| site.would).sum();
    let lost: u64 = found.moves.iter().map(|judged| judged.lost_calls).sum();
    let lost = match lost {
        0 => String::new(),
        calls => format!("; about {calls} calls were served nowhere that would have been"),
    };
    let minutes = |slots: u64| format!("{:.1} min", slots as f64 * slot_minutes);
    let moves = if made == 1 { "move" } else { "moves" };
    format!(
        "{made} {moves} would have been made; sites were overloaded for {}, and would have been \
         for {}; {} would have helped, {} been taken back, {} been needless, {} done harm{lost}",
        minutes(came),
        minutes(would),
        count(&[Verdict::Helped]),
        count(&[Verdict::TakenBack]),
        count(&[Verdict::Needless]),
        count(&[Verdict::Harmful]),
    )
}
