//! Who is asked for figures whenever somebody wants to see them.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use crate::flow::shown::Shown;
use crate::foresight::figures;
use crate::foresight::ground::Ground;
use crate::gateway::context::Gateway;
use crate::observe::logs::Logs;
use crate::observe::metrics::Metrics;
use crate::queue::calls::Queue;
use crate::sites::desk::SiteDesk;
use crate::sites::figures as peers;

/// Lets those who know tell their figures whenever somebody asks for them.
pub(crate) fn watch(
    metrics: &Metrics,
    gateway: &Arc<Gateway>,
    logs: &Arc<Logs>,
    queue: &Arc<Queue>,
) {
    let (gateway, logs) = (Arc::downgrade(gateway), Arc::downgrade(logs));
    let queue = Arc::downgrade(queue);
    metrics.on_scrape(move |gauges| {
        if let Some(gateway) = gateway.upgrade() {
            gauges.functions = gateway.registry.len() as u64;
            gateway.registry.visit(|function| {
                let cpu_us = function.used().cpu_us;
                if cpu_us > 0 {
                    gauges.function_cpu_us.insert(function.name.to_string(), cpu_us);
                }
            });
            gauges.inflight_requests = u64::from(gateway.in_flight.load(Ordering::Relaxed));
            gateway.live.fill(gauges);
        }
        if let Some(logs) = logs.upgrade() {
            logs.fill(gauges);
        }
        if let Some(queue) = queue.upgrade() {
            queue.fill(gauges);
        }
    });
}

/// Fills in, whenever they are asked for, the gauges of flows, of forecasts and of other sites.
pub(crate) fn watch_others(
    metrics: &Metrics,
    shown: &Arc<Shown>,
    ground: &Arc<Ground>,
    sited: &Arc<SiteDesk>,
) {
    let shown = Arc::downgrade(shown);
    metrics.on_scrape(move |gauges| {
        if let Some(shown) = shown.upgrade() {
            shown.fill(gauges);
        }
    });
    let sited = Arc::downgrade(sited);
    metrics.on_scrape(move |gauges| {
        if let Some(Ok(site)) = sited.upgrade().map(|sited| sited.site()) {
            peers::fill(&site, gauges);
        }
    });
    let ground = Arc::downgrade(ground);
    metrics.on_scrape(move |gauges| {
        if let Some(ground) = ground.upgrade() {
            figures::fill(&ground, gauges);
        }
    });
}
