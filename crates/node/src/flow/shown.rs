//! Flows as those see them who ask: the API, the metrics, the plan; and what a person may do
//! with one by hand.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use swell_api::flow::{Flow, FlowChange, FlowItems, FlowLane, FlowPlan, FlowSpec, is_native};
use swell_api::plan::{Difference, PlanAction, PlanStep};
use swell_fifo::class::Class;

use crate::flow::flows::Flows;
use crate::flow::letters::unknown;
use crate::flow::line::Line;
use crate::flow::up::Up;
use crate::flow::watch::{Seen, Watch};
use crate::observe::gauges::{FlowFigures, Gauges, RegionFigures};
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
        let (name, spec) = (record.spec.name.clone(), record.spec);
        match &up.line {
            Ok(line) => {
                let seen = self.watch.seen(line);
                let explanation = explain(line, &seen, record.frozen, record.pinned.as_deref());
                let (frozen, pinned) = (record.frozen, record.pinned);
                Flow { frozen, pinned, explanation, ..up_flow(name, spec, line, &seen) }
            }
            Err(why) => Flow {
                frozen: record.frozen,
                pinned: record.pinned,
                explanation: "it is not up".to_string(),
                trouble: Some(why.to_string()),
                ..down_flow(name, spec)
            },
        }
    }

    /// Freezes, unfreezes, pins or unpins a flow.
    pub async fn change(&self, name: &str, change: FlowChange) -> Result<Flow, Refusal> {
        let up = self.find(name)?;
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
        self.flows.save(&record).await?;
        *up.record.lock() = record;
        if let (Some(place), Ok(line)) = (place, &up.line) {
            self.hand_over(line, place, "pin")?;
        }
        self.get(name)
    }

    /// Lets another function own a flow, from the next item on.
    pub async fn migrate(&self, name: &str, to: &str) -> Result<Flow, Refusal> {
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
        record.owner = Some(to.to_string());
        self.flows.save(&record).await?;
        *up.record.lock() = record;
        self.hand_over(line, place, "person")?;
        self.get(name)
    }

    fn hand_over(&self, line: &Arc<Line>, place: usize, why: &'static str) -> Result<(), Refusal> {
        let moved = line.hand_over(place, why);
        let moved = moved.map_err(|error| {
            Refusal::new(Reason::NoMemory, "the flow stays where it is").detail(error.to_string())
        })?;
        if moved {
            self.watch.moved(line, place);
        }
        Ok(())
    }

    fn place(&self, up: &Up, owner: &str) -> Result<usize, Refusal> {
        let spec = up.record.lock().spec.clone();
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

    /// What would change if these flows were deployed.
    pub fn plan(&self, plan: &FlowPlan, prune: bool) -> Vec<PlanStep> {
        let here = self.flows.specs();
        let mut named = BTreeSet::new();
        let mut steps: Vec<PlanStep> = plan
            .flows
            .iter()
            .map(|spec| {
                let mut problems = self.flows.problems(spec, &plan.functions, &plan.flows);
                if !named.insert(spec.name.as_str()) {
                    problems.push(format!("`{}` is there twice; name it once", spec.name));
                }
                let former = here.iter().find(|former| former.name == spec.name);
                let action = match former {
                    None => PlanAction::Create,
                    Some(former) if former == spec => PlanAction::Same,
                    Some(_) => PlanAction::Update,
                };
                let differences = former.map_or_else(Vec::new, |former| differ(former, spec));
                PlanStep { name: spec.name.clone(), action, differences, problems }
            })
            .collect();
        if prune {
            let others = here.iter().filter(|flow| !named.contains(flow.name.as_str()));
            steps.extend(others.map(|flow| PlanStep {
                name: flow.name.clone(),
                action: PlanAction::Remove,
                differences: Vec::new(),
                problems: Vec::new(),
            }));
        }
        steps
    }

    /// Fills in the figures of all flows and of the regions they lie in.
    pub fn fill(&self, gauges: &mut Gauges) {
        gauges.flows = self.flows.all().iter().filter_map(|up| self.figures(up)).collect();
        let regions = &self.flows.regions;
        gauges.regions = Class::all()
            .map(|class| {
                let count = regions.count(class);
                RegionFigures {
                    bytes: class.bytes(),
                    free: (count.free + count.dirty) as u64,
                    used: count.used as u64,
                    misses: count.misses,
                }
            })
            .collect();
        gauges.region_bytes = regions.held();
        let (counts, (took, longest)) = self.watch.counts();
        gauges.flow_decisions = [
            counts.moves,
            counts.over_budget,
            counts.cooling_down,
            counts.no_target,
            counts.no_benefit,
            counts.stale,
        ];
        gauges.flow_tick_seconds = [took.as_secs_f64(), longest.as_secs_f64()];
    }

    fn figures(&self, up: &Up) -> Option<FlowFigures> {
        let line = up.line.as_ref().ok()?;
        let seen = self.watch.seen(line);
        Some(FlowFigures {
            name: line.spec.name.clone(),
            items: line.meter.items(),
            depth: line.meter.depth(),
            behind: line.lanes.iter().map(|lane| lane.behind()).sum(),
            disk_bytes: line.lanes.iter().map(|lane| lane.disk_bytes()).sum(),
            oldest_seconds: line.meter.oldest_us() as f64 / 1e6,
            blocked: seen.rates.blocked,
            starved: seen.rates.starved,
            epoch: line.epoch().into(),
            moves: line.moves().into_iter().collect(),
            sojourn: line.meter.sojourn.read(),
        })
    }
}

fn up_flow(name: String, spec: FlowSpec, line: &Line, seen: &Seen) -> Flow {
    let (half, most) = line.meter.percentiles();
    let lanes = line.lanes.iter().enumerate().map(|(number, lane)| {
        let (class, state) = line.lane_state(number);
        FlowLane {
            from: lane.from.to_string(),
            class_bytes: class.bytes(),
            used_bytes: state.tail.saturating_sub(state.committed),
            items: state.items,
            disk_bytes: lane.disk_bytes(),
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
        lanes: lanes.collect(),
        natives: line.natives.shown(line.native_owner()),
        items: line.meter.items(),
        migrations: line.moves().into_iter().map(|(why, n)| (why.to_string(), n)).collect(),
        pause_us_last: line.pause_last().map(|pause| pause.as_micros() as u64),
        pause_us_next: line.pause_next().nanos() / 1_000,
        trouble: line.trouble(),
        ..down_flow(name, spec)
    }
}

fn down_flow(name: String, spec: FlowSpec) -> Flow {
    Flow {
        name,
        owner: spec.to.clone(),
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
        lanes: Vec::new(),
        natives: Vec::new(),
        items: FlowItems::default(),
        migrations: Default::default(),
        pause_us_last: None,
        pause_us_next: 0,
        explanation: String::new(),
        trouble: None,
    }
}

/// Why a flow is where it is, in words.
fn explain(line: &Line, seen: &Seen, frozen: bool, pinned: Option<&str>) -> String {
    let owner = line.owner_name(line.owner());
    let decision = match (pinned, frozen) {
        (Some(pinned), _) => format!("it stays: a person pinned it to `{pinned}`"),
        (None, true) => "it stays: a person froze it".to_string(),
        (None, false) if line.is_native(line.owner()) => match line.native_owner() {
            Some(_) => format!("it stays: the process `{owner}` has it while it is connected"),
            None => format!("it waits for the process `{owner}` to connect"),
        },
        (None, false) if line.spec.owners.is_empty() => {
            format!("it stays: nobody but `{owner}` can own it; state more functions in `owners`")
        }
        (None, false) => seen.decision.clone(),
    };
    match seen.figures.as_str() {
        "" => decision,
        figures => format!("{decision}. Seen at the last tick: {figures}."),
    }
}

/// Keys whose values differ.
fn differ(from: &FlowSpec, to: &FlowSpec) -> Vec<Difference> {
    let value = |spec| serde_json::to_value(spec).expect("a flow is plain data");
    let (Value::Object(from), Value::Object(to)) = (value(from), value(to)) else {
        return Vec::new();
    };
    let keys: BTreeSet<&String> = from.keys().chain(to.keys()).collect();
    let differ = keys.into_iter().filter(|key| from.get(*key) != to.get(*key));
    differ
        .map(|key| Difference {
            field: key.clone(),
            from: from.get(key).cloned(),
            to: to.get(key).cloned(),
        })
        .collect()
}
