//! How many functions never meet a warm instance?

use plotly::common::{ErrorData, ErrorType, Marker, Orientation};
use plotly::{Bar, Plot};

use crate::report::figure::percent;
use crate::report::html::chart::{Chart, Version, figure};
use crate::report::html::style::color;
use crate::report::summary::{Line, Panel, labels, policies};

/// The chart, one version per panel.
pub fn chart(panels: &[Panel]) -> Chart {
    let versions = panels.iter().zip(labels(panels));
    let versions = versions.map(|(panel, label)| Version { label, figure: draw(panels, panel) });
    Chart {
        id: "always-cold",
        title: "Functions that are always cold",
        reading: "The share of functions of which every served call was cold. Functions called \
                  once belong to it under every policy that acts on demand.",
        choice: "Memory",
        log_scale: false,
        versions: versions.collect(),
    }
}

fn draw(panels: &[Panel], panel: &Panel) -> Plot {
    let mut lines: Vec<&Line> = panel.lines.iter().collect();
    lines.sort_by(|a, b| b.always_cold.mean.total_cmp(&a.always_cold.mean));
    let names = policies(panels);
    let place = |line: &Line| names.iter().position(|name| *name == line.policy).unwrap_or(0);
    let values: Vec<f64> = lines.iter().map(|line| line.always_cold.mean).collect();
    let halves = lines.iter().map(|line| line.always_cold.half.unwrap_or(0.0)).collect();
    let colors: Vec<&str> = lines.iter().map(|line| color(place(line))).collect();
    let mut plot = figure("functions always cold, %", "", 90 + 26 * lines.len());
    plot.add_trace(
        Bar::new(values.clone(), lines.iter().map(|line| line.policy.clone()).collect())
            .orientation(Orientation::Horizontal)
            .marker(Marker::new().color_array(colors))
            .error_x(ErrorData::new(ErrorType::Data).array(halves).thickness(1.0).width(3))
            .hover_text_array(values.iter().map(|value| format!("{} %", percent(*value))).collect())
            .hover_template("%{y}: %{hovertext}<extra></extra>")
            .show_legend(false),
    );
    plot
}
