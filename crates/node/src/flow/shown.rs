//! Flows as those see them who ask: the API, the metrics, the plan; and what a person may do
//! with one by hand.

use std::sync::Arc;

use swell_api::flow::{
    Flow, FlowChange, FlowItems, FlowLane, FlowMoved, FlowSpec, Migrate, is_native,
};
use swell_api::flow_judged::{FlowIndicators, FlowParty};
use swell_core::flow::affinity::{CoreId, Place};
use swell_core::flow::view::Party;
use swell_link::purpose::check_name;

use crate::flow::away::Away;
use crate::flow::cores::Cores;
use crate::flow::departure::{BY_ANALYZER, Ordered};
use crate::flow::flows::Flows;
use crate::flow::launch::warnings;
use crate::flow::letters::unknown;
use crate::flow::line::Line;
use crate::flow::news::Mark;
use crate::flow::records::FlowRecord;
use crate::flow::seating::reseat;
use crate::flow::told::{alarms, away_words, explain, last_move, silent};
use crate::flow::up::{Down, Up};
use crate::flow::watch::{Seen, Watch};
use crate::flow::wire::Elsewhere;
use crate::refusal::{Reason, Refusal};

/// Flows, as the API asks for them.
pub struct Shown {
    /// The flows.
    pub flows: Arc<Flows>,
    /// Who watches them.
    pub watch: Arc<Watch>,
}

impl Shown {
    /// All flows, by name.
    pub fn list(&self) -> Vec<Flow> {
        self.flows.all().iter().map(|up| self.show(up)).collect()
    }

    /// A flow.
    pub fn get(&self, name: &str) -> Result<Flow, Refusal> {
        Ok(self.show(&*self.find(name)?))
    }

    fn find(&self, name: &str) -> Result<Arc<Up>, Refusal> {
        self.flows.get(name).ok_or_else(|| unknown(name))
    }

    fn show(&self, up: &Up) -> Flow {
        let record = up.record.lock().clone();
        let (name, spec) = (record.spec.name.clone(), record.spec.clone());
        match &up.line {
            Ok(line) => {
                let seen = self.watch.seen(line);
                let explanation = explain(line, &seen, &record);
                let mut flow = up_flow(name, spec, line, &seen);
                flow.migrations.extend(journeys(&record));
                Flow { frozen: record.frozen, pinned: record.pinned, explanation, ..flow }
            }
            Err(why) => Flow {
                migrations: record.moves.clone().into_iter().chain(journeys(&record)).collect(),
                frozen: record.frozen,
                pinned: record.pinned,
                explanation: away_words(why, &record.because, up.away.as_deref()),
                trouble: Some(why.to_string()),
                alarms: up.away.as_ref().and_then(|away| silent(away)).into_iter().collect(),
                moved: up.away.as_ref().map(|away| moved(away, record.term)),
                items: up.away.as_ref().map_or_else(FlowItems::default, |away| away.counts()),
                natives: up.away.as_ref().map_or_else(Vec::new, |away| away.natives.shown(None)),
                ..down_flow(name, spec)
            },
        }
    }

    /// Freezes, unfreezes, pins or unpins a flow.
    pub async fn change(&self, name: &str, change: FlowChange) -> Result<Flow, Refusal> {
        let up = self.find(name)?;
        if let Some(away) = &up.away {
            let node = away.to().node;
            return Err(Refusal::new(
                Reason::Conflict,
                format!("the flow `{name}` is at `{node}`"),
            )
            .hint("say it to that node, with `--node`"));
        }
        if up.line.as_ref().is_err_and(|why| *why == Down::Changing) {
            return Err(Refusal::new(
                Reason::Conflict,
                format!("the flow `{name}` is being changed just now"),
            )
            .hint("say it again once `swell flow list` shows where it is"));
        }
        let mut record = up.record.lock().clone();
        if let Some(frozen) = change.frozen {
            record.frozen = frozen;
        }
        let mut place = None;
        match change.pinned.as_deref() {
            None => {}
            Some("") => record.pinned = None,
            Some(owner) => {
                place = Some(self.place(&up, owner)?);
                record.pinned = Some(owner.to_string());
                record.owner = Some(owner.to_string());
            }
        }
        let seat = change.core.as_deref().map(seat).transpose()?;
        if let Some(seat) = seat {
            record.core = match seat {
                Place::Shared => None,
                Place::On(core) => Some(core.0),
            };
        }
        self.flows.save(&record).await?;
        if let Ok(line) = &up.line {
            let is_held = record.frozen || record.pinned.is_some();
            line.meter.counters().mark(Mark::Held, is_held);
        }
        *up.record.lock() = record;
        // Who works where it is to is left alone.
        let is_there = |seat: &Place| up.line.as_ref().is_ok_and(|it| it.seat.place() == *seat);
        if let Some(seat) = seat.filter(|seat| !is_there(seat)) {
            reseat(&up, seat);
        }
        if let (Some(place), Ok(line)) = (place, &up.line) {
            self.hand_over(line, place, "pin")?;
            self.watch.keep(&up).await;
        }
        self.get(name)
    }

    /// Lets another function own a flow, from the next item on, or another node have it.
    pub async fn migrate(&self, name: &str, order: &Migrate) -> Result<Flow, Refusal> {
        match (&order.to, &order.to_node) {
            (Some(to), None) => self.migrate_to(name, to).await,
            (None, Some(node)) => {
                let to = elsewhere(node)?;
                self.flows.leave(name, to, Ordered::default()).await?;
                self.get(name)
            }
            _ => Err(Refusal::new(Reason::BadRequest, "say either `to` or `to_node`")),
        }
    }

    async fn migrate_to(&self, name: &str, to: &str) -> Result<Flow, Refusal> {
        let up = self.find(name)?;
        let place = self.place(&up, to)?;
        let mut record = up.record.lock().clone();
        if let Some(pinned) = record.pinned.as_deref().filter(|pinned| *pinned != to) {
            let title = format!("the flow `{name}` is pinned to `{pinned}`");
            return Err(Refusal::new(Reason::Conflict, title)
                .hint(format!("unpin it first with `swell flow unpin {name}`")));
        }
        let line = up.line.as_ref().map_err(|why| {
            Refusal::new(Reason::NotReady, format!("the flow `{name}` is not up"))
                .detail(why.to_string())
        })?;
        let before = record.owner.replace(to.to_string());
        self.flows.save(&record).await?;
        *up.record.lock() = record.clone();
        if let Err(refusal) = self.hand_over(line, place, "person") {
            // It stays where it is, after the next start as well.
            record.owner = before;
            *up.record.lock() = record.clone();
            self.flows.save(&record).await?;
            return Err(refusal);
        }
        self.watch.keep(&up).await;
        self.get(name)
    }

    fn hand_over(&self, line: &Arc<Line>, place: usize, why: &'static str) -> Result<(), Refusal> {
        let moved = line.hand_over(place, (why, "a person said so"));
        let moved = moved.map_err(|error| {
            Refusal::new(Reason::NoMemory, "the flow stays where it is").detail(error.to_string())
        })?;
        if moved {
            self.watch.moved(line, place);
        }
        Ok(())
    }

    fn place(&self, up: &Up, owner: &str) -> Result<usize, Refusal> {
        let spec = up.spec.clone();
        let mut owners = std::iter::once(&spec.to).chain(&spec.owners);
        if let Some(place) = owners.position(|name| name == owner) {
            if is_native(owner) {
                let line = up.line.as_ref().ok();
                if line.is_some_and(|line| line.natives.consumer(owner).is_some()) {
                    return Ok(place);
                }
                let title = format!("no process is connected as `{owner}`");
                return Err(Refusal::new(Reason::Conflict, title).hint("start it first"));
            }
            return match self.flows.parts.registry.get(owner) {
                Some(_) => Ok(place),
                None => {
                    let title = format!("no function `{owner}` is deployed here");
                    Err(Refusal::new(Reason::Conflict, title).hint("deploy it first"))
                }
            };
        }
        let all: Vec<&str> =
            std::iter::once(&spec.to).chain(&spec.owners).map(String::as_str).collect();
        let title = format!("`{owner}` cannot own the flow `{}`", spec.name);
        Err(Refusal::new(Reason::BadRequest, title)
            .hint(format!("those who can are {}; state more in `owners`", all.join(", "))))
    }
}

fn up_flow(name: String, spec: FlowSpec, line: &Line, seen: &Seen) -> Flow {
    let (half, most) = line.meter.percentiles();
    let last = last_move(line);
    let lanes = line.lanes.iter().enumerate().map(|(number, lane)| {
        let (class, state) = line.lane_state(number);
        FlowLane {
            from: lane.from.to_string(),
            class_bytes: class.bytes(),
            // What was overwritten is used no longer.
            used_bytes: state.tail.saturating_sub(state.committed).min(class.bytes()),
            items: state.items,
            disk_bytes: lane.disk_bytes(),
            last_put_ms: line.put_at_ms(number),
        }
    });
    Flow {
        owner: line.owner_name(line.owner()).to_string(),
        epoch: line.epoch(),
        depth: line.meter.depth(),
        spilled: line.lanes.iter().map(|lane| lane.behind()).sum(),
        in_per_second: seen.rates.arriving,
        out_per_second: seen.rates.leaving,
        sojourn_us_p50: half,
        sojourn_us_p99: most,
        oldest_us: line.meter.oldest_us(),
        blocked_percent: seen.rates.blocked * 100.0,
        starved_percent: seen.rates.starved * 100.0,
        core: match line.seat.place() {
            Place::Shared => None,
            Place::On(core) => Some(core.0),
        },
        capacity: seen.capacity,
        work_us: seen.work.nanos() as f64 / 1e3,
        utilization_percent: seen.utilization * 100.0,
        saturation_percent: seen.saturation.map(|share| share * 100.0),
        variation: seen.variation,
        score: seen.score,
        indicators: FlowIndicators {
            idle_percent: seen.shares.idle * 100.0,
            late_percent: seen.shares.late * 100.0,
            tight_percent: seen.shares.tight * 100.0,
        },
        alarms: alarms(line, seen),
        parties: seen.parties.iter().map(|party| shown_party(line, party)).collect(),
        lanes: lanes.collect(),
        natives: line.natives.shown(line.native_owner()),
        items: line.meter.items(),
        migrations: line.moves(),
        ping_pongs: line.ping_pongs(),
        pause_us_last: last.as_ref().and_then(|last| Some(last.waited_us? + last.paused_us?)),
        last_move: last,
        waits_for: line.holder().map(str::to_string),
        pause_us_next: line.pause_next().nanos() / 1_000,
        item_bytes: line.meter.counters().mean_bytes(),
        last_put_ms: line.last_put_ms(),
        last_taken_ms: line.taken_at_ms(),
        trouble: line.trouble(),
        ..down_flow(name, spec)
    }
}

fn moved(away: &Away, term: u32) -> FlowMoved {
    let (Elsewhere { node, at }, left) = (away.to(), away.left().unwrap_or_default());
    let pause_us = left.pause.as_micros() as u64;
    FlowMoved { node, at, term, items: left.items, bytes: left.bytes, pause_us }
}

/// Journeys of a flow between nodes, as its changes are counted; those that the analyzer let it go
/// on are counted as such.
pub(crate) fn journeys(record: &FlowRecord) -> impl Iterator<Item = (String, u64)> {
    let by_analyzer = record.moves.get(BY_ANALYZER).copied().unwrap_or_default();
    let went = record.went.saturating_sub(by_analyzer);
    let all = [("to-node", went), ("from-node", record.came)];
    let some = all.into_iter().filter(|(_, count)| *count > 0);
    some.map(|(why, count)| (why.to_string(), count))
}

/// A core as people write it; an empty text is none.
fn seat(text: &str) -> Result<Place, Refusal> {
    if text.is_empty() {
        return Ok(Place::Shared);
    }
    let cores = Cores::find();
    let known = || cores.all().iter().map(|core| core.id);
    let wanted = text.parse().ok().map(CoreId);
    let found = known().find(|core| Some(*core) == wanted);
    found.map(Place::On).ok_or_else(|| {
        let shown: String = text.chars().take(20).collect();
        let all: Vec<String> = known().map(|core| core.0.to_string()).collect();
        Refusal::new(Reason::BadRequest, format!("`{shown}` is no core that this node may use"))
            .hint(format!("those are {}", all.join(", ")))
    })
}

/// A node as people write it.
fn elsewhere(text: &str) -> Result<Elsewhere, Refusal> {
    let parts = text.split_once('=').filter(|(_, at)| at.contains(':'));
    let found = parts.filter(|(node, _)| check_name(node).is_ok());
    found.map(|(node, at)| Elsewhere { node: node.to_string(), at: at.to_string() }).ok_or_else(
        || {
            let shown: String = text.chars().take(80).collect();
            Refusal::new(Reason::BadRequest, format!("`{shown}` is no node"))
                .hint("write its name and where it listens for flows, such as berlin=10.0.0.2:7403")
        },
    )
}

fn shown_party(line: &Line, party: &Party) -> FlowParty {
    FlowParty {
        name: line.owner_name(party.owner.0 as usize).to_string(),
        used_percent: party.usage() * 100.0,
        processors: party.processors,
        calls_percent: party.calls * 100.0,
        cpu_percent: party.cpu * 100.0,
        memory_percent: party.memory * 100.0,
        node_memory_percent: party.common_memory * 100.0,
        pressure_percent: party.pressure * 100.0,
        dependency_percent: party.dependency * 100.0,
        proximity_percent: party.proximity * 100.0,
        pause_us: party.pause.nanos() / 1_000,
        is_alive: party.is_alive,
    }
}

fn down_flow(name: String, spec: FlowSpec) -> Flow {
    Flow {
        name,
        owner: spec.to.clone(),
        warnings: warnings(&spec),
        spec,
        epoch: 0,
        frozen: false,
        pinned: None,
        depth: 0,
        spilled: 0,
        in_per_second: 0.0,
        out_per_second: 0.0,
        sojourn_us_p50: 0,
        sojourn_us_p99: 0,
        oldest_us: 0,
        blocked_percent: 0.0,
        starved_percent: 0.0,
        core: None,
        capacity: 0.0,
        work_us: 0.0,
        utilization_percent: 0.0,
        saturation_percent: None,
        variation: 0.0,
        score: 0.0,
        indicators: FlowIndicators::default(),
        alarms: Vec::new(),
        parties: Vec::new(),
        lanes: Vec::new(),
        natives: Vec::new(),
        items: FlowItems::default(),
        migrations: Default::default(),
        ping_pongs: 0,
        last_move: None,
        waits_for: None,
        pause_us_last: None,
        pause_us_next: 0,
        item_bytes: 0.0,
        last_put_ms: None,
        last_taken_ms: None,
        explanation: String::new(),
        trouble: None,
        moved: None,
    }
}
