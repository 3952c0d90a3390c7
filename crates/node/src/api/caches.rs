//! Cache groups: who leads, who has what, and why reads go where they go.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Json;
use axum::extract::{Path, State};

use swell_api::cache::{
    CacheCounts, CacheGroup, CachePrefetch, CacheState, CachedContent, ContentMove, PlacedFunction,
    PlacedInput, PlacedNode,
};

use swell_content::answer::ContentError;
use swell_content::leadership::{found_group, is_found};
use swell_content::naming::{check_workload, group_of};
use swell_content::view::GroupView;

use crate::api::context::ApiContext;
use crate::api::reply::{Answer, Told};
use crate::content::gate::refusal;
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
    let mut known = contents.groups();
    // Who leads what was found leads it under a number of its own.
    let found: BTreeSet<String> =
        context.gate()?.grouping.found().into_iter().map(|found| found.name).collect();
    let leads_found = known.iter().filter(|one| is_found(one.group)).cloned();
    let leads_found: BTreeMap<_, _> = leads_found.map(|one| (one.group, one)).collect();
    let is_named = |group| found.iter().any(|name| found_group(name) == group);
    known.retain(|one| one.workload.is_some() || !is_named(one.group));
    let without = told.iter().map(|told| &told.workload).collect::<BTreeSet<_>>();
    let without = without
        .into_iter()
        .filter(|workload| !known.iter().any(|group| group.workload.as_ref() == Some(*workload)));
    let without: Vec<_> = without
        .map(|workload| {
            let leads =
                leads_found.get(&found_group(workload)).filter(|_| found.contains(workload));
            let group = leads.cloned().unwrap_or_else(|| GroupView::unled(group_of(workload)));
            GroupView { workload: Some(workload.clone()), ..group }
        })
        .collect();
    let groups = known.into_iter().chain(without).map(|one| CacheGroup {
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
    let (groups, led) = (gate.grouping.groups_of(&name), gate.grouping.led(&name, view.group));
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
        led,
        fetched_ahead: view.is_ahead,
    }))
}

/// Has a content led by the group of another workload, and waits until it is.
#[utoipa::path(post, path = "/v1/cache/{workload}/{name}", tag = "contents",
    params(
        ("workload" = String, Path, description = "The workload."),
        ("name" = String, Path, description = "The name, which may have parts with `/` between them."),
    ),
    request_body = ContentMove,
    responses(
        (status = 200, description = "How it stands now.", body = CachedContent),
        (status = 400, description = "The name of the content or of the group makes no sense."),
        (status = 404, description = "There is no such content, or no such workload."),
        (status = 503, description = "The content could not go in time, or the data store cannot be reached."),
    ),
)]
pub async fn give(
    State(context): State<Arc<ApiContext>>,
    Path((workload, name)): Path<(String, String)>,
    Told(ContentMove { group }): Told<ContentMove>,
) -> Answer<Json<CachedContent>> {
    let gate = context.gate()?;
    let content = gate.name(&workload, &name).await?;
    check_workload(&group).map_err(|error| Refusal::new(Reason::BadRequest, error.to_string()))?;
    gate.check(&group).await?;
    let moved = gate.contents.move_to(&content, group_of(&group)).await;
    moved.map_err(|error| match error {
        ContentError::NotFound => {
            Refusal::new(Reason::NotFound, format!("there is no content `{workload}/{name}`"))
        }
        ContentError::Busy => Refusal::new(Reason::Busy, "the content has not moved yet").hint(
            "its group has no leader at the moment, or it is being written all the time; it goes \
             as soon as it can: look with `swell cache why`",
        ),
        error => refusal(error),
    })?;
    self::content(State(context), Path((workload, name))).await
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
