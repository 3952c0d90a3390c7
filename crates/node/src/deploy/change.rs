//! What changes of functions without new code: shares of traffic, rolling back, pausing,
//! scaling, removing. Each is one step on disk, and instant: no request is lost by it.

use std::collections::BTreeSet;
use std::sync::Arc;

use swell_api::function::{Change, Share};

use crate::deploy::deployer::{Deployer, Draft, blocking};
use crate::deploy::letters::{unkept, unknown};
use crate::deploy::shares::share;
use crate::deploy::surroundings;
use crate::refusal::{Reason, Refusal};
use crate::registry::Function;
use crate::store::record::Head;

impl Deployer {
    /// Shares the traffic of a function among its versions. What is missing to 100 percent
    /// goes to the version that leads now, unless it was named.
    pub async fn traffic(
        self: &Arc<Self>,
        name: &str,
        shares: Vec<Share>,
    ) -> Result<Arc<Function>, Refusal> {
        self.change(name, move |function, head| {
            let traffic = complete(function, &shares)?;
            Ok(lead(function, head, traffic))
        })
        .await
    }

    /// Gives all traffic to `version`, or to the one that led before. Doing it twice
    /// returns to where one was.
    pub async fn rollback(
        self: &Arc<Self>,
        name: &str,
        version: Option<u32>,
    ) -> Result<Arc<Function>, Refusal> {
        self.change(name, move |function, head| {
            let leading = function.leading().version;
            let number = match version {
                Some(number) => known(function, number)?,
                None => former(function, head, leading)?,
            };
            let traffic = vec![Share { version: number, percent: 100 }];
            // What was scaled by hand was scaled for the version that is left.
            let head =
                Head { min_warm: None, max_instances: None, ..lead(function, head, traffic) };
            Ok(head)
        })
        .await
    }

    /// Scales or pauses a function.
    pub async fn patch(
        self: &Arc<Self>,
        name: &str,
        change: Change,
    ) -> Result<Arc<Function>, Refusal> {
        let deployer = self.clone();
        self.change(name, move |function, head| {
            let head = Head {
                paused: change.paused.unwrap_or(head.paused),
                min_warm: change.min_warm.or(head.min_warm),
                max_instances: change.max_instances.or(head.max_instances),
                ..head.clone()
            };
            deployer.scalable(function, &head)?;
            Ok(head)
        })
        .await
    }

    /// Removes a function with all its versions.
    pub async fn remove(self: &Arc<Self>, name: &str) -> Result<(), Refusal> {
        let (deployer, name) = (self.clone(), name.to_string());
        blocking(move || {
            let mut heads = deployer.heads.lock();
            let forgotten = deployer.pending.forget(&name);
            let Some(function) = deployer.parts.registry.get(&name) else {
                return if forgotten { Ok(()) } else { Err(unknown(&name)) };
            };
            deployer.parts.store.remove(&name).map_err(|error| unkept(&error))?;
            deployer.parts.registry.remove(&name);
            for version in &function.versions {
                deployer.parts.hands.remove(version);
                deployer.prepare.forget(version.id);
            }
            heads.remove(&*name);
            drop(heads);
            deployer.changed();
            deployer.collect_sometimes();
            Ok(())
        })
        .await
    }

    /// Changes the head of a function. Versions that get traffic by it are made ready before,
    /// so nobody is sent to code that does not work.
    pub(crate) async fn change(
        self: &Arc<Self>,
        name: &str,
        next: impl Fn(&Function, &Head) -> Result<Head, Refusal> + Send + Sync + 'static,
    ) -> Result<Arc<Function>, Refusal> {
        let next = Arc::new(next);
        let (deployer, named, planned) = (self.clone(), name.to_string(), next.clone());
        let fresh = blocking(move || {
            let heads = deployer.heads.lock();
            let function = deployer.parts.registry.get(&named).ok_or_else(|| unknown(&named))?;
            let former = heads.get(&*named).cloned().unwrap_or_default();
            let head = planned(&function, &former)?;
            let gets = |number| share(&head, number) > 0 && share(&former, number) == 0;
            let versions = function.versions.iter().filter(|version| gets(version.version));
            Ok(versions.cloned().collect::<Vec<_>>())
        })
        .await?;
        for version in &fresh {
            self.ready(version).await?;
        }
        let (deployer, name) = (self.clone(), name.to_string());
        blocking(move || {
            let mut heads = deployer.heads.lock();
            let function = deployer.parts.registry.get(&name).ok_or_else(|| unknown(&name))?;
            let former = heads.get(&*name).cloned().unwrap_or_default();
            let head = next(&function, &former)?;
            if head == former {
                return Ok(function);
            }
            deployer.settle(&mut heads, &name, Draft { head, added: None })?;
            deployer.parts.registry.get(&name).ok_or_else(|| unknown(&name))
        })
        .await
    }

    fn scalable(&self, function: &Function, head: &Head) -> Result<(), Refusal> {
        let spec = &function.leading().spec;
        let (mut found, memory) = (Vec::new(), self.parts.memory);
        let min_warm = head.min_warm.unwrap_or(spec.min_warm);
        let most = head.max_instances.or(spec.max_instances);
        if most == Some(0) {
            found.push(
                "`max_instances` is 0; to let no call through, pause the function".to_string(),
            );
        } else if most.is_some_and(|most| min_warm > most) {
            found.push(format!(
                "`min_warm` is {min_warm}, which exceeds the {} of `max_instances`",
                most.unwrap_or_default()
            ));
        }
        let registry = &self.parts.registry;
        surroundings::warmth(
            &function.name,
            min_warm,
            spec.memory_bytes,
            registry,
            memory,
            &mut found,
        );
        if found.is_empty() {
            return Ok(());
        }
        let title = format!("`{}` cannot be scaled like that", function.name);
        Err(Refusal::new(Reason::BadRequest, title).detail(found.join("\n")))
    }
}

/// The head with other shares; remembers who led before, if another leads now.
fn lead(function: &Function, head: &Head, traffic: Vec<Share>) -> Head {
    let before = function.leading().version;
    let next = Function { traffic: traffic.clone(), ..function.clone() };
    let former = if next.leading().version == before { head.former } else { Some(before) };
    Head { traffic, former, ..head.clone() }
}

fn known(function: &Function, number: u32) -> Result<u32, Refusal> {
    if function.version(number).is_some() {
        return Ok(number);
    }
    let kept: Vec<String> = function.versions.iter().map(|kept| kept.version.to_string()).collect();
    let title = format!("`{}` has no version {number}", function.name);
    Err(Refusal::new(Reason::NotFound, title).hint(format!("kept are {}", kept.join(", "))))
}

fn former(function: &Function, head: &Head, leading: u32) -> Result<u32, Refusal> {
    let kept =
        head.former.filter(|&former| former != leading && function.version(former).is_some());
    let below =
        || function.versions.iter().rev().map(|version| version.version).find(|&n| n < leading);
    kept.or_else(below).ok_or_else(|| {
        let title = format!("`{}` has no version before {leading} to roll back to", function.name);
        Refusal::new(Reason::Conflict, title)
    })
}

/// Shares that sum to 100, largest version last.
fn complete(function: &Function, shares: &[Share]) -> Result<Vec<Share>, Refusal> {
    let bad = |title: String| {
        let hint = "name versions and percents that sum to at most 100; the rest stays with the \
                    version that leads";
        Refusal::new(Reason::BadRequest, title).hint(hint)
    };
    let mut named = BTreeSet::new();
    for share in shares {
        known(function, share.version)?;
        if !named.insert(share.version) {
            return Err(bad(format!("version {} is named twice", share.version)));
        }
    }
    let sum: u32 = shares.iter().map(|share| u32::from(share.percent)).sum();
    let leading = function.leading().version;
    if sum > 100 {
        return Err(bad(format!("the shares sum to {sum} percent")));
    }
    if sum < 100 && named.contains(&leading) {
        return Err(bad(format!(
            "the shares sum to {sum} percent and version {leading}, which leads, is among them"
        )));
    }
    let rest = Share { version: leading, percent: (100 - sum) as u8 };
    let mut all: Vec<Share> =
        shares.iter().copied().chain([rest]).filter(|share| share.percent > 0).collect();
    all.sort_by_key(|share| share.version);
    Ok(all)
}
