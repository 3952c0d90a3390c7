//! The outcomes as a page without script: the table, and a bar for each figure that matters.

use std::io::{self, Write};

use crate::report::html::chart::escape;
use crate::sites::table::{HEADS, Line, cells};

const STYLE: &str = "body{font:15px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;\
padding:0 1rem;color-scheme:light dark}table{border-collapse:collapse;margin:1rem 0}td,th{\
padding:.2rem .7rem;text-align:right;border-bottom:1px solid #8884}td:first-child,\
th:first-child{text-align:left}.bar{display:inline-block;height:.8em;background:#4e79a7}";

/// Figures that get bars: their place among the cells.
const BARS: [usize; 5] = [1, 3, 4, 7, 9];

/// The longest bar.
const WIDTH_EM: f64 = 24.0;

/// Writes the page.
pub fn write(about: &str, lines: &[Line], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">")?;
    writeln!(out, "<title>Sites under load</title>\n<style>{STYLE}</style>\n</head>\n<body>")?;
    writeln!(out, "<h1>Sites under load</h1>\n<p>{}</p>\n<table>\n<tr>", escape(about))?;
    HEADS.iter().try_for_each(|(head, _)| write!(out, "<th>{}</th>", escape(head)))?;
    writeln!(out, "</tr>")?;
    let rows: Vec<Vec<String>> = lines.iter().map(cells).collect();
    for row in &rows {
        write!(out, "<tr>")?;
        row.iter().try_for_each(|cell| write!(out, "<td>{}</td>", escape(cell)))?;
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</table>")?;
    BARS.iter().try_for_each(|place| bars(*place, &rows, out))?;
    writeln!(out, "<dl>")?;
    for (head, meaning) in HEADS {
        writeln!(out, "<dt>{}</dt><dd>{}</dd>", escape(head), escape(meaning))?;
    }
    writeln!(out, "</dl>\n</body>\n</html>")
}

fn bars(place: usize, rows: &[Vec<String>], out: &mut dyn Write) -> io::Result<()> {
    let value = |row: &Vec<String>| row[place].parse::<f64>().unwrap_or(0.0);
    let most = rows.iter().map(value).fold(f64::MIN_POSITIVE, f64::max);
    let (head, meaning) = HEADS[place];
    writeln!(out, "<h2>{}</h2>\n<p>{}</p>\n<table>", escape(head), escape(meaning))?;
    for row in rows {
        let width = WIDTH_EM * value(row) / most;
        writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td style=\"text-align:left\"><span class=\"bar\" \
             style=\"width:{width:.2}em\"></span></td></tr>",
            escape(&row[0]),
            escape(&row[place])
        )?;
    }
    writeln!(out, "</table>")
}
