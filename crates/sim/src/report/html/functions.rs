//! Which functions bear the cold starts of a policy, the few or the many?
//!
//! Shown as a distribution: the share of functions whose cold rate stays below a value.

use plotly::common::{Line, LineShape, Mode};
use plotly::layout::{Axis, AxisRange};
use plotly::{Plot, Scatter};

use crate::report::html::chart::{Chart, Version, figure, with_layout};
use crate::report::html::style::{color, dash};
use crate::report::summary::{Panel, labels, policies};
use crate::row::Detail;

/// Points of a curve: steps finer than this cannot be seen.
const POINTS: usize = 200;

/// The chart, one version per panel.
pub fn chart(panels: &[Panel], details: &[Detail]) -> Chart {
    let versions = panels.iter().zip(labels(panels));
    let versions =
        versions.map(|(panel, label)| Version { label, figure: draw(panels, panel, details) });
    Chart {
        id: "functions",
        title: "Cold rate per function",
        reading: "The higher and further left a curve, the better. Read at 50 % across: the \
                  share of functions with fewer than half of their calls cold. Functions called \
                  once are always cold unless a policy starts them ahead.",
        choice: "Memory",
        log_scale: false,
        versions: versions.collect(),
    }
}

fn draw(panels: &[Panel], panel: &Panel, details: &[Detail]) -> Plot {
    let mut plot = figure("cold calls of a function, %", "functions at or below, %", 480);
    for (place, policy) in policies(panels).into_iter().enumerate() {
        let Some(line) = panel.lines.iter().find(|line| line.policy == policy) else { continue };
        let mut rates: Vec<f64> = line
            .runs
            .iter()
            .filter_map(|&run| details.get(run))
            .flat_map(|detail| detail.function_cold_rates.iter().copied())
            .collect();
        if rates.is_empty() {
            continue;
        }
        rates.sort_by(f64::total_cmp);
        let (rate, share) = distribution(&rates);
        plot.add_trace(
            Scatter::new(rate, share)
                .name(policy)
                .mode(Mode::Lines)
                .line(Line::new().color(color(place)).dash(dash(place)).shape(LineShape::Hv))
                .hover_template("%{y:.1f} % of functions at or below %{x:.1f} %"),
        );
    }
    with_layout(&mut plot, |layout| {
        let axis = |title: &str, from: f64| {
            let axis = Axis::new().title(title.to_string()).auto_margin(true).zero_line(false);
            axis.range(AxisRange::new(from, 101.0))
        };
        layout
            .x_axis(axis("cold calls of a function, %", -1.0))
            .y_axis(axis("functions at or below, %", 0.0))
    });
    plot
}

/// Where the curve passes, in %: at most [`POINTS`] steps of equal height.
fn distribution(sorted: &[f64]) -> (Vec<f64>, Vec<f64>) {
    let steps = POINTS.min(sorted.len());
    let count = sorted.len();
    (1..=steps)
        .map(|step| {
            let upto = step * count / steps;
            (round(100.0 * sorted[upto - 1]), round(100.0 * upto as f64 / count as f64))
        })
        .unzip()
}

fn round(value: f64) -> f64 {
    (value * 1000.0).round() / 1000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_curve_ends_at_all_functions() {
        let (rate, share) = distribution(&[0.0, 0.0, 0.5, 1.0]);
        assert_eq!(rate, [0.0, 0.0, 50.0, 100.0]);
        assert_eq!(share, [25.0, 50.0, 75.0, 100.0]);
        let many: Vec<f64> = (0..5000).map(|i| f64::from(i) / 5000.0).collect();
        let (rate, share) = distribution(&many);
        assert_eq!((rate.len(), share.last()), (POINTS, Some(&100.0)));
    }
}
