//! Bands that go on holding what they promise while demand drifts: one running account per
//! class of functions and step ahead, whichever model forecasts.

use std::collections::VecDeque;
use std::sync::Arc;

use swell_forecast::bands::Forecast;
use swell_forecast::calibrate::layer::Calibration;
use swell_forecast::calibrate::stream::Came;

use crate::demand::counter::Demand;
use crate::foresight::desk::Desk;
use crate::foresight::members::Member;
use crate::foresight::outlook::Outlook;
use crate::foresight::score::Score;

/// What its record is of.
const EDGES: &str = "steps/edges";
/// Rare, medium and busy functions, by calls a step.
const CLASSES: usize = 3;
/// Functions that are learned from, at most; the edges are for all.
pub const LEARNED_MAX: usize = 1_000;

/// The edges.
pub struct Edges {
    calibration: Calibration,
}

impl Edges {
    /// Takes up what an earlier run learned.
    pub fn open(demand: &Demand, horizon: usize) -> Self {
        let kept = demand.ledger.records(EDGES).unwrap_or_default().pop();
        let calibration = match kept.map(|(_, bytes)| Calibration::from_bytes(&bytes)) {
            Some(Ok(calibration)) => calibration,
            Some(Err(error)) => {
                tracing::warn!(%error, "how wide bands must be is learned anew");
                Calibration::new(CLASSES, horizon)
            }
            None => Calibration::new(CLASSES, horizon),
        };
        Self { calibration }
    }

    /// Has what was learned written with the next writing.
    pub fn keep(&self, demand: &Demand) {
        demand.note(EDGES, "all".to_string(), self.calibration.to_bytes());
    }

    /// A step came with these counts, in the order of the members.
    pub fn learn(
        &mut self,
        step: u64,
        members: &[Member],
        counts: &[Option<u32>],
        recent: &VecDeque<Arc<Outlook>>,
        desk: &Desk,
    ) {
        let classes = classes(members, desk);
        for outlook in recent {
            let Some(ahead) = step.checked_sub(outlook.origin) else { continue };
            let ahead = ahead as usize;
            let mut came = [const { Vec::new() }; CLASSES];
            for ((member, count), class) in members.iter().zip(counts).zip(&classes) {
                let Some(count) = count else { continue };
                let Some(row) = outlook.row(&member.name) else { continue };
                let plain = row.plain.as_ref().and_then(|plain| plain.steps.get(ahead));
                let (Some(&plain), Some(&shown)) = (plain, row.forecast.steps.get(ahead)) else {
                    continue;
                };
                let count = *count as f32;
                came[*class].push((&*member.name, Came { plain, shown, count }));
            }
            for (class, came) in came.iter().enumerate() {
                if !came.is_empty() {
                    self.calibration.learn(class, ahead, came);
                }
            }
        }
    }

    /// Forecasts with the edges of now.
    pub fn shown(
        &mut self,
        plain: &[Forecast],
        members: &[Member],
        most: f32,
        desk: &Desk,
    ) -> Vec<Forecast> {
        let classes = classes(members, desk);
        let each = plain.iter().zip(members).zip(classes);
        let shown = each.map(|((plain, member), class)| {
            self.calibration.apply(class, &member.name, plain.clone(), most)
        });
        shown.collect()
    }
}

fn classes(members: &[Member], desk: &Desk) -> Vec<usize> {
    let scores = desk.scores.read();
    let class = |member: &Member| match scores.get(&member.name).map_or(0.0, Score::volume) {
        ..1.0 => 0,
        1.0..10.0 => 1,
        _ => 2,
    };
    members.iter().map(class).collect()
}
