//! How a policy looks, the same in every chart.
//!
//! Fifteen policies are more than there are colors that can be told apart, so the second
//! ten are dashed and the markers differ as well.

use plotly::common::{DashType, MarkerSymbol};

/// Muted colors that hold on a light and on a dark page.
const COLORS: [&str; 10] = [
    "#4e79a7", "#f28e2b", "#59a14f", "#e15759", "#b07aa1", "#76b7b2", "#9c755f", "#d4a72c",
    "#ff9da7", "#8c96a3",
];

const SYMBOLS: [MarkerSymbol; 7] = [
    MarkerSymbol::Circle,
    MarkerSymbol::Square,
    MarkerSymbol::Diamond,
    MarkerSymbol::TriangleUp,
    MarkerSymbol::Cross,
    MarkerSymbol::TriangleDown,
    MarkerSymbol::Star,
];

/// Colors of the states of an instance: starting, busy, idle, pre-warmed, paused.
pub const STATES: [(&str, &str); 5] = [
    ("busy", "#4e79a7"),
    ("starting", "#e15759"),
    ("idle", "#a9c6a0"),
    ("pre-warmed", "#d4a72c"),
    ("paused", "#8c96a3"),
];

/// The color of lines that are no policy: bounds and clairvoyants.
pub const REFERENCE: &str = "#808890";

/// The color of the policy at that place in the list.
pub fn color(place: usize) -> &'static str {
    COLORS[place % COLORS.len()]
}

/// The dash of the policy at that place in the list.
pub fn dash(place: usize) -> DashType {
    match place / COLORS.len() {
        0 => DashType::Solid,
        1 => DashType::Dash,
        _ => DashType::Dot,
    }
}

/// The marker of the policy at that place in the list.
pub fn symbol(place: usize) -> MarkerSymbol {
    SYMBOLS[place % SYMBOLS.len()].clone()
}
