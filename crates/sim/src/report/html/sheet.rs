//! A page as one file: style, data, the drawing library and a few lines of our own in one
//! script. It fetches nothing, so it can be mailed, archived and opened offline. The same
//! results give the same bytes: there is no date in it.

use std::io::{self, Write};

use plotly::Plot;

use crate::report::html::chart::{Chart, escape};

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// What a page holds, from top to bottom.
pub struct Sheet {
    /// Its title, as text.
    pub title: String,
    /// What stands above the charts, as HTML.
    pub heading: String,
    /// The charts.
    pub charts: Vec<Chart>,
    /// What stands below them, as HTML.
    pub rest: String,
}

/// Writes a page.
pub fn write(sheet: &Sheet, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">")?;
    writeln!(out, "<title>{}</title>\n<style>\n{STYLE}</style>", escape(&sheet.title))?;
    writeln!(out, "</head>\n<body>\n<main>\n{}", sheet.heading)?;
    for chart in &sheet.charts {
        write!(out, "{}", section(chart))?;
    }
    writeln!(out, "{}</main>\n<script>", sheet.rest)?;
    writeln!(out, "{}", library())?;
    writeln!(out, "const swellCharts = {};", data(&sheet.charts)?)?;
    writeln!(out, "{SCRIPT}</script>\n</body>\n</html>")
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
