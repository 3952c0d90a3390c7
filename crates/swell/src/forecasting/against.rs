//! The last method held against the best of the others, class by class and measure by measure.
//!
//! The best is another one for each class and measure, so who passes here passes everywhere:
//! no class is paid for by another.

use serde::Serialize;
use swell_forecast::measure::{CLASSES, Class, Measures};

use crate::forecasting::document::{Row, class};

/// Where a measure stands.
type Loss = fn(&Measures) -> f64;

/// The measures of which less is better, by their columns.
const LOSSES: [(&str, Loss); 4] = [
    ("mase", |measures| measures.mase),
    ("wape", |measures| measures.wape),
    ("pin90", |measures| measures.pin90),
    ("wql90", |measures| measures.wql90),
];

/// A method beside the best of the others, on one class by one measure.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Against {
    /// The method.
    pub method: String,
    /// The class of functions.
    pub class: Class,
    /// The measure.
    pub measure: &'static str,
    /// What the method comes to.
    pub own: f64,
    /// The best of the others.
    pub best: String,
    /// What that one comes to.
    pub least: f64,
    /// How much more the method loses than the best of the others, in %; below zero: less.
    pub more_pct: f64,
}

/// The last method of the rows beside the best of the others; nothing where it is alone.
pub fn compared(rows: &[Row]) -> Vec<Against> {
    let Some(method) = rows.last().map(|row| row.method.clone()) else { return Vec::new() };
    let mut found = Vec::new();
    for class in CLASSES {
        let own = rows.iter().find(|row| row.class == class && row.method == method);
        let others = || rows.iter().filter(|row| row.class == class && row.method != method);
        for (measure, loss) in LOSSES {
            let known = others().filter(|row| loss(&row.measures).is_finite());
            let best = known.min_by(|a, b| loss(&a.measures).total_cmp(&loss(&b.measures)));
            let Some((own, best)) = own.zip(best) else { continue };
            let (own, least) = (loss(&own.measures), loss(&best.measures));
            if own.is_finite() && least > 0.0 {
                let more_pct = 100.0 * (own / least - 1.0);
                let (method, best) = (method.clone(), best.method.clone());
                found.push(Against { method, class, measure, own, best, least, more_pct });
            }
        }
    }
    found
}

/// The columns of the table.
pub const HEAD: [&str; 6] = ["class", "measure", "own", "best other", "its", "more %"];

/// The cells of a line of the table.
pub fn cells(against: &Against) -> Vec<String> {
    vec![
        class(against.class).to_string(),
        against.measure.to_string(),
        format!("{:.3}", against.own),
        against.best.clone(),
        format!("{:.3}", against.least),
        format!("{:+.1}", against.more_pct),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(method: &str, class: Class, mase: f64, wql90: f64) -> Row {
        let measures = Measures {
            series: 9,
            mase,
            wape: f64::NAN,
            pin90: 0.0,
            wql90,
            cov80: 0.8,
            cov95: 0.95,
            cov80_whole: 0.8,
            cov80_plain: 0.8,
        };
        Row { method: method.to_string(), class, measures, seconds: 0.1 }
    }

    #[test]
    fn the_best_is_another_one_for_each_class_and_measure() {
        let rows = [
            row("naive", Class::All, 2.0, 0.4),
            row("naive", Class::Busy, 1.0, 0.2),
            row("window", Class::All, 1.0, 0.8),
            row("hybrid", Class::All, 1.1, 0.2),
            row("hybrid", Class::Busy, 1.0, f64::NAN),
        ];
        let told: Vec<_> = compared(&rows)
            .into_iter()
            .map(|a| (a.class, a.measure, a.best, a.more_pct.round() as i32))
            .collect();
        // What is not known and what nobody loses is not compared.
        let expected = [
            (Class::All, "mase", "window", 10),
            (Class::All, "wql90", "naive", -50),
            (Class::Busy, "mase", "naive", 0),
        ];
        let told: Vec<_> =
            told.iter().map(|(of, by, best, more)| (*of, *by, best.as_str(), *more)).collect();
        assert_eq!(told, expected);
        assert!(compared(&rows[..2]).is_empty() && compared(&[]).is_empty());
    }
}
