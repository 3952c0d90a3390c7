//! Cache groups: who leads, who has what, and why reads go where they go.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Json;
use axum::extract::{Path, State};

use swell_api::cache::{CacheCounts, CacheGroup, CachePrefetch, CacheState, CachedContent};

use crate::api::context::ApiContext;
use crate::api::reply::Answer;

/// The cache groups of this node.
#[utoipa::path(get, path = "/v1/cache", tag = "contents",
    responses(
        (status = 200, description = "The groups.", body = CacheState),
        (status = 404, description = "The node has no contents."),
    ),
)]
pub async fn show(State(context): State<Arc<ApiContext>>) -> Answer<Json<CacheState>> {
    let contents = &context.gate()?.contents;
    let members = contents.members();
    let own = members.iter().find(|(_, is_own)| *is_own);
    let groups = contents.groups().into_iter().map(|one| CacheGroup {
        workload: one.workload,
        group: one.group.0,
        epoch: one.epoch,
        leader: one.leader,
        leads: one.leads,
        voters: one.voters,
        copies: one.copies,
        copy_bytes: one.copy_bytes,
        led_contents: one.led_contents,
    });
    let (figures, ahead) = (contents.figures(), contents.fetched_ahead());
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    Ok(Json(CacheState {
        name: own.map(|(name, _)| name.clone()).unwrap_or_default(),
        store: contents.store(),
        trouble: contents.trouble(),
        groups: groups.collect(),
        members: members.into_iter().map(|(name, _)| name).collect(),
        counts: CacheCounts {
            local: count(&figures.local),
            group: count(&figures.group),
            store: count(&figures.store),
            writes: count(&figures.writes),
            failures: count(&figures.failures),
            sent: count(&figures.sent),
            received: count(&figures.received),
            store_requests: count(&figures.store_requests),
            store_failures: count(&figures.store_failures),
        },
        prefetch: CachePrefetch {
            layers: contents.layers(),
            begun: ahead.begun(),
            useful: ahead.useful,
            late: ahead.late,
            wasted: ahead.wasted,
            wasted_bytes: ahead.wasted_bytes,
            idle: ahead.idle,
            refused: ahead.refused_by_room + ahead.refused_by_link,
        },
    }))
}

/// How a content stands at this node, and why a read would go where it goes.
#[utoipa::path(get, path = "/v1/cache/{workload}/{name}", tag = "contents",
    params(
        ("workload" = String, Path, description = "The workload."),
        ("name" = String, Path, description = "The name, which may have parts with `/` between them."),
    ),
    responses(
        (status = 200, description = "How it stands.", body = CachedContent),
        (status = 400, description = "The name makes no sense."),
        (status = 404, description = "There is no such workload."),
        (status = 503, description = "The data store cannot be reached."),
        (status = 507, description = "The data store is full."),
    ),
)]
pub async fn content(
    State(context): State<Arc<ApiContext>>,
    Path((workload, name)): Path<(String, String)>,
) -> Answer<Json<CachedContent>> {
    let gate = context.gate()?;
    let name = gate.name(&workload, &name).await?;
    let view = gate.contents.view(&name);
    let holder = |(node, version): &(String, _)| format!("{node} {version}");
    Ok(Json(CachedContent {
        name: format!("{workload}/{}", name.name()),
        tag: view.member_tag.map(str::to_string),
        version: view.version.map(|version| version.to_string()),
        age_ms: view.age_ms,
        leader_tag: view.leader_tag.map(str::to_string),
        holders: view.holders.iter().map(holder).collect(),
        why: view.why,
        fetched_ahead: view.is_ahead,
    }))
}
