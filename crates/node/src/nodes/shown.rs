//! The nodes of a site, as the API tells of them.

use std::collections::BTreeMap;

use swell_api::site_joining::Capacity;
use swell_api::site_nodes::{NotServed, SiteNode, SiteNodeState, SiteNodes};
use swell_core::council::words::Metric;
use swell_outlook::naming::node_number;
use swell_site::site::Site;

use crate::grouping::power;
use crate::nodes::member::Member;
use crate::nodes::seat::Seat;
use crate::registry::Registry;
use crate::sites::identity::Identity;

fn plain(name: String, state: SiteNodeState) -> SiteNode {
    SiteNode {
        name,
        state,
        gateway: None,
        capacity: None,
        used: None,
        busy: None,
        overload_chance: None,
        failure_chance: None,
        without: Vec::new(),
    }
}

fn not_served(of: impl IntoIterator<Item = (String, String)>) -> Vec<NotServed> {
    of.into_iter().map(|(function, why)| NotServed { function, why }).collect()
}

fn part(used_milli: u64, capacity: &Capacity) -> f64 {
    let part = used_milli as f64 / capacity.cpu_milli.max(1) as f64;
    (part * 1e4).round() / 1e4
}

fn capacity_of([cpu_milli, memory_mib, network_kbit, io_ops]: [u64; 4]) -> Capacity {
    Capacity { cpu_milli, memory_mib, network_kbit, io_ops }
}

/// As the seat sees them.
pub fn at_seat(seat: &Seat, site: &Site) -> SiteNodes {
    let contact = &seat.parts.contact;
    let own = capacity_of(seat.parts.own.0);
    let mut nodes = vec![SiteNode {
        gateway: Some(contact.gateway.clone()),
        capacity: Some(own),
        used: Some(part(seat.own_used_milli(), &own)),
        busy: Some(power::busy(&seat.parts.registry)),
        ..plain(contact.name.clone(), SiteNodeState::Seat)
    }];
    let current = seat.current();
    for name in seat.invited() {
        let Some((reported, entry, is_there, is_ready)) = seat.shown(&name) else {
            nodes.push(plain(name, SiteNodeState::Invited));
            continue;
        };
        let state = match (is_there, is_ready) {
            (false, _) => SiteNodeState::Lost,
            (true, false) => SiteNodeState::Following,
            (true, true) => SiteNodeState::Serving,
        };
        let mut without: BTreeMap<String, String> = reported.without;
        let stays = current.bound.iter().map(|(name, why)| (name.clone(), (*why).to_string()));
        without.extend(stays);
        nodes.push(SiteNode {
            gateway: Some(reported.gateway),
            capacity: Some(reported.capacity),
            used: is_there.then(|| part(entry.used_milli, &reported.capacity)),
            busy: is_there.then_some(reported.busy),
            without: not_served(without),
            ..plain(name, state)
        });
    }
    site.look(|state, monitor| {
        for node in &mut nodes {
            let number = node_number(&node.name);
            let known = monitor.crew().nodes().find(|(of, _)| *of == number);
            let Some((_, known)) = known else { continue };
            let chances = monitor.node_overload(&state.rules, known, Metric::Cpu);
            node.overload_chance = chances.into_iter().max_by(f32::total_cmp).map(f64::from);
            node.failure_chance = Some(monitor.crew().chance_of_failure(number).into());
        }
    });
    SiteNodes { site: contact.name.clone(), node: contact.name.clone(), trouble: None, nodes }
}

/// As a node sees them that has not the seat.
pub fn as_member(member: &Member) -> SiteNodes {
    let (kept, heard) = (member.kept(), member.heard());
    let site = kept.invitation.site;
    let is_cut_off = member.is_cut_off();
    let has_it = heard.revision != 0 && heard.revision == heard.told;
    let state = match (is_cut_off, has_it) {
        (true, _) => SiteNodeState::CutOff,
        (false, true) => SiteNodeState::Serving,
        (false, false) => SiteNodeState::Following,
    };
    let mut nodes = vec![SiteNode {
        gateway: Some(member.parts.gateway.clone()),
        capacity: Some(kept.capacity),
        busy: Some(power::busy(&member.parts.registry)),
        without: not_served(heard.without),
        ..plain(kept.invitation.node.clone(), state)
    }];
    for fellow in member.fellows.all() {
        let state = match (is_cut_off, fellow.is_seat) {
            (true, true) => SiteNodeState::Lost,
            (_, true) => SiteNodeState::Seat,
            (_, false) => SiteNodeState::Serving,
        };
        nodes.push(SiteNode { busy: Some(fellow.busy), ..plain(fellow.name, state) });
    }
    nodes.sort_by_key(|node| node.name != site);
    SiteNodes { site, node: kept.invitation.node, trouble: heard.trouble, nodes }
}

/// A site of one node.
pub fn alone(identity: &Identity, registry: &Registry) -> SiteNodes {
    let site = identity.contact.name.clone();
    let node = SiteNode {
        gateway: Some(identity.contact.gateway.clone()),
        capacity: Some(identity.capacity),
        busy: Some(power::busy(registry)),
        ..plain(site.clone(), SiteNodeState::Seat)
    };
    SiteNodes { site: site.clone(), node: site, trouble: None, nodes: vec![node] }
}
