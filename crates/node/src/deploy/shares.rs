//! Which versions of a function have traffic, and what follows: what the mind is told of
//! them, which of them go, and whether a specification is served already.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use swell_api::spec::FunctionSpec;

use crate::registry::{Function, Scale, Version};
use crate::store::record::Head;

/// Versions of a function that are kept, besides those that are needed still.
pub const VERSIONS_KEPT: usize = 10;

/// How a version may scale while its function has this head.
pub(crate) fn scale(head: &Head, version: &Version) -> Scale {
    let spec = &version.spec;
    Scale {
        serving: share(head, version.version) > 0 && !head.paused,
        min_warm: head.min_warm.unwrap_or(spec.min_warm),
        max_instances: head.max_instances.or(spec.max_instances),
    }
}

/// The percent of the traffic that a version gets.
pub(crate) fn share(head: &Head, version: u32) -> u8 {
    let shares = head.traffic.iter().filter(|share| share.version == version);
    shares.map(|share| share.percent).sum()
}

/// Versions that go to make room: the oldest beyond those kept, but none that has traffic,
/// none that requests still wait for, and not the one to roll back to.
pub(crate) fn superfluous(
    versions: &[Arc<Version>],
    head: &Head,
    added: usize,
) -> Vec<Arc<Version>> {
    let excess = (versions.len() + added).saturating_sub(VERSIONS_KEPT);
    let needed = |version: &Version| {
        let waiting = version.waiting.load(Ordering::Relaxed) > 0;
        share(head, version.version) > 0 || head.former == Some(version.version) || waiting
    };
    versions[..excess.min(versions.len())]
        .iter()
        .filter(|version| !needed(version))
        .cloned()
        .collect()
}

/// The version that has all traffic and is just like `spec`, if there is one.
pub(crate) fn serves(function: &Function, spec: &FunctionSpec) -> Option<u32> {
    let leading = function.leading();
    let all = function.percent(leading.version) == 100;
    (all && leading.spec == *spec).then_some(leading.version)
}

/// The number of the version that `spec` gets: that of the newest, if it is just like it.
pub(crate) fn next_number(function: &Function, spec: &FunctionSpec) -> u32 {
    let newest = function.newest();
    if newest.spec == *spec { newest.version } else { newest.version + 1 }
}
