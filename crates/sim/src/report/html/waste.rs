//! What do fewer cold starts cost in memory kept idle? Policies beside the plain curve of
//! fixed keep-alive times.

use plotly::common::{DashType, Line, Marker, Mode, Position};
use plotly::layout::Axis;
use plotly::{Plot, Scatter};
use swell_core::time::Span;

use crate::report::figure::memory;
use crate::report::html::chart::{Chart, Version, figure, with_layout};
use crate::report::html::style::{REFERENCE, color, dash, symbol};
use crate::report::summary::{Panel, policies, settings};
use crate::results::CurveRow;

/// The chart, one version per setting.
pub fn chart(panels: &[Panel], curve: &[CurveRow]) -> Chart {
    let settings = settings(panels);
    let versions = settings
        .into_iter()
        .map(|setting| {
            let figure = draw(panels, &setting, curve);
            Version { label: setting, figure }
        })
        .collect();
    Chart {
        id: "waste",
        title: "Bad calls against waste",
        reading: "Down and to the left is better: fewer cold or dropped calls for less idle memory. A \
                  policy's points are its memory sizes. The grey line is the plain alternative: \
                  keep every instance for a fixed time, with unlimited memory. A policy that \
                  starts instances ahead is judged here rather than by the bound.",
        choice: "Setting",
        log_scale: true,
        versions,
    }
}

fn draw(panels: &[Panel], setting: &str, curve: &[CurveRow]) -> Plot {
    let mut plot = figure("", "bad calls, %", 500);
    let chosen: Vec<&Panel> = panels.iter().filter(|panel| panel.setting() == setting).collect();
    for (place, policy) in policies(panels).into_iter().enumerate() {
        let mut points: Vec<(f64, f64, String)> = chosen
            .iter()
            .filter_map(|panel| {
                let line = panel.lines.iter().find(|line| line.policy == policy)?;
                Some((line.waste.mean, line.bad.mean, memory(panel.memory_mb)))
            })
            .collect();
        points.sort_by(|a, b| a.0.total_cmp(&b.0));
        let waste = points.iter().map(|point| point.0).collect();
        let bad = points.iter().map(|point| point.1).collect();
        plot.add_trace(
            Scatter::new(waste, bad)
                .name(policy)
                .mode(Mode::LinesMarkers)
                .text_array(points.into_iter().map(|point| point.2).collect())
                .line(Line::new().color(color(place)).dash(dash(place)).width(1.0))
                .marker(Marker::new().color(color(place)).symbol(symbol(place)).size(9))
                .hover_template("%{y:.2f} % bad, %{x:,.0f} GB s at %{text}"),
        );
    }
    if !curve.is_empty() {
        let waste = curve.iter().map(|row| row.waste_gb_s).collect();
        let names = curve.iter().map(|row| Span::from_secs_f64(row.keep_s).to_string()).collect();
        plot.add_trace(
            Scatter::new(waste, curve.iter().map(|row| row.cold_pct).collect())
                .name("keep for a fixed time")
                .mode(Mode::LinesMarkersText)
                .text_array(names)
                .text_position(Position::TopRight)
                .line(Line::new().color(REFERENCE).dash(DashType::Dash).width(2.0))
                .marker(Marker::new().color(REFERENCE).size(5))
                .hover_template("%{y:.2f} % cold, %{x:,.0f} GB s, kept for %{text}"),
        );
    }
    with_layout(&mut plot, |layout| {
        let axis = Axis::new().title("waste, GB s");
        layout.x_axis(axis.zero_line(false).auto_margin(true))
    });
    plot
}
