//! Occasions make forecasts better, whether a model is told of them or they are taken out of its
//! past and put into what it says.

mod by_chance;

use swell_core::rng::{below, split, unit};
use swell_forecast::bands::{Forecast, LEVELS};
use swell_forecast::calendar::announced::Announced;
use swell_forecast::calendar::plan::Occurrence;
use swell_forecast::catalogue::entries;
use swell_forecast::effects::book::Book;
use swell_forecast::effects::layer::{Ahead, calm, masked};
use swell_forecast::effects::learn::learn;
use swell_forecast::effects::tell::{Hindsight, tell};
use swell_forecast::forecaster::{Budget, Model};
use swell_forecast::measure::pinball;
use swell_forecast::panel::{Member, Panel};
use swell_forecast::series::Series;

use crate::by_chance::poisson;

const FUNCTIONS: usize = 80;
const STEPS: usize = 576;
const SCORED: usize = 432;
const LASTS: usize = 8;

struct Stage {
    panel: Panel,
    occurrences: Vec<Occurrence>,
}

/// Functions by chance, of which half are called three times as often during sales.
fn stage(announced: Announced) -> Stage {
    let mut rng = split(8, "sales");
    let starts: Vec<usize> =
        (1..STEPS / 36).map(|turn| 36 * turn + below(&mut rng, 20) as usize).collect();
    let is_sale = |step: usize| starts.iter().any(|start| (*start..start + LASTS).contains(&step));
    let members = (0..FUNCTIONS).map(|of| {
        let level = [3.0, 12.0, 40.0][of % 3] * (0.7 + 0.6 * unit(&mut rng));
        let count = |step: usize| {
            let times = if of % 2 == 0 && is_sale(step) { 3.0 } else { 1.0 };
            Some(poisson(&mut rng, level * times))
        };
        let counts = Series::from_counts((0..STEPS).map(count).collect::<Vec<_>>());
        Member { name: format!("{of}"), counts, ..Member::default() }
    });
    let panel = Panel::new(members.collect(), 12);
    let occurrence = |&start: &usize| Occurrence {
        occasion: "sale".to_string(),
        kind: "sale".to_string(),
        announced,
        is_holiday: false,
        floor: None,
        span_ms: start as u64 * 1000..(start + LASTS) as u64 * 1000,
        steps: start..start + LASTS,
        edges: [0.0; 2],
        members: (0..FUNCTIONS).step_by(2).collect(),
    };
    let occurrences = starts.iter().map(occurrence).collect();
    Stage { panel, occurrences }
}

impl Stage {
    fn names(&self) -> Vec<&str> {
        self.panel.members.iter().map(|member| member.name.as_str()).collect()
    }

    /// Loss in the steps of sales, from origins before and in them.
    fn loss(&self, say: impl Fn(usize) -> Vec<Forecast>) -> f64 {
        let mut sum = 0.0;
        for sale in self.occurrences.iter().filter(|sale| sale.steps.start >= SCORED) {
            for origin in [sale.steps.start - 3, sale.steps.start, sale.steps.start + 3] {
                for (of, forecast) in say(origin).iter().enumerate().step_by(2) {
                    for (ahead, quantiles) in forecast.steps.iter().enumerate() {
                        let step = origin + ahead;
                        if !sale.steps.contains(&step) {
                            continue;
                        }
                        let came = f64::from(self.panel.members[of].counts.get(step).unwrap_or(0));
                        let losses = quantiles.iter().zip(LEVELS);
                        let losses = losses.map(|(&quantile, level)| {
                            pinball(came, f64::from(quantile), f64::from(level))
                        });
                        sum += losses.sum::<f64>() / (1.0 + came);
                    }
                }
            }
        }
        sum
    }
}

fn fit(name: &str, panel: &Panel) -> Box<dyn Model> {
    let entry = entries().find(|entry| entry.name == name).expect("it is in the catalogue");
    let budget = Budget { examples: 20_000, rounds: 40, ..Budget::FULL };
    entry.forecaster.fit(&panel.before(SCORED), &budget, 1)
}

fn say(model: &dyn Model, panel: &Panel, origin: usize) -> Vec<Forecast> {
    model.predict(&panel.before(origin), 0..FUNCTIONS, 12)
}

#[test]
fn trees_that_are_told_of_sales_foresee_them() {
    let stage = stage(Announced::Times(3.0));
    let plain = fit("gbm", &stage.panel);
    let of_plain = stage.loss(|origin| say(&*plain, &stage.panel, origin));
    let names = stage.names();
    let events = tell(&stage.occurrences, &Book::default(), &names, Hindsight::None);
    let told = masked(&stage.panel, &events);
    let model = fit("gbm", &told);
    let of_told = stage.loss(|origin| say(&*model, &told, origin));
    assert!(of_told < 0.8 * of_plain, "{of_told} told, {of_plain} not");
}

#[test]
fn around_any_model_unknown_sales_are_learned_and_foreseen() {
    let stage = stage(Announced::Unknown);
    let names = stage.names();
    for name in ["gbm", "window-1h", "ets"] {
        let plain = fit(name, &stage.panel);
        let of_plain = stage.loss(|origin| say(&*plain, &stage.panel, origin));
        let mut book = Book::default();
        let over: Vec<Occurrence> =
            stage.occurrences.iter().filter(|sale| sale.steps.end <= SCORED).cloned().collect();
        learn(&mut book, &stage.panel, &over, &*plain, 12);
        let events = tell(&stage.occurrences, &book, &names, Hindsight::AsOf(SCORED as u64 * 1000));
        let calm = calm(&stage.panel, &events);
        let model = fit(name, &calm);
        let of_layer = stage.loss(|origin| {
            let ahead = Ahead::of(&events, origin, 12);
            let said = say(&*model, &calm, origin).into_iter().enumerate();
            said.map(|(of, forecast)| ahead.apply(of, forecast, f32::INFINITY)).collect()
        });
        assert!(of_layer < 0.5 * of_plain, "{name}: {of_layer} around it, {of_plain} without");
    }
}
