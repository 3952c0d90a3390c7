//! From a calendar to the steps and functions of a panel.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::calendar::announced::Announced;
use crate::calendar::grid::Grid;
use crate::calendar::occasion::Occasion;
use crate::calendar::pattern;
use crate::event::{Effect, EventEffect};

/// One time that an occasion takes place.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Occurrence {
    /// Which occasion, by its id.
    pub occasion: String,
    /// Its kind.
    pub kind: String,
    /// What is said of its effect.
    pub announced: Announced,
    /// Whether models know it as a day of another kind, so that it has no effect besides.
    pub is_holiday: bool,
    /// Instances that are held of each function while it lasts.
    pub floor: Option<u32>,
    /// When it is, in Unix milliseconds.
    pub span_ms: Range<u64>,
    /// The steps that it touches.
    pub steps: Range<usize>,
    /// Which share of the first of them is over when it begins, and of the last one left when it
    /// ends, 0 to 1 each.
    pub edges: [f32; 2],
    /// The functions that it touches, by their place in the panel, in order; at least one.
    pub members: Vec<usize>,
}

/// What a calendar means for a panel.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Plan {
    /// What takes place, in order of the steps.
    pub occurrences: Vec<Occurrence>,
    /// Ids of occasions that take place more often than was gone through.
    pub cut: Vec<String>,
}

/// The most occurrences of a plan.
pub const OCCURRENCES_MAX: usize = 20_000;

/// What takes place in the first `len` steps of a grid, for functions of these names. An
/// occasion that fits no function is left out.
pub fn plan(occasions: &[Occasion], grid: Grid, len: usize, names: &[&str]) -> Plan {
    let window = grid.first_ms..grid.start_of(len);
    let mut plan = Plan::default();
    for occasion in occasions {
        let fits = |place: &usize| pattern::fits_any(&occasion.functions, names[*place]);
        let members: Vec<usize> = (0..names.len()).filter(fits).collect();
        if members.is_empty() {
            continue;
        }
        let spans = occasion.within(&window);
        let room = OCCURRENCES_MAX - plan.occurrences.len();
        if spans.is_cut || spans.spans.len() > room {
            plan.cut.push(occasion.id.clone());
        }
        for span_ms in spans.spans.into_iter().take(room) {
            let steps = grid.steps(&span_ms, len);
            if steps.is_empty() {
                continue;
            }
            plan.occurrences.push(Occurrence {
                occasion: occasion.id.clone(),
                kind: occasion.kind.clone(),
                announced: occasion.effect,
                is_holiday: occasion.is_holiday(),
                floor: occasion.floor,
                edges: grid.edges(&span_ms, &steps),
                span_ms,
                steps,
                members: members.clone(),
            });
        }
    }
    plan.occurrences.sort_by_key(|occurrence| (occurrence.steps.start, occurrence.steps.end));
    plan
}

/// The most occurrences that models are told of, the latest: each function looks at all of them.
const MARKS_MAX: usize = 256;

/// What models are told of occurrences whose effects are taken out of what they see: when they
/// are, so that their shape can be learned, and no effect, or it would count twice.
pub fn marks(occurrences: &[Occurrence]) -> Vec<EventEffect> {
    let is_told = |one: &&Occurrence| !one.is_holiday && one.announced != Announced::Unmeasured;
    let mut told: Vec<&Occurrence> = occurrences.iter().filter(is_told).collect();
    told.sort_by_key(|one| one.steps.start);
    let latest = &told[told.len().saturating_sub(MARKS_MAX)..];
    latest.iter().map(|one| one.with(Effect::Times(1.0), one.members.clone())).collect()
}

impl Occurrence {
    /// The event as announced, for a panel.
    pub fn as_announced(&self) -> EventEffect {
        let effect = match self.announced {
            Announced::Unknown => Effect::Unknown,
            Announced::Times(times) => Effect::Times(times),
            Announced::Unmeasured => Effect::Unmeasured,
        };
        self.with(effect, self.members.clone())
    }

    /// The event with an effect, for some of its functions.
    pub fn with(&self, effect: Effect, members: Vec<usize>) -> EventEffect {
        let (start, end) = (self.steps.start, self.steps.end);
        let (kind, edges) = (self.kind.clone(), self.edges);
        EventEffect { kind, start, end, edges, members, effect }
    }
}

impl Plan {
    /// Instances to hold of a function at a step: the most that any occasion asks for.
    pub fn floor(&self, member: usize, step: usize) -> u32 {
        let touches = |occurrence: &&Occurrence| {
            occurrence.steps.contains(&step) && occurrence.members.binary_search(&member).is_ok()
        };
        let floors = self.occurrences.iter().filter(touches).filter_map(|o| o.floor);
        floors.max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::repeats::Repeats;

    const HOUR: u64 = 3_600_000;

    fn occasion(id: &str, functions: &[&str], start_ms: u64, floor: Option<u32>) -> Occasion {
        Occasion {
            id: id.to_string(),
            kind: "campaign".to_string(),
            start_ms,
            end_ms: start_ms + HOUR,
            functions: functions.iter().map(|text| text.to_string()).collect(),
            effect: Announced::Times(2.0),
            floor,
            ..Occasion::default()
        }
    }

    #[test]
    fn occasions_fall_on_steps_and_functions() {
        let names = ["mail", "shop-cart", "shop-pay"];
        let grid = Grid { first_ms: 24 * HOUR, step_ms: HOUR / 2 };
        let mut daily = occasion("daily", &["shop-*"], HOUR, Some(2));
        let rules = vec!["FREQ=DAILY".to_string()];
        daily.repeats = Some(Repeats { rules, zone: "UTC".into(), ..Repeats::default() });
        let occasions = [
            daily,
            occasion("nobody", &["web-*"], 25 * HOUR, Some(9)),
            occasion("all", &[], 25 * HOUR + HOUR / 2, Some(5)),
            occasion("past", &[], 2 * HOUR, None),
        ];
        let plan = plan(&occasions, grid, 100, &names);
        let found: Vec<_> = plan
            .occurrences
            .iter()
            .map(|o| (o.occasion.as_str(), o.steps.clone(), o.members.len()))
            .collect();
        assert_eq!(
            found,
            [("daily", 2..4, 2), ("all", 3..5, 3), ("daily", 50..52, 2), ("daily", 98..100, 2)]
        );
        assert_eq!([1, 2, 3, 4, 5].map(|step| plan.floor(1, step)), [0, 2, 5, 5, 0]);
        assert_eq!(plan.floor(0, 2), 0);
        let marks = marks(&plan.occurrences);
        assert!(marks.len() == 4 && marks.iter().all(|mark| mark.effect == Effect::Times(1.0)));
        let event = plan.occurrences[0].as_announced();
        assert!(event.touches(1, 2) && !event.touches(0, 2) && !event.touches(1, 4));
        assert_eq!(event.at(2), Effect::Times(2.0));
        let quarter = Grid { first_ms: 23 * HOUR, step_ms: 4 * HOUR };
        let plan = super::plan(&occasions[..1], quarter, 9, &names);
        assert_eq!(plan.occurrences[0].as_announced().at(0), Effect::Times(1.25));
    }
}
