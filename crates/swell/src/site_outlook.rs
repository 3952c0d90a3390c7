//! What sites expect, and what moves in shadow mode would have come to, as people read it.

use swell_api::site_outlook::{
    Curve, CurveStep, ShadowFill, ShadowMove, ShadowReceipt, ShadowSite, SiteOutlook,
};

use crate::cli::form::Listing;
use crate::error::Letter;
use crate::figure::moment;
use crate::listing::{Column, facts, show, show_one, table};
use crate::siting::percent;

const CURVES: [Column<Curve>; 11] = [
    Column::text("WORKLOAD", |curve| curve.workload.clone().unwrap_or_else(|| "(all)".to_string())),
    Column::text("SITE", |curve| curve.site.clone()),
    Column::text("NODE", |curve| curve.node.clone().unwrap_or_default()),
    Column::text("METRIC", |curve| curve.metric.clone()),
    Column::text("UNIT", |curve| curve.unit.clone()),
    Column::number("SEEN", |curve| curve.seen.map_or_else(String::new, amount)),
    Column::text("NEXT", |curve| curve.steps.first().map_or_else(String::new, band)),
    Column::text("PEAK", |curve| peak(curve).map_or_else(String::new, band)),
    Column::text("PEAK AT", |curve| {
        peak(curve).map_or_else(String::new, |step| moment(step.at_ms))
    }),
    Column::number("OVERLOAD", |curve| {
        let chances = curve.steps.iter().filter_map(|step| step.overload_chance);
        chances.max_by(f64::total_cmp).map_or_else(String::new, percent)
    }),
    Column::wide("METHOD", |curve| curve.method.clone().unwrap_or_default()),
];

const SITES: [Column<ShadowSite>; 5] = [
    Column::text("SITE", |row| row.site.clone()),
    Column::number("OVERLOADED SLOTS", |row| row.fill.overloaded.to_string()),
    Column::number("WITH MOVES", |row| row.fill.overloaded_with_moves.to_string()),
    Column::number("PEAK", |row| percent(row.fill.peak)),
    Column::number("WITH MOVES", |row| percent(row.fill.peak_with_moves)),
];

const MOVES: [Column<ShadowMove>; 9] = [
    Column::number("PROPOSAL", |row| row.proposal.to_string()),
    Column::text("APPROVED", |row| moment(row.at_ms)),
    Column::text("WORKLOADS", |row| row.workloads.join(",")),
    Column::text("FROM", |row| row.source.clone()),
    Column::text("TO", |row| row.destination.clone()),
    Column::text("WOULD HAVE", |row| row.verdict.clone()),
    Column::text("FROM: SLOTS OVER", |row| over(&row.source_fill)),
    Column::text("TO: SLOTS OVER", |row| over(&row.destination_fill)),
    Column::number("CALLS LOST", |row| row.lost_calls.to_string()),
];

/// Shows curves: a line for each, or all of it to programs.
pub fn outlook(told: &SiteOutlook, form: Listing) -> Result<(), Letter> {
    match form {
        Listing::Table | Listing::Wide | Listing::Name => show(
            &told.curves,
            &CURVES,
            |curve| curve.workload.clone().unwrap_or_else(|| curve.site.clone()),
            form,
        ),
        Listing::Json | Listing::Yaml => show_one(told, "forecast", |_| String::new(), form),
    }
}

/// A receipt.
pub fn receipt(told: &ShadowReceipt) -> String {
    let facts = facts(&[
        ("from", moment(told.since_ms)),
        ("until", moment(told.until_ms)),
        ("slots measured", told.slots.to_string()),
        ("held twice", format!("{:.1} MiB min", told.held_twice_mib_minutes)),
    ]);
    let mut text = format!("{facts}\n{}\n", told.text);
    if !told.moves.is_empty() {
        text += &format!(
            "\n{}\n{}",
            table(&told.sites, &SITES, false),
            table(&told.moves, &MOVES, false)
        );
    }
    text
}

/// The slot that is likeliest to be the fullest.
fn peak(curve: &Curve) -> Option<&CurveStep> {
    let high = |step: &CurveStep| step.quantiles.iter().rev().nth(1).copied().unwrap_or(0.0);
    curve.steps.iter().max_by(|one, other| high(one).total_cmp(&high(other)))
}

/// The middle of what is expected, and the band that it is in eight times of ten.
fn band(step: &CurveStep) -> String {
    match step.quantiles[..] {
        [_, low, middle, high, _] => {
            format!("{} ({} to {})", amount(middle), amount(low), amount(high))
        }
        _ => String::new(),
    }
}

fn amount(of: f64) -> String {
    if of < 10.0 { format!("{of:.1}") } else { format!("{of:.0}") }
}

fn over(fill: &ShadowFill) -> String {
    format!("{} to {}", fill.overloaded, fill.overloaded_with_moves)
}
