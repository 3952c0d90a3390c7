//! Two weeks of functions that change, served by what the chooser says while what forecasts for all
//! is right on some days and wrong on others: nobody is worse than the seasonal naive for long.

mod by_chance;

use std::sync::Arc;

use swell_core::rng::{Rng, below, split, unit};
use swell_forecast::bands::Quantiles;
use swell_forecast::catalogue::entries;
use swell_forecast::choice::chooser::Chooser;
use swell_forecast::choice::looking::{look, loss_of};
use swell_forecast::choice::methods::find;
use swell_forecast::choice::serving::{By, Losses};
use swell_forecast::forecaster::{Budget, Model};
use swell_forecast::panel::{Member, Panel};
use swell_forecast::series::Series;

use crate::by_chance::poisson;

const DAY: usize = 288;
const STEPS: usize = 14 * DAY;
const HORIZON: usize = 12;
/// Over so many steps losses are compared.
const COMPARED: usize = 48;
/// And for so many in a row they may be worse: rare calls take half a day to tell.
const LONG: usize = 192;
/// A function's turn to be looked at comes so often.
const TURN: usize = 144;

/// Counts that are of another kind every day or two.
fn counts(rng: &mut Rng) -> Vec<u32> {
    let (mut counts, mut kind, mut level, mut until) = (Vec::new(), 0, 1.0, 0);
    while counts.len() < STEPS {
        let step = counts.len();
        if step >= until {
            (kind, level) = (below(rng, 5), (unit(rng) * 5.0).exp());
            until = step + DAY / 2 + below(rng, 2 * DAY as u64) as usize;
        }
        let hour = (step % 12) as f64;
        let share = match kind {
            0 => 1.0,
            1 => (hour - 5.0).abs() / 2.5,
            2 => 1.0 + (step as f64 / DAY as f64 * std::f64::consts::TAU).sin(),
            3 => f64::from(u8::from(step.is_multiple_of(6))),
            _ => f64::from(u8::from(unit(rng) < 0.05)),
        };
        counts.push(poisson(rng, level * share));
    }
    counts
}

fn method(name: &str) -> Box<dyn Model> {
    let panel = Panel::new(Vec::new(), 12);
    let entry = entries().find(|entry| entry.name == name).expect("it is listed");
    entry.forecaster.fit(&panel.before(0), &Budget::FULL, 0)
}

/// What came of a fortnight: the longest that was served worse than naive, the loss of what was
/// served beside that of the naive, and who served how often.
struct Fortnight {
    longest: usize,
    served: f64,
    naive: f64,
    common: f64,
    by: [usize; 3],
}

fn play(seed: u64) -> Fortnight {
    let mut rng = split(seed, "fortnight");
    let counts = counts(&mut rng);
    let scale =
        counts.windows(2).map(|pair| pair[0].abs_diff(pair[1]) as f32).sum::<f32>() / STEPS as f32;
    let series = Series::from_counts(counts.iter().copied().map(Some));
    let member = Member { name: "f".to_string(), counts: series, ..Member::default() };
    let panel = Panel::new(vec![member], 12);
    let (window, naive) = (method("window-1h"), method("snaive"));
    let name: Arc<str> = "f".into();
    let mut chooser = Chooser::default();
    let mut lost: Vec<[f64; 3]> = Vec::new();
    let (mut wrong, mut by) = (1.0, [0; 3]);
    for (origin, &came) in counts.iter().enumerate().skip(1) {
        if below(&mut rng, DAY as u64) == 0 {
            wrong = [1.0, 1.0, 3.0, 0.2][below(&mut rng, 4) as usize];
        }
        let past = panel.before(origin);
        let first = |model: &dyn Model| model.predict(&past, 0..1, HORIZON)[0].steps[0];
        let (common, naive) = (first(&*window).map(|quantile| quantile * wrong), first(&*naive));
        let choice = chooser.of(&name);
        let own = choice.and_then(|choice| choice.own());
        let own = own.map(|own| {
            let entry = find(&own.method).expect("it is listed");
            first(&*entry.forecaster.fit(&past, &Budget::FULL, 0))
        });
        let serving = choice.map_or(By::Common, |choice| choice.by());
        let loss = |said: Quantiles| loss_of(said, came as f32, scale);
        let losses = Losses { common: loss(common), naive: loss(naive), own: own.and_then(loss) };
        let served = match serving {
            By::Common => losses.common,
            By::Naive => losses.naive,
            By::Own => losses.own,
        };
        by[serving as usize] += 1;
        lost.push([served, losses.naive, losses.common].map(|loss| loss.expect("a number")));
        chooser.hear(&name, origin as u64, losses);
        if origin.is_multiple_of(TURN) && !chooser.next([(&name, 1.0)].into_iter(), 1).is_empty() {
            let common = chooser.of(&name).expect("it was heard of").common();
            let found = look(&panel.before(origin + 1), 0, common, 0, scale, HORIZON);
            chooser.found(&name, origin as u64, found);
        }
    }
    let (mut run, mut longest) = (0, 0);
    for lost in lost.windows(COMPARED) {
        let [served, naive]: [f64; 2] = [0, 1].map(|of| lost.iter().map(|lost| lost[of]).sum());
        run = if served > 1.25 * naive + 0.5 { run + 1 } else { 0 };
        longest = longest.max(run);
    }
    let [served, naive, common] = [0, 1, 2].map(|of| lost.iter().map(|lost| lost[of]).sum());
    Fortnight { longest, served, naive, common, by }
}

#[test]
fn nobody_is_served_worse_than_the_naive_for_long() {
    let (mut all, mut of_common, mut changes) = (0.0, 0.0, [0; 3]);
    for seed in 0..2 {
        let Fortnight { longest, served, naive, common, by } = play(seed);
        assert!(longest <= LONG, "seed {seed}: worse for {longest} steps");
        assert!(served <= 1.02 * naive.min(common), "seed {seed}: {served}, {naive}, {common}");
        (all, of_common) = (all + served, of_common + common);
        (0..3).for_each(|who| changes[who] += by[who]);
    }
    assert!(all < 0.9 * of_common, "{all} served, {of_common} by what forecasts for all");
    assert!(changes.iter().all(|&steps| steps > 0), "{changes:?}");
}
