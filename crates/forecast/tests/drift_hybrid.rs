//! Bands of the hybrid keep what they promise on a recorded day, also when demand drifts away
//! from what was learned.

mod data;
mod kept;

use swell_forecast::catalogue::entries;
use swell_forecast::forecaster::{Budget, Notes};
use swell_forecast::panel::Panel;
use swell_forecast::series::Series;

use crate::kept::{HORIZON, Kept, Span};

/// Up to here it learns.
const FIT: usize = 144;
/// From here on demand is another one.
const DRIFT: usize = 192;
/// From here on it counts: what was said before the change came true within an hour, and as
/// long is given to notice it.
const COUNTED: usize = DRIFT + 24;

/// The recorded functions, each `times` as busy from [`DRIFT`] on.
fn panel(times: f64) -> Panel {
    let mut panel = data::azure(8);
    for member in &mut panel.members {
        let counts = (0..member.counts.len()).map(|step| {
            let count = f64::from(member.counts.get(step)?);
            Some(if step < DRIFT { count } else { count * times }.round() as u32)
        });
        member.counts = Series::from_counts(counts.collect::<Vec<_>>());
    }
    panel
}

#[test]
fn coverage_of_the_hybrid_is_kept_while_demand_drifts() {
    let hybrid = entries().find(|entry| entry.name == "hybrid").expect("it is listed");
    let budget = Budget { examples: 15_000, rounds: 40, steps: 100, ..Budget::FULL };
    let model = hybrid.forecaster.fit(&panel(1.0).before(FIT), &budget, 1);
    for (name, times) in [("as recorded", 1.0), ("three times as much", 3.0), ("a third", 0.34)] {
        let panel = panel(times);
        let mut notes = Notes::default();
        let span = Span { first: FIT, counted: COUNTED, every: 3 };
        let kept = kept::play(&panel, &span, |origin| {
            let members = 0..panel.members.len();
            model.predict_noted(&panel.before(origin), members, HORIZON, &mut notes)
        });
        for (class, Kept { plain, shown, dearer }) in kept.into_iter().enumerate() {
            let told = format!("{name}, class {class}: {plain} before, {shown} after, {dearer}");
            // After a fall, edges learned from the large counts before it hold more for some hours.
            let most = if times < 1.0 { 0.92 } else { 0.83 };
            assert!((0.77..=most).contains(&shown), "{told}");
            let dearest = if times == 1.0 { 1.2 } else { 1.5 };
            assert!(dearer < dearest, "{told} times the loss");
        }
    }
}
