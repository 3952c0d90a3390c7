//! What every page is: a heading, charts with how to read them, and text below.
//!
//! A page is one file: style, data, the drawing library and a few lines of our own in
//! one script. It fetches nothing, so it can be mailed, archived and opened offline. The
//! same results give the same bytes: there is no date in it.

use std::io::{self, Write};

use plotly::Plot;

use crate::report::html::chart::{Chart, escape};

/// What the page says about itself.
#[derive(Debug, Clone)]
pub struct About {
    /// The command that made it, as the reader would type it.
    pub command: String,
    /// The version of the program.
    pub version: String,
}

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// A page. Headings and text are HTML already.
pub struct Page {
    /// What the window is called.
    pub title: String,
    /// Above the charts.
    pub heading: String,
    /// The charts.
    pub charts: Vec<Chart>,
    /// Below the charts.
    pub rest: String,
}

impl Page {
    /// Writes it.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        let Self { title, heading, charts, rest } = self;
        writeln!(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
        writeln!(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
        writeln!(out, "<title>{}</title>\n<style>\n{STYLE}</style>", escape(title))?;
        writeln!(out, "</head>\n<body>\n<main>\n{heading}")?;
        for chart in charts {
            write!(out, "{}", section(chart))?;
        }
        writeln!(out, "{rest}</main>\n<script>")?;
        writeln!(out, "{}", library())?;
        writeln!(out, "const swellCharts = {};", data(charts)?)?;
        writeln!(out, "{SCRIPT}</script>\n</body>\n</html>")
    }
}

fn section(chart: &Chart) -> String {
    let Chart { id, title, reading, choice, .. } = chart;
    let mut html =
        format!("<section>\n<h2>{title}</h2>\n<p>{reading}</p>\n<div class=\"controls\">");
    if chart.versions.len() > 1 {
        html += &format!("<label>{choice} <select id=\"{id}-version\">");
        for (index, version) in chart.versions.iter().enumerate() {
            html += &format!("<option value=\"{index}\">{}</option>", escape(&version.label));
        }
        html += "</select></label>";
    }
    if chart.log_scale {
        html += &format!(
            "<label><input type=\"checkbox\" id=\"{id}-log\" checked> logarithmic vertical axis</label>"
        );
    }
    html + &format!("</div>\n<div id=\"{id}\" class=\"chart\"></div>\n</section>\n")
}

/// The drawing library out of the plotly crate, which hands it over in script tags and
/// together with a formula renderer that nothing here needs.
fn library() -> String {
    let tags = Plot::offline_js_sources();
    let after = tags.split_once('>').map_or(tags.as_str(), |(_, rest)| rest);
    let script = after.split_once("</script>").map_or(after, |(script, _)| script);
    script.to_string()
}

/// The charts as JSON that cannot end the script it stands in.
fn data(charts: &[Chart]) -> io::Result<String> {
    let entries: Vec<(&str, &[_])> =
        charts.iter().map(|chart| (chart.id, chart.versions.as_slice())).collect();
    Ok(serde_json::to_string(&entries)?.replace('<', "\\u003c"))
}
