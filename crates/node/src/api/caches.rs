//! Cache groups: who leads, who has what, and why reads go where they go.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Json;
use axum::extract::{Path, State};

use swell_api::cache::{
    CacheCounts, CacheGroup, CachePrefetch, CacheState, CachedContent, PlacedFunction, PlacedInput,
    PlacedNode,
};

use crate::api::context::ApiContext;
use crate::api::reply::Answer;
use crate::refusal::{Reason, Refusal};

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
    let told = context.gate()?.grouping.memberships();
    let inside = |workload: &Option<String>| -> Vec<String> {
        let of_it = told.iter().filter(|told| Some(&told.workload) == workload.as_ref());
        of_it.map(|told| told.node.clone()).collect()
    };
    let why = |workload: &Option<String>| {
        let mut own = told.iter().filter(|told| told.is_here);
        own.find(|told| Some(&told.workload) == workload.as_ref()).map(|told| told.why.clone())
    };
    let known = contents.groups();
    let without = told.iter().map(|told| &told.workload).collect::<BTreeSet<_>>();
    let without = without
        .into_iter()
        .filter(|workload| !known.iter().any(|group| group.workload.as_ref() == Some(*workload)));
    let without: Vec<CacheGroup> = without
        .map(|workload| {
            let workload = Some(workload.clone());
            CacheGroup {
                why: why(&workload),
                members: inside(&workload),
                workload,
                ..CacheGroup::default()
            }
        })
        .collect();
    let groups = known.into_iter().map(|one| CacheGroup {
        why: why(&one.workload),
        members: inside(&one.workload),
        workload: one.workload,
        group: one.group.0,
        epoch: one.epoch,
        leader: one.leader,
        leads: one.leads,
        voters: one.voters,
        by_settings: one.by_settings,
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
        groups: groups.chain(without).collect(),
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
    let groups = gate.grouping.groups_of(&name);
    let holder = |(node, version): &(String, _)| format!("{node} {version}");
    Ok(Json(CachedContent {
        name: format!("{workload}/{}", name.name()),
        tag: view.member_tag.map(str::to_string),
        version: view.version.map(|version| version.to_string()),
        age_ms: view.age_ms,
        leader_tag: view.leader_tag.map(str::to_string),
        holders: view.holders.iter().map(holder).collect(),
        why: view.why,
        groups,
        fetched_ahead: view.is_ahead,
    }))
}

/// Where a call of a function would go, and why.
#[utoipa::path(get, path = "/v1/placement/{function}", tag = "contents",
    params(("function" = String, Path, description = "The function.")),
    responses(
        (status = 200, description = "Where it would go.", body = PlacedFunction),
        (status = 404, description = "There is no such function, or nothing is known of its workload."),
    ),
)]
pub async fn placement(
    State(context): State<Arc<ApiContext>>,
    Path(function): Path<String>,
) -> Answer<Json<PlacedFunction>> {
    let gate = context.gate()?;
    gate.grouping.refresh();
    let found = gate.registry.get(&function);
    let Some(placed) = gate.grouping.place(&function, found.as_deref()) else {
        return Err(unplaced(&function, found.is_some()).into());
    };
    let chosen = placed.chosen.map(|(place, joins)| (placed.choices[place].name.clone(), joins));
    let inputs = gate.grouping.usual_inputs(&function).into_iter().map(|(name, bytes)| {
        PlacedInput { name: format!("{}/{}", name.workload(), name.name()), bytes }
    });
    let choices = placed.choices.iter().map(|choice| PlacedNode {
        name: choice.name.clone(),
        is_member: choice.membership.is_some(),
        cost: choice.tell(&placed.need),
    });
    Ok(Json(PlacedFunction {
        name: function,
        workload: placed.workload,
        by: placed.by,
        joins: chosen.as_ref().is_some_and(|(_, joins)| *joins),
        node: chosen.map(|(node, _)| node),
        inputs: inputs.collect(),
        choices: choices.collect(),
    }))
}

fn unplaced(function: &str, is_here: bool) -> Refusal {
    if !is_here {
        let title = format!("no function `{function}` is known here or nearby");
        return Refusal::new(Reason::NotFound, title)
            .hint("`swell list` shows those that are here");
    }
    let title = format!("nothing is known of the workload of `{function}`");
    Refusal::new(Reason::NotFound, title).hint(
        "name a `workload`, give it one of the labels `warning`, `location`, `freshness`, or call \
         it a few times, so that it is seen what it reads",
    )
}
