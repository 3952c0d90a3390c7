//! Whether a flow makes sense: by itself, and among the functions and flows that are here.
//! All problems are found, not only the first, each a sentence that names the key.

use std::collections::BTreeSet;

use swell_api::flow::{Ack, FlowSpec, Full, NATIVE, is_native};
use swell_api::flow_cut::Cut;
use swell_fifo::class::Class;
use swell_fifo::envelope::ENVELOPE_MAX;
use swell_fifo::layout::LANES_MAX;
use swell_fifo::record::item_max;

use crate::deploy::bounds::{ATTEMPTS_MAX, DURATION_MS_MAX, NAME_RULE, is_name, short};
use crate::flow::index::{Index, share, shares};

/// Items that one call takes at most.
pub const BATCH_MAX: u32 = 10_000;
/// Items a second that may be expected of a lane.
pub const RATE_MAX: u32 = 100_000_000;
/// Functions that can own a flow, besides `to`.
pub const OWNERS_MAX: usize = 64;
/// The longest item.
pub const ITEM_BYTES_MAX: u64 = item_max(Class::MAX.bytes()) - ENVELOPE_MAX;
/// Flows that may lead to an item.
pub const HOPS_MAX: u32 = 10_000;

/// What a flow is held against.
pub struct Among<'a> {
    /// The longest request that a function takes, if it is there; one that will be deployed with the
    /// flow takes any.
    pub longest: &'a dyn Fn(&str) -> Option<u64>,
    /// All flows; the one of its name does not count.
    pub flows: &'a Index,
    /// Bytes that the lanes of a function may hold.
    pub function_quota: u64,
    /// Bytes that the lanes of the node may hold.
    pub node_quota: u64,
}

/// Everything that is wrong with a flow.
pub fn problems(spec: &FlowSpec, among: &Among<'_>) -> Vec<String> {
    let mut found = Vec::new();
    if !is_name(&spec.name) {
        found.push(format!("`name` is `{}`; {NAME_RULE}", short(&spec.name)));
    }
    parties(spec, among, &mut found);
    amounts(spec, &mut found);
    bodies(spec, among, &mut found);
    circles(spec, among.flows, &mut found);
    if found.is_empty() {
        quotas(spec, among, &mut found);
    }
    found
}

fn parties(spec: &FlowSpec, among: &Among<'_>, found: &mut Vec<String>) {
    if spec.from.is_empty() {
        found.push("`from` names no function; a flow needs one at least".to_string());
    }
    if spec.from.len() > LANES_MAX {
        found.push(format!(
            "`from` names {} functions; a flow can have at most {LANES_MAX}",
            spec.from.len()
        ));
    }
    if spec.owners.len() > OWNERS_MAX {
        found.push(format!(
            "`owners` names {} functions; it can have at most {OWNERS_MAX}",
            spec.owners.len()
        ));
    }
    let mut seen = BTreeSet::new();
    for from in &spec.from {
        if !seen.insert(from) {
            found.push(format!("`from` names `{}` twice; name it once", short(from)));
        }
    }
    let mut seen = BTreeSet::from([&spec.to]);
    for owner in &spec.owners {
        if !seen.insert(owner) {
            let name = short(owner);
            found.push(format!(
                "`owners` names `{name}`, which can own the flow already; name it once"
            ));
        }
    }
    let named = [("from", &spec.from), ("owners", &spec.owners)];
    let named =
        named.into_iter().flat_map(|(key, names)| names.iter().map(move |name| (key, name)));
    let mut unknown = BTreeSet::new();
    for (key, name) in named.chain([("to", &spec.to)]) {
        if let Some(process) = name.strip_prefix(NATIVE) {
            if !is_name(process) && unknown.insert(name) {
                found.push(format!("`{key}` names the process `{}`; {NAME_RULE}", short(process)));
            }
            continue;
        }
        if (among.longest)(name).is_none() && unknown.insert(name) {
            found.push(format!(
                "`{key}` names `{}`, and no function of that name is here; deploy it first, or \
                 in the same manifest",
                short(name)
            ));
        }
    }
}

fn amounts(spec: &FlowSpec, found: &mut Vec<String>) {
    let mut within = |key: &str, value: u64, least: u64, most: u64| {
        if value < least {
            found.push(format!("`{key}` is {value}; it must be at least {least}"));
        } else if value > most {
            found.push(format!("`{key}` is {value}; it can be at most {most}"));
        }
    };
    let largest = Class::MAX.bytes() >> 20;
    if spec.item_bytes > ITEM_BYTES_MAX {
        within("item_bytes", spec.item_bytes, 1, ITEM_BYTES_MAX);
        found.push(format!(
            "an item fits into half of the largest size class, which has {largest} MiB; write \
             longer ones as contents of a workload, and pass their names"
        ));
        return;
    }
    within("item_bytes", spec.item_bytes, 1, ITEM_BYTES_MAX);
    within("rate", spec.rate.into(), 1, RATE_MAX.into());
    within("stall_ms", spec.stall_ms, 1, DURATION_MS_MAX);
    if let Cut::AfterMs(ms) = spec.cut {
        within("cut.after_ms", ms, 1, DURATION_MS_MAX);
    }
    within("batch", spec.batch.into(), 1, BATCH_MAX.into());
    within("retry.attempts_max", spec.retry.attempts_max.into(), 1, ATTEMPTS_MAX.into());
    within("retry.backoff_ms_max", spec.retry.backoff_ms_max, 0, DURATION_MS_MAX);
    if let Some(hops) = spec.hops_max {
        within("hops_max", hops.into(), 1, HOPS_MAX.into());
    }
    if spec.retry.backoff_ms > spec.retry.backoff_ms_max {
        found.push(format!(
            "`retry.backoff_ms` is {} and `retry.backoff_ms_max` {}; the first cannot exceed \
             the second",
            spec.retry.backoff_ms, spec.retry.backoff_ms_max
        ));
    }
    let least = spec.item_bytes.saturating_add(ENVELOPE_MAX).saturating_mul(2);
    if (spec.full == Full::Spill || spec.ack == Ack::Consume) && spec.disk_bytes < least {
        found.push(format!(
            "`disk_bytes` is {}; two items of `item_bytes` must fit, which takes {least}",
            spec.disk_bytes
        ));
    }
    if spec.full == Full::DropOldest && spec.ack == Ack::Consume {
        found.push(
            "`full` is `drop-oldest` and `ack` is `consume`, but an item cannot be dropped that \
             must survive until it is done with; choose another `full`, or `ack = append`"
                .to_string(),
        );
    }
}

fn bodies(spec: &FlowSpec, among: &Among<'_>, found: &mut Vec<String>) {
    // In a batch each item has a head of its own.
    let each = if spec.batch > 1 { spec.item_bytes.saturating_add(512) } else { spec.item_bytes };
    let longest = each.saturating_mul(spec.batch.into());
    for name in std::iter::once(&spec.to).chain(&spec.owners) {
        if let Some(most) = (among.longest)(name).filter(|most| longest > *most) {
            found.push(format!(
                "a call can have {longest} bytes of items, and `{}` takes requests of up to \
                 {most}; state a smaller `batch` or `item_bytes`, or raise its `body_bytes_max`",
                short(name)
            ));
        }
    }
}

fn circles(spec: &FlowSpec, flows: &Index, found: &mut Vec<String>) {
    if let Some(circle) = circle(spec, flows, |flow| flow.hops_max.is_none()) {
        found.push(format!(
            "the flows go round in a circle, so one item would never end: {circle}; give one of \
             them a `hops_max`"
        ));
    } else if let Some(circle) = circle(spec, flows, |flow| flow.full == Full::Block) {
        found.push(format!(
            "the flows go round in a circle in which each waits for room in the next, so they \
             could wait for ever: {circle}; let one of them have another `full` than `block`"
        ));
    }
}

/// A circle that a flow would close with others that all `count`, as people write it.
fn circle(spec: &FlowSpec, flows: &Index, counts: impl Fn(&FlowSpec) -> bool) -> Option<String> {
    if !counts(spec) {
        return None;
    }
    let mut ways: Vec<Vec<&FlowSpec>> = vec![vec![spec]];
    let mut seen = BTreeSet::new();
    while let Some(way) = ways.pop() {
        let last = way.last().expect("a way has a flow");
        for name in std::iter::once(&last.to).chain(&last.owners) {
            if spec.from.contains(name) {
                let names: Vec<&str> = way.iter().map(|flow| flow.name.as_str()).collect();
                return Some(format!("{} -> {}", names.join(" -> "), spec.name));
            }
            let others = flows.fed_by(name).filter(|next| next.name != spec.name && counts(next));
            for next in others {
                if seen.insert(&next.name) {
                    ways.push(way.iter().copied().chain([next]).collect());
                }
            }
        }
    }
    None
}

fn quotas(spec: &FlowSpec, among: &Among<'_>, found: &mut Vec<String>) {
    for from in &spec.from {
        let (held, _) = among.flows.held(from, &spec.name);
        let wanted = share(spec, from);
        if held + wanted > among.function_quota {
            let own = if is_native(from) { " with the process's own FIFO" } else { "" };
            found.push(format!(
                "the lane of `{}` takes {wanted} bytes{own}, its others {held}, and the lanes of \
                 one function may hold {}; state less `rate`, `stall_ms` or `item_bytes`, or \
                 raise `flow.function-memory-max`",
                short(from),
                among.function_quota
            ));
        }
    }
    let (_, held) = among.flows.held(&spec.to, &spec.name);
    let wanted = shares(spec);
    if held + wanted > among.node_quota {
        found.push(format!(
            "its lanes take {wanted} bytes, those of other flows {held}, and all lanes of this \
             node may hold {}; state less `rate`, `stall_ms` or `item_bytes`, or raise \
             `flow.memory-max`",
            among.node_quota
        ));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::flow::launch::hinted;

    fn check(change: impl Fn(&mut FlowSpec), others: &[&FlowSpec]) -> String {
        let longest = |name: &str| ["camera", "detect", "lite"].contains(&name).then_some(1 << 20);
        let mut flows = Index::default();
        others.iter().for_each(|spec| flows.put(Arc::new((*spec).clone())));
        let among = Among {
            longest: &longest,
            flows: &flows,
            function_quota: 2 << 20,
            node_quota: 4 << 20,
        };
        let mut spec = FlowSpec::plain("frames", &["camera"], "detect");
        change(&mut spec);
        problems(&spec, &among).join("\n")
    }

    #[test]
    fn what_is_wrong_is_told() {
        assert_eq!(check(|_| {}, &[]), "");
        let list =
            |names: &[&str]| names.iter().map(|name| (*name).to_string()).collect::<Vec<_>>();
        type Change<'a> = Box<dyn Fn(&mut FlowSpec) + 'a>;
        let cases: Vec<(Change<'_>, &str)> = vec![
            (Box::new(|spec| spec.name = "A".into()), "`name` is `A`"),
            (Box::new(|spec| spec.from.clear()), "`from` names no function"),
            (Box::new(|spec| spec.from = list(&["camera", "camera"])), "`camera` twice"),
            (Box::new(|spec| spec.to = "nobody".into()), "`to` names `nobody`, and no function"),
            (Box::new(|spec| spec.owners = list(&["detect"])), "can own the flow already"),
            (Box::new(|spec| spec.to = "native:A".into()), "names the process `A`"),
            (Box::new(|spec| spec.item_bytes = 9 << 20), "half of the largest size class"),
            (Box::new(|spec| spec.item_bytes = 0), "`item_bytes` is 0"),
            (Box::new(|spec| spec.batch = 0), "`batch` is 0"),
            (Box::new(|spec| spec.cut = Cut::AfterMs(0)), "`cut.after_ms` is 0"),
            (Box::new(|spec| spec.batch = 32), "`detect` takes requests of up to 1048576"),
            (Box::new(|spec| spec.disk_bytes = 1), "`disk_bytes` is 1"),
            (Box::new(|spec| spec.full = Full::DropOldest), "cannot be dropped"),
            (Box::new(|spec| spec.rate = 1_000), "the lanes of one function may hold 2097152"),
            (Box::new(|spec| spec.to = "camera".into()), "frames -> frames; give one"),
            (
                Box::new(|spec| (spec.to, spec.hops_max) = ("camera".into(), Some(3))),
                "could wait for ever",
            ),
        ];
        for (change, words) in cases {
            let told = check(&change, &[]);
            assert!(told.contains(words), "`{words}` is not in: {told}");
        }
    }

    #[test]
    fn native_processes_need_no_function() {
        let native = |spec: &mut FlowSpec| {
            spec.from = vec!["native:sensor".to_string()];
            spec.to = "native:viewer".to_string();
        };
        assert_eq!(check(native, &[]), "");
    }

    #[test]
    fn the_fifo_of_a_process_counts_with_its_lane() {
        let of = |from: &'static str| {
            move |spec: &mut FlowSpec| (spec.rate, spec.from) = (10, vec![from.to_string()])
        };
        let mut other = FlowSpec::plain("other", &["native:sensor"], "lite");
        assert_eq!(check(of("camera"), &[]), "");
        let told = check(of("native:sensor"), &[&other]);
        let lane = hinted(&other).map_or(0, Class::bytes);
        assert!(told.contains("with the process's own FIFO"), "{told}");
        assert!(told.contains(&format!("its others {}", 2 * lane)), "{told}");
        other.from = vec!["camera".to_string()];
        assert_eq!(check(of("native:sensor"), &[&other]), "");
    }

    #[test]
    fn circles_need_a_bound() {
        let mut back = FlowSpec::plain("back", &["lite"], "camera");
        let forth = |spec: &mut FlowSpec| spec.owners = vec!["lite".to_string()];
        assert!(check(forth, &[&back]).contains("frames -> back -> frames"));
        assert_eq!(check(|_| {}, &[&back]), "", "`detect` leads nowhere");
        back.hops_max = Some(3);
        assert!(check(forth, &[&back]).contains("wait for ever"));
        back.full = Full::Reject;
        assert_eq!(check(forth, &[&back]), "");
    }

    #[test]
    fn lanes_of_all_flows_count() {
        let mut other = FlowSpec::plain("other", &["camera"], "lite");
        other.rate = 20;
        let more = |spec: &mut FlowSpec| spec.rate = 10;
        assert_eq!(hinted(&other).map(Class::bytes), Some(4 << 20));
        assert!(check(more, &[&other]).contains("its others 4194304"));
    }
}
