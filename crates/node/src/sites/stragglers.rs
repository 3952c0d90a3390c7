//! Calls that were on their way to a site when it was lost: taking a move back had to end without
//! them, and they are called back once that site answers again.

use std::sync::Arc;
use std::time::Duration;

use swell_consensus::log::Look;
use swell_link::client::Client;
use swell_outlook::naming::workload_id;
use swell_site::site::Site;

use crate::sites::belongings::Belongings;
use crate::sites::metering::{functions, workload};

const LOOK_EVERY: Duration = Duration::from_secs(20);

/// Calls back what is on its way from here, of workloads that stay; for as long as the site is up.
pub async fn call_back(site: Arc<Site>, belongings: Belongings, client: Client) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        let going = match belongings.queue.destinations() {
            Ok(going) if going.is_empty() => continue,
            Ok(going) => going,
            Err(refusal) => {
                tracing::warn!(why = %refusal.title, "the queue cannot be read");
                continue;
            }
        };
        let others = site.contacts().into_values().filter(|other| going.contains(&other.name));
        let others: Vec<_> = others.collect();
        for name in settled(&site, &belongings) {
            let names = functions(&belongings.registry, &name);
            for other in &others {
                match belongings.recall(&client, &names, other).await {
                    Ok(0) => {}
                    Ok(calls) => {
                        let site = &other.name;
                        tracing::info!(%site, calls, "calls that were on their way are back");
                    }
                    Err(error) => {
                        tracing::debug!(site = %other.name, %error, "calls are still on their way");
                    }
                }
            }
        }
    }
}

/// Workloads that this site has authority over and that nobody moves.
fn settled(site: &Site, belongings: &Belongings) -> Vec<String> {
    let mut names = Vec::new();
    belongings.registry.visit(|function| names.push(workload(function).to_string()));
    names.sort_unstable();
    names.dedup();
    let me = site.me();
    site.log().look(|state| {
        names.retain(|name| {
            let id = workload_id(name);
            let holder = state.workloads.get(&id).map(|of| of.authority.holder);
            holder == Some(me) && state.transit(id).is_none()
        });
    });
    names
}
