//! Plays a panel step by step, with adaptive edges around whoever forecasts.

use std::collections::BTreeMap;

use swell_forecast::bands::{Forecast, HIGH};
use swell_forecast::calibrate::layer::Calibration;
use swell_forecast::calibrate::ledger::Ledger;
use swell_forecast::calibrate::stream::Came;
use swell_forecast::measure::pinball;
use swell_forecast::panel::Panel;

pub(crate) const HORIZON: usize = 12;
/// Rare, medium and busy functions.
pub(crate) const CLASSES: usize = 3;

/// What became of the bands of a class; not numbers where nobody is in it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Kept {
    /// The share inside as the model has it.
    pub plain: f64,
    /// The share inside with the edges of the time.
    pub shown: f64,
    /// What the edges cost at the upper quantile: the loss with them beside that without.
    pub dearer: f64,
}

/// Which steps are played and counted.
pub(crate) struct Span {
    /// The first origin.
    pub first: usize,
    /// From here on it counts.
    pub counted: usize,
    /// Forecasts are made every so many steps.
    pub every: usize,
}

/// Lets `forecast` speak at one origin after the other and tells what became of it, class by
/// class; classes are by the calls before the first step that counts.
pub(crate) fn play(
    panel: &Panel,
    span: &Span,
    mut forecast: impl FnMut(usize) -> Vec<Forecast>,
) -> [Kept; CLASSES] {
    let counts: Vec<Vec<f32>> =
        (0..panel.members.len()).map(|member| panel.before(panel.len()).counts(member)).collect();
    let class = |counts: &Vec<f32>| match counts[..span.counted].iter().sum::<f32>()
        / span.counted as f32
    {
        ..1.0 => 0usize,
        1.0..10.0 => 1,
        _ => 2,
    };
    let mut layer = Calibration::new(CLASSES, HORIZON);
    let ledger = || Ledger::new(CLASSES, HORIZON, 1e9);
    let mut ledgers = [ledger(), ledger()];
    let mut losses = [[0.0f64; 2]; CLASSES];
    let mut said: BTreeMap<usize, Vec<[Forecast; 2]>> = BTreeMap::new();
    for step in span.first..panel.len() {
        for ahead in 0..HORIZON {
            let Some(origin) = step.checked_sub(ahead).and_then(|of| said.get(&of)) else {
                continue;
            };
            let mut came: [Vec<(&str, Came)>; CLASSES] = Default::default();
            for ([plain, shown], (counts, member)) in
                origin.iter().zip(counts.iter().zip(&panel.members))
            {
                let (plain, shown) = (plain.steps[ahead], shown.steps[ahead]);
                let of = Came { plain, shown, count: counts[step] };
                came[class(counts)].push((&member.name, of));
            }
            for (group, came) in came.iter().enumerate() {
                layer.learn(group, ahead, came);
                for (_, came) in came.iter().filter(|_| step >= span.counted) {
                    let both = [came.plain, came.shown];
                    for (ledger, quantiles) in ledgers.iter_mut().zip(&both) {
                        ledger.add(group, ahead, quantiles, came.count);
                    }
                    for (sum, quantiles) in losses[group].iter_mut().zip(&both) {
                        *sum += pinball(f64::from(came.count), f64::from(quantiles[HIGH]), 0.9);
                    }
                }
            }
        }
        let origin = step + 1;
        if origin < panel.len() && (origin - span.first).is_multiple_of(span.every) {
            let plain = forecast(origin).into_iter().zip(counts.iter().zip(&panel.members));
            let with_edges = plain.map(|(plain, (counts, member))| {
                let group = class(counts);
                [plain.clone(), layer.apply(group, &member.name, plain, f32::INFINITY)]
            });
            said.insert(origin, with_edges.collect());
        }
        said.retain(|origin, _| origin + HORIZON > step);
    }
    std::array::from_fn(|group| {
        let inside = |ledger: &Ledger| ledger.row(group, None).map_or(f64::NAN, |row| row.inside);
        let [plain, shown] = [inside(&ledgers[0]), inside(&ledgers[1])];
        let [before, after] = losses[group];
        Kept { plain, shown, dearer: after / before }
    })
}
