//! How figures are written for people, the same in the table and on the page.
//!
//! Percentages keep two decimals, because policies often differ in the second, and three
//! where the second is all there is; large numbers are cut in groups of three, because that is what the eye counts.

use swell_core::units::Bytes;

/// A percentage without its sign, with two decimals.
pub fn percent(value: f64) -> String {
    percent_to(value, 2)
}

/// A percentage without its sign, with so many decimals; what rounds to zero without being
/// zero says so.
pub fn percent_to(value: f64, decimals: usize) -> String {
    let text = format!("{value:.decimals$}");
    match value {
        _ if !value.is_finite() => "-".to_string(),
        _ if value > 0.0 && text.bytes().all(|digit| matches!(digit, b'0' | b'.')) => {
            format!("<{}1", &text[..text.len() - 1])
        }
        _ if value >= 1000.0 => whole(value),
        _ => text,
    }
}

/// A quantity of any size: one decimal below a hundred, else whole and grouped.
pub fn quantity(value: f64) -> String {
    match value {
        _ if !value.is_finite() => "-".to_string(),
        _ if value > 0.0 && value < 0.05 => "<0.1".to_string(),
        _ if value < 99.95 => format!("{value:.1}"),
        _ => whole(value),
    }
}

/// A number rounded to the whole and grouped in threes: `927,272`.
pub fn whole(value: f64) -> String {
    if !value.is_finite() {
        return "-".to_string();
    }
    let digits = format!("{:.0}", value.max(0.0));
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// An amount of memory given in decimal megabytes: `20GB`.
pub fn memory(mb: f64) -> String {
    Bytes::from_mb_f64(mb).to_string()
}

/// `1 run`, `2 runs`.
pub fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", whole(number as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        for (value, as_percent, as_quantity) in [
            (0.0, "0.00", "0.0"),
            (0.004, "<0.01", "<0.1"),
            (5.674, "5.67", "5.7"),
            (100.0, "100.00", "100"),
            (1389.4, "1,389", "1,389"),
            (7_654_321.0, "7,654,321", "7,654,321"),
            (f64::NAN, "-", "-"),
        ] {
            assert_eq!((percent(value), quantity(value)), (as_percent.into(), as_quantity.into()));
        }
    }
}
