//! Forecasts of counts for minds: any method of the catalogue, fitted now and then.

use swell_core::demand::FunctionDemand;
use swell_core::ids::FunctionId;

use crate::bands::{Forecast, HIGH, LOW};
use crate::catalogue::Entry;
use crate::forecaster::{Budget, Model};
use crate::foresight::quantized;
use crate::panel::{Member, Panel};

/// Steps from one fitting to the next: four hours of five minutes.
const REFIT: usize = 48;
/// What is spent on a fitting, of the full budget.
const SHARE: f32 = 0.1;
/// How fast the confidence follows, per step.
const PACE: f32 = 0.05;
/// Least chance in any step for which a function is spoken of.
const SPOKEN: u16 = 10;

/// A method and what it was fitted on.
pub struct Counted {
    entry: Entry,
    seed: u64,
    panel: Panel,
    model: Option<Box<dyn Model>>,
    said: Vec<Forecast>,
    within: Vec<f32>,
}

impl Counted {
    /// A method, before any count.
    pub fn new(entry: Entry, season: usize, seed: u64) -> Self {
        let panel = Panel::new(Vec::new(), season);
        Self { entry, seed, panel, model: None, said: Vec::new(), within: Vec::new() }
    }

    /// A step has passed with so many calls of each function.
    pub fn note(&mut self, counts: &[u32]) {
        let before = self.panel.len();
        while self.panel.members.len() < counts.len() {
            let mut member = Member::default();
            // It was there and nobody called it.
            (0..before).for_each(|_| member.counts.push(Some(0)));
            self.panel.members.push(member);
        }
        self.within.resize(self.panel.members.len(), 0.8);
        for (function, member) in self.panel.members.iter_mut().enumerate() {
            let calls = counts.get(function).copied().unwrap_or(0);
            member.counts.push(Some(calls));
            if let Some(said) = self.said.get(function).and_then(|said| said.steps.first()) {
                let inside = (said[LOW]..=said[HIGH]).contains(&(calls as f32));
                let within = &mut self.within[function];
                *within += PACE * (f32::from(u8::from(inside)) - *within);
            }
        }
    }

    /// What is expected of the next steps.
    pub fn foresee(&mut self, horizon: usize) -> Vec<FunctionDemand> {
        let origin = self.panel.len();
        let past = self.panel.before(origin);
        if self.model.is_none() || origin.is_multiple_of(REFIT) {
            let budget = Budget::FULL.scaled(SHARE);
            self.model = Some(self.entry.forecaster.fit(&past, &budget, self.seed));
        }
        let model = self.model.as_ref().expect("just fitted where there was none");
        self.said = model.predict(&past, 0..past.members(), horizon);
        let each = self.said.iter().zip(&self.within).enumerate();
        let demands = each.map(|(function, (said, within))| FunctionDemand {
            function: FunctionId(function as u32),
            confidence: quantized::per_mille(*within),
            steps: said.steps.iter().map(|step| quantized::step(step, None)).collect(),
            known: Vec::new(),
        });
        demands.filter(|demand| demand.steps.iter().any(|step| step.chance >= SPOKEN)).collect()
    }
}
