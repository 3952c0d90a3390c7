//! A function as it stands on a node, with all its versions, so that it can stand so on another.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use swell_api::function::Share;
use swell_api::spec::FunctionSpec;

use crate::deploy::deployer::{Deployer, Draft, blocking};
use crate::deploy::letters::{refuse, unprepared};
use crate::deploy::shares::share;
use crate::refusal::Refusal;
use crate::registry::Function;
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
        let kept = |version: &Arc<crate::registry::Version>| Kept {
            version: version.version,
            deployed_at_ms: version.deployed_at_ms,
            spec: version.spec.clone(),
        };
        Some(Lineage { head, versions: function.versions.iter().map(kept).collect() })
    }

    /// Lets a function stand here as it does elsewhere, with its numbers, versions and shares; all
    /// code must be here. Those that have traffic are made ready before. What stands here under
    /// a number of its own, or is newer, is no part of it: then what leads there is deployed anew.
    pub async fn adopt(self: &Arc<Self>, name: &str, lineage: Lineage) -> Result<(), Refusal> {
        let Lineage { head, versions } = lineage;
        let known = self.parts.registry.get(name);
        if known.is_some_and(|known| !is_part(&known, &versions)) {
            let most = head.traffic.iter().max_by_key(|share| share.percent);
            let leads = |kept: &&Kept| most.is_some_and(|most| most.version == kept.version);
            let leading = versions.iter().find(leads).or(versions.last());
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

/// The head while only some of the versions are here: what the others get goes to the last.
fn until(head: &Head, upto: &[u32]) -> Head {
    let here = |share: &&Share| upto.contains(&share.version);
    let mut traffic: Vec<Share> = head.traffic.iter().filter(here).copied().collect();
    let sum: u8 = traffic.iter().map(|share| share.percent).sum();
    let rest = 100_u8.saturating_sub(sum);
    match (traffic.last_mut(), upto.last()) {
        (Some(last), _) => last.percent += rest,
        (None, Some(&version)) => traffic.push(Share { version, percent: 100 }),
        (None, None) => {}
    }
    Head { traffic, ..head.clone() }
}
