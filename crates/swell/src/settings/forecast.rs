//! The settings of forecasts, and of the clones that are made by them.

use std::time::Duration;

use swell_api::spec::ForecastMode;
use swell_core::cloning::catalog;
use swell_core::units::Bytes;
use swell_forecast::calendar::zone;
use swell_node::settings::{ClonesBy, Follow};

use crate::settings::keys::{Setting, duration, number, plain};

const MINUTE: Duration = Duration::from_secs(60);
/// The most steps that are forecast at a time.
const STEPS_MAX: u64 = 288;
/// Series that can be followed.
const FOLLOWED_MAX: usize = 10;

/// The section `forecast`.
pub const FORECASTS: &[Setting] = &[
    plain(
        "forecast.mode",
        "off; shadow: forecast, and tell what clones would have saved; on: make clones",
        |_| "shadow".into(),
        |draft, text| {
            draft.settings.forecast.mode = mode(text)?;
            Ok(())
        },
    ),
    plain(
        "forecast.step",
        "length of a step of forecasts: 1m, or a multiple of 5m up to 1h",
        |_| "5m".into(),
        |draft, text| {
            draft.settings.forecast.step_minutes = step(text)?;
            Ok(())
        },
    ),
    plain(
        "forecast.horizon",
        "how far ahead is forecast; whole steps",
        |_| "1h".into(),
        |draft, text| {
            let (horizon, forecast) = (duration(text)?, &mut draft.settings.forecast);
            let step = MINUTE * forecast.step_minutes;
            let steps = horizon.as_nanos() / step.as_nanos().max(1);
            let is_whole = horizon.as_nanos() % step.as_nanos().max(1) == 0;
            match u32::try_from(steps) {
                Ok(steps) if is_whole && (1..=STEPS_MAX).contains(&steps.into()) => {
                    forecast.horizon_steps = steps;
                    Ok(())
                }
                _ => Err(format!("`{text}` is not 1 to {STEPS_MAX} whole steps of {step:?}")),
            }
        },
    ),
    plain(
        "forecast.zone",
        "time zone of those who call, whose days and hours demand follows, such as Europe/Berlin",
        |_| "UTC".into(),
        |draft, text| {
            let wrong = |(what, hint): (String, &str)| format!("{what}: {hint}");
            draft.settings.forecast.zone = zone::find(text).map_err(wrong)?;
            Ok(())
        },
    ),
    plain(
        "forecast.policy",
        "what decides on clones, with parameters",
        |_| "expected-cost".into(),
        |draft, text| {
            catalog::build(text).map_err(|error| error.to_string())?;
            draft.settings.forecast.policy = text.to_string();
            Ok(())
        },
    ),
    plain(
        "forecast.clones-by",
        "what clones are decided by: minutes (the chance of any call in each), or steps",
        |_| "minutes".into(),
        |draft, text| {
            draft.settings.forecast.clones_by = match text {
                "minutes" => ClonesBy::Minutes,
                "steps" => ClonesBy::Steps,
                _ => return Err(format!("`{text}` is neither `minutes` nor `steps`")),
            };
            Ok(())
        },
    ),
    plain(
        "forecast.memory",
        "share of the memory of instances that clones may hold while they wait",
        |_| "50%".into(),
        |draft, text| {
            draft.settings.forecast.memory_per_mille = per_mille(text, 1000)?;
            Ok(())
        },
    ),
    plain(
        "forecast.starts-max",
        "clones made in a second, at most",
        |_| "50".into(),
        |draft, text| {
            draft.settings.forecast.starts_max = number(text, 1)?;
            Ok(())
        },
    ),
    plain(
        "forecast.training",
        "share of one core that learning may use",
        |_| "10%".into(),
        |draft, text| {
            draft.settings.forecast.training_per_mille = per_mille(text, 1000)?;
            Ok(())
        },
    ),
    plain(
        "forecast.training-memory",
        "memory that learning may use",
        |_| "256MiB".into(),
        |draft, text| {
            let memory: Bytes = text.parse().map_err(|error| format!("{error}"))?;
            if memory < Bytes::new(32 << 20) {
                return Err(format!("`{text}` is less than the 32MiB that learning needs"));
            }
            draft.settings.forecast.training_memory = memory;
            Ok(())
        },
    ),
    plain(
        "forecast.record-max",
        "disk that the record of forecasts and of what came may take; 0B keeps none",
        |_| "64MiB".into(),
        |draft, text| {
            let most: Bytes = text.parse().map_err(|error| format!("{error}"))?;
            if most > Bytes::ZERO && most < Bytes::new(1 << 20) {
                return Err(format!("`{text}` is less than 1MiB; write 0B to keep none"));
            }
            draft.settings.forecast.record_bytes_max = most;
            Ok(())
        },
    ),
    plain(
        "forecast.prometheus",
        "a Prometheus with other series, such as http://127.0.0.1:9090",
        |_| String::new(),
        |draft, text| {
            let is_url =
                text.is_empty() || text.starts_with("http://") || text.starts_with("https://");
            if !is_url {
                return Err(format!("`{text}` is no address such as `http://127.0.0.1:9090`"));
            }
            draft.settings.forecast.prometheus = (!text.is_empty()).then(|| text.to_string());
            Ok(())
        },
    ),
    plain(
        "forecast.follow",
        "series of it that demand may follow, as name=query with semicolons between them",
        |_| String::new(),
        |draft, text| {
            let forecast = &mut draft.settings.forecast;
            forecast.follow = follow(text)?;
            match forecast.prometheus {
                None if !forecast.follow.is_empty() => {
                    Err("it is set, but `forecast.prometheus` is not".to_string())
                }
                _ => Ok(()),
            }
        },
    ),
];

fn follow(text: &str) -> Result<Vec<Follow>, String> {
    let parts = text.split(';').map(str::trim).filter(|part| !part.is_empty());
    let read = |part: &str| match part.split_once('=') {
        Some((name, query)) if !name.trim().is_empty() && !query.trim().is_empty() => {
            Ok(Follow { name: name.trim().to_string(), query: query.trim().to_string() })
        }
        _ => Err(format!("`{part}` is not `name=query`, such as `mail=sum(queue_length)`")),
    };
    let follows: Vec<Follow> = parts.map(read).collect::<Result<_, _>>()?;
    match follows.len() {
        0..=FOLLOWED_MAX => Ok(follows),
        many => Err(format!("{many} series are more than the {FOLLOWED_MAX} that can be followed")),
    }
}

fn mode(text: &str) -> Result<ForecastMode, String> {
    ForecastMode::ALL
        .into_iter()
        .find(|mode| mode.word() == text)
        .ok_or_else(|| format!("`{text}` is none of `off`, `shadow` and `on`"))
}

fn step(text: &str) -> Result<u32, String> {
    let step = duration(text)?;
    let minutes = step.as_secs() / 60;
    let is_whole = step == MINUTE * u32::try_from(minutes).unwrap_or(0);
    let fits = minutes == 1 || (minutes.is_multiple_of(5) && (5..=60).contains(&minutes));
    // A day is a whole number of steps, so that a step has a time of day.
    match is_whole && fits && (24 * 60_u64).is_multiple_of(minutes) {
        true => Ok(minutes as u32),
        false => Err(format!("`{text}` is neither 1m nor one of 5m, 10m, 15m, 20m, 30m and 1h")),
    }
}

fn per_mille(text: &str, most: u16) -> Result<u16, String> {
    let wrong = || format!("`{text}` is no share from 0.1% to {}%", most / 10);
    let percent: f64 =
        text.strip_suffix('%').unwrap_or(text).trim().parse().map_err(|_| wrong())?;
    let per_mille = (percent * 10.0).round();
    match (1.0..=f64::from(most)).contains(&per_mille) {
        true => Ok(per_mille as u16),
        false => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_divide_a_day() {
        for (text, minutes) in [
            ("1m", Some(1)),
            ("5m", Some(5)),
            ("15m", Some(15)),
            ("1h", Some(60)),
            ("2m", None),
            ("25m", None),
            ("90s", None),
            ("2h", None),
            ("0s", None),
        ] {
            assert_eq!(step(text).ok(), minutes, "{text}");
        }
    }

    #[test]
    fn shares_are_percents() {
        for (text, share) in [
            ("50%", Some(500)),
            ("0.5%", Some(5)),
            ("100", Some(1000)),
            ("0%", None),
            ("101%", None),
            ("much", None),
        ] {
            assert_eq!(per_mille(text, 1000).ok(), share, "{text}");
        }
    }
}
