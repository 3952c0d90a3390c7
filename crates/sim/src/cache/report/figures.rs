//! The paper's four figures: ours as lines, the published points beside them.

use plotly::common::{DashType, Line, Marker, MarkerSymbol, Mode};
use plotly::layout::{Axis, AxisType};
use plotly::{Plot, Scatter};

use crate::cache::mecomm17::{Comparison, Figure};
use crate::report::html::chart::{Chart, Version, figure, with_layout};
use crate::report::html::style::{color, symbol};

/// What is drawn: of which figure, how it is called, our value and the published one.
struct Drawing {
    id: &'static str,
    title: &'static str,
    reading: &'static str,
    figure: Figure,
    axis: &'static str,
    ours: fn(&Comparison) -> f64,
    published: fn(&Comparison) -> f64,
}

const DRAWINGS: [Drawing; 4] = [
    Drawing {
        id: "hits-by-size",
        title: "Hit rate against cache size",
        reading: "The paper's slide 25. Groups serve two thirds more hits at a tenth of the \
                  contents, and over twice as many at a hundredth.",
        figure: Figure::CacheSize,
        axis: "cache hit rate",
        ours: |point| point.hit_ratio,
        published: |point| point.published_hit_ratio,
    },
    Drawing {
        id: "latency-by-size",
        title: "Latency against cache size",
        reading: "Slide 26, with its claim of 45 % less latency: the point of four workloads and \
                  the largest caches.",
        figure: Figure::CacheSize,
        axis: "latency, ms",
        ours: |point| point.latency_ms,
        published: |point| point.published_latency_ms,
    },
    Drawing {
        id: "hits-by-groups",
        title: "Hit rate against the number of groups",
        reading: "Slide 27. As many groups as workloads serve the most hits: with fewer, \
                  workloads share a leader and not their contents; with more, a workload is cut \
                  up.",
        figure: Figure::Groups,
        axis: "cache hit rate",
        ours: |point| point.hit_ratio,
        published: |point| point.published_hit_ratio,
    },
    Drawing {
        id: "latency-by-groups",
        title: "Latency against the number of groups",
        reading: "Slide 27, on the right. One group and 320 groups are the same as none.",
        figure: Figure::Groups,
        axis: "latency, ms",
        ours: |point| point.latency_ms,
        published: |point| point.published_latency_ms,
    },
];

/// The charts of the points there are.
pub fn charts(points: &[Comparison]) -> Vec<Chart> {
    let drawn = DRAWINGS.iter().map(|drawing| Chart {
        id: drawing.id,
        title: drawing.title,
        reading: drawing.reading,
        choice: "",
        log_scale: false,
        versions: vec![Version { label: String::new(), figure: draw(drawing, points) }],
    });
    drawn.filter(|_| !points.is_empty()).collect()
}

fn draw(drawing: &Drawing, points: &[Comparison]) -> Plot {
    let is_size = drawing.figure == Figure::CacheSize;
    let horizontal = if is_size { "cache size, of the contents" } else { "groups" };
    let mut plot = figure(horizontal, drawing.axis, 460);
    let points: Vec<&Comparison> =
        points.iter().filter(|point| point.figure == drawing.figure).collect();
    let mut names: Vec<String> = Vec::new();
    for name in points.iter().map(|point| name(point)) {
        if !names.contains(&name) {
            names.push(name);
        }
    }
    for (place, series) in names.iter().enumerate() {
        let mut of_series: Vec<&&Comparison> =
            points.iter().filter(|point| name(point) == *series).collect();
        of_series.sort_by_key(|point| point.groups * u32::from(!is_size));
        let x: Vec<f64> = of_series
            .iter()
            .map(|point| if is_size { point.cache_size } else { f64::from(point.groups) })
            .collect();
        let y =
            |value: fn(&Comparison) -> f64| of_series.iter().map(|point| value(point)).collect();
        plot.add_trace(
            Scatter::new(x.clone(), y(drawing.ours))
                .name(series)
                .mode(Mode::LinesMarkers)
                .line(Line::new().color(color(place)).width(2.0))
                .marker(Marker::new().color(color(place)).symbol(symbol(place)).size(6)),
        );
        let published: Vec<f64> = y(drawing.published);
        plot.add_trace(
            Scatter::new(x, published)
                .name(format!("{series}, published"))
                .mode(Mode::Markers)
                .line(Line::new().color(color(place)).dash(DashType::Dot))
                .marker(
                    Marker::new().color(color(place)).symbol(MarkerSymbol::CircleOpen).size(12),
                ),
        );
    }
    if !is_size {
        with_layout(&mut plot, |layout| {
            let ticks = vec![1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 160.0, 320.0];
            let axis = Axis::new().title(horizontal).type_(AxisType::Log).tick_values(ticks);
            layout.x_axis(axis.auto_margin(true).zero_line(false))
        });
    }
    plot
}

fn name(point: &Comparison) -> String {
    match (point.figure, point.groups) {
        (Figure::CacheSize, 1) => format!("{}-no group", point.workloads),
        (Figure::CacheSize, _) => format!("{}-group", point.workloads),
        (Figure::Groups, _) => format!("{} workloads", point.workloads),
    }
}
