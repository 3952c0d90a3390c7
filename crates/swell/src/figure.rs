//! Amounts, ages and times as people read them.

use chrono::{DateTime, Local, SecondsFormat};
use swell_core::time::Span;

/// `64MiB`, `1.5GiB`, `900B`: an amount of memory, exactly where that is short.
pub fn bytes(amount: u64) -> String {
    for (size, unit) in [(1_u64 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")]
    {
        if amount >= size {
            let value = amount as f64 / size as f64;
            let whole = amount.is_multiple_of(size);
            return if whole { format!("{value:.0}{unit}") } else { format!("{value:.1}{unit}") };
        }
    }
    format!("{amount}B")
}

/// `30s`, `1.5h`: a length of time in milliseconds.
pub fn span_ms(ms: u64) -> String {
    Span::from_millis(ms).to_string()
}

/// How long ago something was, in its largest unit or two: `5s`, `3m20s`, `4h12m`, `9d`.
pub fn age(then_ms: u64) -> String {
    let seconds = now_ms().saturating_sub(then_ms) / 1_000;
    elapsed(seconds)
}

/// Seconds in their largest unit or two.
pub fn elapsed(seconds: u64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3_600 => format!("{minutes}m{}s", seconds % 60),
        3_600..86_400 => format!("{hours}h{}m", minutes % 60),
        86_400..864_000 => format!("{days}d{}h", hours % 24),
        _ => format!("{days}d"),
    }
}

/// Milliseconds since 1970, now.
pub fn now_ms() -> u64 {
    swell_node::clock::wall_ms()
}

/// A time as the clock on this wall shows it, with its distance from UTC.
pub fn moment(ms: u64) -> String {
    let time = i64::try_from(ms).ok().and_then(DateTime::from_timestamp_millis);
    time.map_or_else(
        || "beyond all calendars".to_string(),
        |time| time.with_timezone(&Local).to_rfc3339_opts(SecondsFormat::Millis, false),
    )
}

/// `1 function`, `2 functions`.
pub fn count(number: usize, noun: &str) -> String {
    format!("{number} {noun}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        for (amount, expected) in [
            (0, "0B"),
            (1 << 10, "1KiB"),
            (64 << 20, "64MiB"),
            (3 << 29, "1.5GiB"),
            (1_500, "1.5KiB"),
        ] {
            assert_eq!(bytes(amount), expected);
        }
        for (seconds, expected) in
            [(0, "0s"), (200, "3m20s"), (15_120, "4h12m"), (90_000, "1d1h"), (864_000, "10d")]
        {
            assert_eq!(elapsed(seconds), expected);
        }
        assert_eq!(moment(u64::MAX), "beyond all calendars");
        assert_eq!(
            (count(1, "function"), count(0, "function")),
            ("1 function".into(), "0 functions".into())
        );
    }
}
