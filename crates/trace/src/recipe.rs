//! What is a generated trace made of?
//!
//! A recipe holds every parameter, so that a generated trace can be made again from its
//! one line, and a forecaster be judged against the structure that is really there. The
//! same line (`gen:mixed,functions=1000,calls=1000000,hours=24,seed=7`) is what a person
//! types.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use swell_core::time::Span;

use crate::number::exact;

/// How the functions of a generated trace are called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Shape {
    /// Independent calls at a constant rate.
    Poisson,
    /// Calls at a fixed period, with a phase and jitter.
    Timers,
    /// Calls whose rate follows the hour of the day.
    Diurnal,
    /// Quiet stretches and stretches of calls that come several at once.
    Bursty,
    /// Functions that call each other, one after the other.
    Chain,
    /// Some of each.
    Mixed,
}

impl Shape {
    /// All shapes.
    pub const ALL: [Shape; 6] =
        [Shape::Poisson, Shape::Timers, Shape::Diurnal, Shape::Bursty, Shape::Chain, Shape::Mixed];

    /// The name in a recipe's line.
    pub fn name(self) -> &'static str {
        match self {
            Shape::Poisson => "poisson",
            Shape::Timers => "timers",
            Shape::Diurnal => "diurnal",
            Shape::Bursty => "bursty",
            Shape::Chain => "chain",
            Shape::Mixed => "mixed",
        }
    }
}

/// How unequal the functions' numbers of calls are.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Rates {
    /// Log-normal with this deviation of the logarithm.
    Lognormal(f64),
    /// The k-th busiest function has a share like one over k to this power.
    Zipf(f64),
}

/// Every parameter of a generated trace. Memory and run times are log-normal over the
/// functions: memory as fitted to the 1350 functions of the bundled Azure sample (median
/// 152 MB, deviation of the logarithm 0.30), average runs as published for Azure 2019
/// (logarithm of seconds with mean -0.38 and deviation 2.36; Shahrad et al., USENIX ATC
/// 2020). The runs of one function spread with the median of the same sample, 0.4.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Recipe {
    /// How functions are called.
    pub shape: Shape,
    /// How many functions.
    pub functions: u32,
    /// How many calls to expect over the whole trace; the actual number is drawn.
    pub calls: u64,
    /// Length of the trace in hours.
    pub hours: f64,
    /// Seed of the structure. The calls also depend on the seed of the reading.
    pub seed: u64,
    /// How unequal the functions are. Default: log-normal 2.4, at which the mean number of
    /// calls of a function is 18 times the median, as in the bundled sample.
    pub rates: Rates,
    /// Timers: greatest delay of a call behind its time, in milliseconds.
    pub timer_jitter_ms: f64,
    /// Diurnal: how far the rate swings about its mean, 0 to 1.
    pub diurnal_amplitude: f64,
    /// Diurnal: the busiest hour.
    pub diurnal_peak_hour: f64,
    /// Bursty: mean length of a busy stretch in seconds, at least one.
    pub burst_on_s: f64,
    /// Bursty: mean length of a quiet stretch in seconds.
    pub burst_off_s: f64,
    /// Bursty: mean number of calls that come at once.
    pub burst_batch: f64,
    /// Chain: functions in a row.
    pub chain_length: u32,
    /// Chain: mean time between a call's end and the next in the row, in milliseconds.
    pub chain_delay_ms: f64,
    /// Median memory of a function, in megabytes.
    pub memory_median_mb: f64,
    /// Deviation of the logarithm of memory.
    pub memory_sigma: f64,
    /// Median over the functions of the average run, in milliseconds.
    pub run_median_ms: f64,
    /// Deviation of the logarithm of the average run.
    pub run_sigma: f64,
    /// Deviation of the logarithm of the runs of one function.
    pub run_spread: f64,
}

impl Default for Recipe {
    fn default() -> Self {
        Self {
            shape: Shape::Mixed,
            functions: 1000,
            calls: 1_000_000,
            hours: 24.0,
            seed: 1,
            rates: Rates::Lognormal(2.4),
            timer_jitter_ms: 1000.0,
            diurnal_amplitude: 0.6,
            diurnal_peak_hour: 14.0,
            burst_on_s: 30.0,
            burst_off_s: 600.0,
            burst_batch: 4.0,
            chain_length: 3,
            chain_delay_ms: 50.0,
            memory_median_mb: 152.0,
            memory_sigma: 0.30,
            run_median_ms: 683.9,
            run_sigma: 2.36,
            run_spread: 0.4,
        }
    }
}

const KEYS: &str = "functions, calls, hours, seed, rates, jitter, amplitude, peak, on, off, batch, \
                    length, delay, memory, memory_sigma, run, run_sigma, run_spread";

impl Recipe {
    /// The whole recipe in words, for people.
    pub fn describe(&self) -> String {
        let rates = match self.rates {
            Rates::Lognormal(sigma) => format!("log-normal, sigma {sigma}"),
            Rates::Zipf(power) => format!("Zipf, exponent {power}"),
        };
        format!(
            "{self}\n\
             {} functions, about {} calls in {} hours, shape {}, seed {}\n\
             calls per function: {rates}\n\
             memory: log-normal, median {} MB, sigma {}\n\
             average run: log-normal, median {} ms, sigma {}; runs of one function: sigma {}\n\
             timers: jitter {} ms; diurnal: amplitude {}, peak at {} h\n\
             bursts: {} s on, {} s off, {} calls at once\n\
             chains: {} functions, {} ms between them\n",
            self.functions,
            self.calls,
            self.hours,
            self.shape.name(),
            self.seed,
            self.memory_median_mb,
            self.memory_sigma,
            self.run_median_ms,
            self.run_sigma,
            self.run_spread,
            self.timer_jitter_ms,
            self.diurnal_amplitude,
            self.diurnal_peak_hour,
            self.burst_on_s,
            self.burst_off_s,
            self.burst_batch,
            self.chain_length,
            self.chain_delay_ms,
        )
    }

    fn set(&mut self, key: &str, value: &str) -> Result<(), String> {
        match key {
            "functions" => self.functions = count(key, value, 1..=1_000_000)? as u32,
            "calls" => self.calls = count(key, value, 1..=1_000_000_000_000)?,
            "hours" => self.hours = real(key, value, 1e-3, 9000.0)?,
            "seed" => self.seed = count(key, value, 0..=u64::MAX)?,
            "rates" => self.rates = rates(value)?,
            "jitter" => self.timer_jitter_ms = span(key, value)?.millis_f64(),
            "amplitude" => self.diurnal_amplitude = real(key, value, 0.0, 1.0)?,
            "peak" => self.diurnal_peak_hour = real(key, value, 0.0, 24.0)?,
            "on" => self.burst_on_s = positive(key, value)?.max(Span::from_secs(1)).secs_f64(),
            "off" => self.burst_off_s = span(key, value)?.secs_f64(),
            "batch" => self.burst_batch = real(key, value, 1.0, 1e6)?,
            "length" => self.chain_length = count(key, value, 1..=1000)? as u32,
            "delay" => self.chain_delay_ms = span(key, value)?.millis_f64(),
            "memory" => {
                let bytes = value.parse::<swell_core::units::Bytes>();
                self.memory_median_mb = bytes.map_err(|error| error.to_string())?.mb_f64();
            }
            "memory_sigma" => self.memory_sigma = real(key, value, 0.0, 5.0)?,
            "run" => self.run_median_ms = positive(key, value)?.millis_f64(),
            "run_sigma" => self.run_sigma = real(key, value, 0.0, 5.0)?,
            "run_spread" => self.run_spread = real(key, value, 0.0, 5.0)?,
            _ => return Err(format!("a recipe has no `{key}`; it has {KEYS}")),
        }
        Ok(())
    }
}

impl FromStr for Recipe {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let line = text.strip_prefix("gen:").unwrap_or(text);
        let mut parts = line.split(',');
        let name = parts.next().unwrap_or_default().trim();
        let shape = Shape::ALL.into_iter().find(|shape| shape.name() == name).ok_or_else(|| {
            let names = Shape::ALL.map(|shape| format!("`{}`", shape.name())).join(", ");
            format!("`{name}` is not a shape of calls; choose one of {names}")
        })?;
        let mut recipe = Recipe { shape, ..Recipe::default() };
        for part in parts {
            let (key, value) = part
                .split_once('=')
                .ok_or_else(|| format!("`{part}` has no value; write `{}=...`", part.trim()))?;
            recipe.set(key.trim(), value.trim())?;
        }
        Ok(recipe)
    }
}

/// The line that makes the same trace; what stands at its default is left out.
impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Recipe { functions, calls, hours, seed, .. } = self;
        let name = self.shape.name();
        write!(f, "gen:{name},functions={functions},calls={calls},hours={hours},seed={seed}")?;
        let usual = Recipe::default();
        if self.rates != usual.rates {
            match self.rates {
                Rates::Lognormal(sigma) => write!(f, ",rates=lognormal:{sigma}")?,
                Rates::Zipf(power) => write!(f, ",rates=zipf:{power}")?,
            }
        }
        let span = |millis: f64| exact(Span::from_millis_f64(millis));
        let plain = |number: f64| number.to_string();
        let memory = |mb: f64| format!("{mb}MB");
        type Write<'a> = &'a dyn Fn(f64) -> String;
        let rows: [(&str, f64, f64, Write<'_>); 12] = [
            ("jitter", self.timer_jitter_ms, usual.timer_jitter_ms, &span),
            ("amplitude", self.diurnal_amplitude, usual.diurnal_amplitude, &plain),
            ("peak", self.diurnal_peak_hour, usual.diurnal_peak_hour, &plain),
            ("on", self.burst_on_s * 1e3, usual.burst_on_s * 1e3, &span),
            ("off", self.burst_off_s * 1e3, usual.burst_off_s * 1e3, &span),
            ("batch", self.burst_batch, usual.burst_batch, &plain),
            ("length", f64::from(self.chain_length), f64::from(usual.chain_length), &plain),
            ("delay", self.chain_delay_ms, usual.chain_delay_ms, &span),
            ("memory", self.memory_median_mb, usual.memory_median_mb, &memory),
            ("memory_sigma", self.memory_sigma, usual.memory_sigma, &plain),
            ("run", self.run_median_ms, usual.run_median_ms, &span),
            ("run_sigma", self.run_sigma, usual.run_sigma, &plain),
        ];
        for (key, value, default, write) in rows {
            if value != default {
                write!(f, ",{key}={}", write(value))?;
            }
        }
        if self.run_spread != usual.run_spread {
            write!(f, ",run_spread={}", self.run_spread)?;
        }
        Ok(())
    }
}

fn count(key: &str, value: &str, range: std::ops::RangeInclusive<u64>) -> Result<u64, String> {
    let plain = value.replace('_', "");
    let (digits, factor) = match plain.strip_suffix(['k', 'M', 'G']) {
        Some(digits) if plain.ends_with('k') => (digits, 1_000),
        Some(digits) if plain.ends_with('M') => (digits, 1_000_000),
        Some(digits) => (digits, 1_000_000_000),
        None => (plain.as_str(), 1),
    };
    let number = digits.parse::<u64>().ok().and_then(|number| number.checked_mul(factor));
    number.filter(|number| range.contains(number)).ok_or_else(|| {
        let (from, to) = (range.start(), range.end());
        format!("`{key}={value}`: write a whole number from {from} to {to}, such as `{key}=100`")
    })
}

fn real(key: &str, value: &str, from: f64, to: f64) -> Result<f64, String> {
    let number = value.parse::<f64>().ok().filter(|number| (from..=to).contains(number));
    number.ok_or_else(|| format!("`{key}={value}`: write a number from {from} to {to}"))
}

fn span(key: &str, value: &str) -> Result<Span, String> {
    let span = value.parse::<Span>().map_err(|error| format!("`{key}`: {error}"))?;
    match span <= Span::from_mins(60 * 24 * 366) {
        true => Ok(span),
        false => Err(format!("`{key}={value}` is longer than a year")),
    }
}

fn positive(key: &str, value: &str) -> Result<Span, String> {
    match span(key, value)? {
        Span::ZERO => Err(format!("`{key}={value}` must be longer than nothing")),
        span => Ok(span),
    }
}

fn rates(value: &str) -> Result<Rates, String> {
    let bad = || format!("`rates={value}`: write `lognormal:2.4` or `zipf:1.1`, at most 5");
    let (kind, number) = value.split_once(':').ok_or_else(bad)?;
    let number = real("rates", number, 0.0, 5.0).map_err(|_| bad())?;
    match kind {
        "lognormal" => Ok(Rates::Lognormal(number)),
        "zipf" => Ok(Rates::Zipf(number)),
        _ => Err(bad()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_read_back() {
        for text in [
            "gen:mixed,functions=1000,calls=100000000,hours=24,seed=7",
            "gen:timers,functions=5,calls=10,hours=0.5,seed=1,jitter=20ms",
            "gen:bursty,functions=5,calls=10,hours=1,seed=1,rates=zipf:1.1,on=10s,off=60s,batch=2.5",
            "gen:chain,functions=9,calls=10,hours=1,seed=1,length=4,delay=5ms,run=20ms,run_spread=0",
        ] {
            let recipe: Recipe = text.parse().unwrap();
            assert_eq!(recipe.to_string(), text);
            assert!(recipe.describe().contains(text));
            let json = serde_json::to_string(&recipe).unwrap();
            assert_eq!(serde_json::from_str::<Recipe>(&json).unwrap(), recipe);
        }
        let recipe: Recipe = "poisson,calls=100M,functions=1_000".parse().unwrap();
        assert_eq!((recipe.calls, recipe.functions), (100_000_000, 1000));
    }

    #[test]
    fn mistakes_are_explained() {
        for (text, letter) in [
            ("gen:sine", "`sine` is not a shape"),
            ("gen:mixed,functions", "`functions` has no value"),
            ("gen:mixed,color=red", "no `color`"),
            ("gen:mixed,functions=0", "from 1 to 1000000"),
            ("gen:mixed,calls=-4", "a whole number"),
            ("gen:mixed,hours=nan", "a number from"),
            ("gen:mixed,jitter=5", "`5` is not a length of time"),
            ("gen:mixed,on=0s", "longer than nothing"),
            ("gen:mixed,rates=flat:1", "`zipf:1.1`"),
        ] {
            let error = text.parse::<Recipe>().unwrap_err();
            assert!(error.contains(letter), "{error}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "(gen:|file:|mixed|lognormal:|,|=|:|calls|hours|[0-9]+|[a-zµ]|.){0,12}") {
            if let Ok(known) = text.parse::<Recipe>() {
                proptest::prop_assert_eq!(known.to_string().parse::<Recipe>(), Ok(known));
            }
        }
    }
}
