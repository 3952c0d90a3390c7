//! A function as it stands on a node, with all its versions, so that it can stand so on another.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use swell_api::function::Share;
use swell_api::spec::FunctionSpec;

use crate::deploy::deployer::{Deployer, Draft, blocking};
use crate::deploy::letters::{refuse, unprepared};
use crate::deploy::shares::share;
use crate::refusal::{Reason, Refusal};
use crate::registry::{Function, Version};
use crate::store::record::{Head, VersionRecord};

/// A function with all its versions.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lineage {
    /// Its shares of traffic, whether it is paused, how it scales, what to roll back to.
    pub head: Head,
    /// Its versions, oldest first; at least one.
    pub versions: Vec<Kept>,
}

/// One version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Its number.
    pub version: u32,
    /// When it was deployed, in milliseconds since 1970.
    pub deployed_at_ms: u64,
    /// What was deployed.
    pub spec: FunctionSpec,
}

impl Deployer {
    /// How a function stands here.
    pub fn lineage(&self, name: &str) -> Option<Lineage> {
        let heads = self.heads.lock();
        let function = self.parts.registry.get(name)?;
        let head = heads.get(name).cloned()?;
        let kept = |version: &Arc<Version>| Kept {
            version: version.version,
            deployed_at_ms: version.deployed_at_ms,
            spec: version.spec.clone(),
        };
        Some(Lineage { head, versions: function.versions.iter().map(kept).collect() })
    }

    /// Lets a function stand here as it does elsewhere, with its numbers, versions and shares; all
    /// code must be here. Those that have traffic are made ready before. Where what stands here is
    /// of the same descent and newer, what leads there is deployed anew; where it has nothing in
    /// common with it, it goes.
    pub async fn adopt(self: &Arc<Self>, name: &str, lineage: Lineage) -> Result<(), Refusal> {
        if !is_sound(&lineage) {
            let title = format!("what `{name}` is elsewhere makes no sense");
            return Err(Refusal::new(Reason::BadRequest, title)
                .hint("its versions are in order, and their shares sum to 100 percent"));
        }
        let Lineage { head, versions } = lineage;
        let known = self.parts.registry.get(name);
        let other = known.filter(|it| !is_part(it, &versions) || !is_kin(it, &versions));
        if other.as_ref().is_some_and(|other| is_kin(other, &versions)) {
            let most = head.traffic.iter().max_by_key(|share| share.percent);
            let leads = |kept: &&Kept| most.is_some_and(|most| most.version == kept.version);
            let leading = versions.iter().find(leads).or_else(|| versions.last());
            return match leading {
                Some(kept) => self.deploy(kept.spec.clone()).await.map(drop),
                None => Ok(()),
            };
        }
        let serving = versions.iter().filter(|kept| share(&head, kept.version) > 0);
        let (deployer, serving): (_, Vec<Kept>) = (self.clone(), serving.cloned().collect());
        blocking(move || {
            let _heads = deployer.heads.lock();
            let problems = |kept: &Kept| refuse(&kept.spec.name, deployer.problems(&kept.spec));
            serving.iter().try_for_each(problems)
        })
        .await?;
        if let Some(stray) = other {
            let were: Vec<u32> = stray.versions.iter().map(|version| version.version).collect();
            let why = "what was deployed here is replaced by what another site serves of that name";
            tracing::warn!(function = name, versions = ?were, "{why}");
            self.remove(name).await?;
        }
        let mut upto = Vec::new();
        for kept in versions {
            upto.push(kept.version);
            let is_here = |function: Arc<Function>| function.version(kept.version).is_some();
            if self.parts.registry.get(name).is_some_and(is_here) {
                continue;
            }
            let serves = share(&head, kept.version) > 0;
            let template = match serves {
                true => {
                    let made = self.prepare.make(&kept.spec).await;
                    Some(made.map_err(|failure| unprepared(name, &failure))?)
                }
                false => None,
            };
            let Kept { version, deployed_at_ms, spec } = kept;
            let record = VersionRecord { version, deployed_at_ms, spec };
            let (deployer, head) = (self.clone(), Head { paused: true, ..until(&head, &upto) });
            let name = name.to_string();
            blocking(move || {
                let mut heads = deployer.heads.lock();
                // What serves here goes on until all of it is here.
                let head = heads.get(&*name).cloned().unwrap_or(head);
                deployer.settle(&mut heads, &name, Draft { head, added: Some((record, template)) })
            })
            .await?;
        }
        self.change(name, move |_, _| Ok(head.clone())).await.map(drop)
    }
}

/// Whether versions are in order, and shares are of them and sum to 100 percent.
fn is_sound(lineage: &Lineage) -> bool {
    let Lineage { head, versions } = lineage;
    let sum: u32 = head.traffic.iter().map(|share| u32::from(share.percent)).sum();
    let is_kept = |share: &Share| versions.iter().any(|kept| kept.version == share.version);
    let is_in_order = versions.is_sorted_by(|one, next| one.version < next.version);
    sum == 100 && is_in_order && head.traffic.iter().all(is_kept)
}

/// Whether all that is here of a function is part of what it is elsewhere.
pub(crate) fn is_part(function: &Function, versions: &[Kept]) -> bool {
    let newest = versions.iter().map(|kept| kept.version).max();
    function.versions.iter().all(|version| {
        let same = versions.iter().find(|kept| kept.version == version.version);
        match same {
            Some(kept) => kept.spec == version.spec,
            // One that was kept before, and was dropped elsewhere since.
            None => newest.is_some_and(|newest| version.version < newest),
        }
    })
}

/// Whether some version of a function is one of these: the same number, deployed at the same time.
fn is_kin(function: &Function, versions: &[Kept]) -> bool {
    let is_one = |version: &Arc<Version>| {
        let stamp = (version.version, version.deployed_at_ms);
        versions.iter().any(|kept| (kept.version, kept.deployed_at_ms) == stamp)
    };
    function.versions.iter().any(is_one)
}

/// The sound head while only some versions are here: what the others get goes to the last.
fn until(head: &Head, upto: &[u32]) -> Head {
    let here = |share: &&Share| upto.contains(&share.version);
    let mut traffic: Vec<Share> = head.traffic.iter().filter(here).copied().collect();
    let sum = traffic.iter().map(|share| share.percent).sum::<u8>();
    let rest = 100 - sum;
    match (traffic.last_mut(), upto.last()) {
        (Some(last), _) => last.percent += rest,
        (None, Some(&version)) => traffic.push(Share { version, percent: 100 }),
        (None, None) => {}
    }
    Head { traffic, ..head.clone() }
}

#[cfg(test)]
mod tests {
    use swell_api::spec::BackendName;

    use super::*;

    fn lineage(shares: &[(u32, u8)], numbers: &[u32]) -> Lineage {
        let share = |&(version, percent): &(u32, u8)| Share { version, percent };
        let spec = FunctionSpec::plain("shop", BackendName::Wasm);
        let kept = |&version: &u32| Kept { version, deployed_at_ms: 1, spec: spec.clone() };
        let head = Head { traffic: shares.iter().map(share).collect(), ..Head::default() };
        Lineage { head, versions: numbers.iter().map(kept).collect() }
    }

    #[test]
    fn while_some_are_missing_all_traffic_has_a_version() {
        let whole = lineage(&[(2, 30), (4, 70)], &[1, 2, 3, 4]);
        assert!(is_sound(&whole));
        let until = |numbers: &[u32]| -> Vec<(u32, u8)> {
            let traffic = until(&whole.head, numbers).traffic.into_iter();
            traffic.map(|share| (share.version, share.percent)).collect()
        };
        assert_eq!(until(&[1]), [(1, 100)]);
        assert_eq!(until(&[1, 2]), [(2, 100)]);
        assert_eq!(until(&[1, 2, 3]), [(2, 100)]);
        assert_eq!(until(&[1, 2, 3, 4]), [(2, 30), (4, 70)]);
    }

    #[test]
    fn what_makes_no_sense_is_noticed() {
        for odd in [
            lineage(&[(1, 100)], &[]),
            lineage(&[], &[1]),
            lineage(&[(2, 100)], &[1]),
            lineage(&[(1, 200), (2, 200)], &[1, 2]),
            lineage(&[(1, 100)], &[2, 1]),
            lineage(&[(1, 100)], &[1, 1]),
        ] {
            assert!(!is_sound(&odd), "{odd:?}");
        }
    }
}
