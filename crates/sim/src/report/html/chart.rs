//! What a section of the page is: a chart in several versions, and how to read it.
//!
//! Figures are made with the `plotly` crate and travel as JSON; the page holds one copy
//! of the script that draws them all.

use plotly::layout::{Axis, Layout, Legend, Margin, ModeBar};
use plotly::{Configuration, Plot};
use serde::Serialize;

/// One section.
pub struct Chart {
    /// The id of its element.
    pub id: &'static str,
    /// Its heading.
    pub title: &'static str,
    /// How to read it, in a sentence or two.
    pub reading: &'static str,
    /// What the versions differ in, as the label of the selector.
    pub choice: &'static str,
    /// Whether the vertical axis is logarithmic, with a switch; else it has ends.
    pub log_scale: bool,
    /// The versions; the first is shown first.
    pub versions: Vec<Version>,
}

/// One version of a chart.
#[derive(Serialize)]
pub struct Version {
    /// Its name in the selector.
    pub label: String,
    /// The figure.
    pub figure: Plot,
}

/// A figure with the page's manners: no frame, no logo, axes named, as tall as asked.
pub fn figure(horizontal: &str, vertical: &str, height: usize) -> Plot {
    let mut plot = Plot::new();
    let axis =
        |title: &str| Axis::new().title(title.to_string()).auto_margin(true).zero_line(false);
    plot.set_layout(
        Layout::new()
            .auto_size(true)
            .height(height)
            .margin(Margin::new().left(60).right(20).top(36).bottom(52))
            .mode_bar(ModeBar::new().background_color("rgba(0,0,0,0)").color("#8c96a3"))
            .paper_background_color("rgba(0,0,0,0)")
            .plot_background_color("rgba(0,0,0,0)")
            .legend(Legend::new().x(1.02).y(1.0).background_color("rgba(0,0,0,0)"))
            .x_axis(axis(horizontal))
            .y_axis(axis(vertical)),
    );
    plot.set_configuration(Configuration::new().responsive(true).display_logo(false));
    plot
}

/// Text as it may stand in HTML, inside and outside of attributes.
pub fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            _ => safe.push(letter),
        }
    }
    safe
}

/// Changes the layout of a figure made by [`figure`].
pub fn with_layout(plot: &mut Plot, change: impl FnOnce(Layout) -> Layout) {
    let layout = change(plot.layout().clone());
    plot.set_layout(layout);
}
