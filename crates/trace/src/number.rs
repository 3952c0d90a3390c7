//! What number stands in this field?
//!
//! Traces write times as decimals of milliseconds or seconds. They are brought to whole
//! nanoseconds digit by digit, not through floating point, so that what was written is
//! what is read, and a column of a hundred million times costs little. Only what a
//! measurement can be is a number here: no sign, no `nan`, no `inf`.

use swell_core::time::Span;

/// Longest field that is looked at as a number; longer ones are refused unread.
const LENGTH_MAX: usize = 64;

/// `field` times ten to the power `scale`, rounded to an integer; `None` when the field
/// is not a plain non-negative number or the result does not fit. `scale` is at most 9.
pub fn scaled(field: &[u8], scale: u32) -> Option<u64> {
    let field = field.trim_ascii();
    if field.is_empty() || field.len() > LENGTH_MAX {
        return None;
    }
    let mut value: u64 = 0;
    let mut after_point: Option<u32> = None;
    let mut digits = false;
    let mut round_up = false;
    for &byte in field {
        match byte {
            b'0'..=b'9' => {
                digits = true;
                let digit = u64::from(byte - b'0');
                match &mut after_point {
                    Some(place) if *place >= scale => {
                        round_up |= *place == scale && digit >= 5;
                        *place += 1;
                        continue;
                    }
                    Some(place) => *place += 1,
                    None => {}
                }
                value = value.checked_mul(10)?.checked_add(digit)?;
            }
            b'.' if after_point.is_none() => after_point = Some(0),
            b'e' | b'E' if digits => return exponential(field, scale),
            _ => return None,
        }
    }
    if !digits {
        return None;
    }
    let missing = scale.saturating_sub(after_point.unwrap_or(0));
    value = value.checked_mul(10u64.pow(missing))?;
    value.checked_add(u64::from(round_up))
}

/// A plain non-negative integer.
pub fn whole(field: &[u8]) -> Option<u64> {
    let field = field.trim_ascii();
    if field.is_empty() || field.len() > 20 {
        return None;
    }
    field.iter().try_fold(0u64, |value, &byte| {
        let digit = byte.checked_sub(b'0').filter(|&digit| digit <= 9)?;
        value.checked_mul(10)?.checked_add(u64::from(digit))
    })
}

/// A non-negative, finite number.
pub fn real(field: &[u8]) -> Option<f64> {
    let field = field.trim_ascii();
    if field.len() > LENGTH_MAX {
        return None;
    }
    let text = std::str::from_utf8(field).ok()?;
    let value: f64 = text.parse().ok()?;
    (value.is_finite() && value.is_sign_positive()).then_some(value)
}

/// `5.2e-05` and its like, which tables written by programs contain.
fn exponential(field: &[u8], scale: u32) -> Option<u64> {
    let value = (real(field)? * 10f64.powi(scale.cast_signed())).round();
    (value < 1.8e19).then_some(value as u64)
}

/// `value`, counted in units of ten to the power minus `scale`, as the shortest exact
/// decimal: `decimal(1_500_000, 6)` is `1.5`.
pub fn decimal(value: u64, scale: u32) -> String {
    let size = 10u64.pow(scale);
    let (whole, part) = (value / size, value % size);
    if part == 0 {
        return whole.to_string();
    }
    let text = format!("{whole}.{part:0width$}", width = scale as usize);
    text.trim_end_matches('0').to_string()
}

/// A span as text that reads back exactly: `3.24s`, `250ms`, `7us`.
pub fn exact(span: Span) -> String {
    let nanos = span.nanos();
    match nanos {
        u64::MAX => "forever".to_string(),
        1_000_000_000.. => decimal(nanos, 9) + "s",
        1_000_000.. => decimal(nanos, 6) + "ms",
        1_000.. => decimal(nanos, 3) + "us",
        0 => "0s".to_string(),
        _ => format!("{nanos}ns"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_become_integers() {
        for (field, scale, expected) in [
            ("0", 6, Some(0)),
            ("1.5", 6, Some(1_500_000)),
            ("86399090.909", 6, Some(86_399_090_909_000)),
            ("0.07949090003967285", 9, Some(79_490_900)),
            ("0.0000000005", 9, Some(1)),
            ("0.00000000049", 9, Some(0)),
            (" 7 ", 3, Some(7_000)),
            ("5.2e-05", 9, Some(52_000)),
            ("1e300", 9, None),
            (".", 3, None),
            ("", 3, None),
            ("-1", 3, None),
            ("+1", 3, None),
            ("nan", 3, None),
            ("inf", 3, None),
            ("1.2.3", 3, None),
            ("18446744073709551616", 0, None),
            ("99999999999999999999999", 3, None),
            ("e5", 3, None),
            ("1e", 3, None),
        ] {
            assert_eq!(scaled(field.as_bytes(), scale), expected, "{field}");
        }
    }

    #[test]
    fn integers_are_plain() {
        for (field, expected) in [
            ("12", Some(12)),
            ("", None),
            ("1.0", None),
            ("-1", None),
            ("99999999999999999999", None),
        ] {
            assert_eq!(whole(field.as_bytes()), expected, "{field}");
        }
    }

    #[test]
    fn decimals_are_written_short_and_exact() {
        for (value, scale, expected) in
            [(1_500_000, 6, "1.5"), (0, 6, "0"), (1, 6, "0.000001"), (12_000_000, 6, "12")]
        {
            assert_eq!(decimal(value, scale), expected);
            assert_eq!(scaled(expected.as_bytes(), scale), Some(value));
        }
    }

    #[test]
    fn spans_read_back_exactly() {
        for text in ["3.24s", "250ms", "7.5us", "1ns", "0s", "600s", "forever"] {
            assert_eq!(exact(text.parse().unwrap()), text);
        }
    }
}
