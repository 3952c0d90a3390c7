//! How long does a start take?
//!
//! No public trace of calls tells it, and published simulators disagree: FaasCache takes
//! the longest run minus the average (nothing, for a steady function), others one second
//! for all, Huawei measured a log-normal over its fleet. So it is an explicit choice too,
//! made beside the trace.

use std::collections::HashMap;
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use rand_distr::{Distribution, LogNormal};
use swell_core::ids::FunctionId;
use swell_core::rng::Rng;
use swell_core::time::Span;

use crate::error::TraceError;
use crate::number::exact;
use crate::profile::FunctionProfile;
use crate::source::Source;
use crate::table::Table;

/// A rule for the length of a start, beyond the warm run.
#[derive(Debug, Clone, PartialEq)]
pub enum ColdCost {
    /// The same for every start: `1s`.
    Constant(Span),
    /// A function's longest run minus its average, at least `floor`: `max-avg:250ms`.
    MaximumMinusAverage {
        /// The least length of a start.
        floor: Span,
    },
    /// What the founding report's simulator charges, `founding`: a cold call takes 3 s and
    /// 1.2 times the longest run, so the start is that less the warm run.
    Founding,
    /// Drawn anew for every start: `lognormal:3.24s,7.10s`, Huawei's fleet (Joosen et al.,
    /// "Serverless Cold Starts and Where to Find Them", EuroSys 2025).
    LogNormal {
        /// Mean of the lengths themselves, not of their logarithms.
        mean: Span,
        /// Standard deviation of the lengths themselves.
        sd: Span,
    },
    /// What the trace measured, `fallback` where it did not: `measured:1s`.
    Measured {
        /// For functions without a measurement.
        fallback: Span,
    },
    /// A table `name,cold_ms`: `file:cold.csv`, or `file:cold.csv,1s` with a fallback.
    File {
        /// The table.
        path: PathBuf,
        /// For functions that are not in it; without it they are an error.
        fallback: Option<Span>,
    },
}

impl ColdCost {
    /// Applies the rule to the functions of a trace.
    pub fn resolve(&self, functions: &[FunctionProfile]) -> Result<ColdModel, TraceError> {
        let each = |cold: &dyn Fn(&FunctionProfile) -> Span| {
            Ok(ColdModel::Fixed(functions.iter().map(cold).collect()))
        };
        match self {
            ColdCost::Constant(span) => each(&|_| *span),
            ColdCost::MaximumMinusAverage { floor } => {
                each(&|f| (f.longest.unwrap_or(Span::ZERO) - f.warm).max(*floor))
            }
            ColdCost::Founding => each(&|f| {
                let longest = f.longest.unwrap_or(f.warm).nanos();
                let cold = Span::from_secs(3) + Span::from_nanos(longest.saturating_mul(6) / 5);
                cold - f.warm
            }),
            ColdCost::LogNormal { mean, sd } => Ok(log_normal(*mean, *sd, functions.len())),
            ColdCost::Measured { fallback } => each(&|f| f.cold.unwrap_or(*fallback)),
            ColdCost::File { path, fallback } => {
                let table = read_table(&Source::file(path))?;
                from_table(functions, &table, *fallback, &path.display().to_string())
            }
        }
    }
}

/// Lengths of starts for the functions of one trace.
#[derive(Debug, Clone)]
pub enum ColdModel {
    /// One length per function.
    Fixed(Vec<Span>),
    /// One distribution for all.
    Drawn {
        /// The distribution, in seconds.
        seconds: LogNormal<f64>,
        /// Its mean.
        mean: Span,
    },
}

impl ColdModel {
    /// The length of the next start of a function.
    pub fn draw(&self, function: FunctionId, rng: &mut Rng) -> Span {
        match self {
            ColdModel::Fixed(spans) => spans[function.index()],
            ColdModel::Drawn { seconds, .. } => Span::from_secs_f64(seconds.sample(rng)),
        }
    }

    /// The mean length of the starts of a function.
    pub fn mean(&self, function: FunctionId) -> Span {
        match self {
            ColdModel::Fixed(spans) => spans[function.index()],
            ColdModel::Drawn { mean, .. } => *mean,
        }
    }
}

/// If X has mean m and deviation s, ln X has variance ln(1 + s²/m²) and mean
/// ln m - variance/2.
fn log_normal(mean: Span, sd: Span, functions: usize) -> ColdModel {
    let ratio = sd.secs_f64() / mean.secs_f64();
    let variance = (ratio * ratio).ln_1p();
    match LogNormal::new(mean.secs_f64().ln() - variance / 2.0, variance.sqrt()) {
        Ok(seconds) if variance.is_finite() => ColdModel::Drawn { seconds, mean },
        // A mean of zero has no logarithm, and only one distribution.
        _ => ColdModel::Fixed(vec![mean; functions]),
    }
}

fn read_table(source: &Source) -> Result<HashMap<String, Span>, TraceError> {
    let mut table = Table::open(source)?;
    let (name, cold) = (table.column("name")?, table.column("cold_ms")?);
    let mut spans = HashMap::new();
    while table.advance()?.is_some() {
        let nanos = table.scaled(cold, 6, "milliseconds from 0")?;
        spans.insert(table.name(name)?.to_string(), Span::from_nanos(nanos));
    }
    Ok(spans)
}

fn from_table(
    functions: &[FunctionProfile],
    table: &HashMap<String, Span>,
    fallback: Option<Span>,
    file: &str,
) -> Result<ColdModel, TraceError> {
    let spans = functions.iter().map(|function| {
        table.get(&function.name).copied().or(fallback).ok_or_else(|| {
            TraceError::Format(format!(
                "`{file}` has no row for function `{}`; add one, or a fallback as in \
                 `file:{file},1s`",
                function.name
            ))
        })
    });
    Ok(ColdModel::Fixed(spans.collect::<Result<_, _>>()?))
}

impl FromStr for ColdCost {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let span = |text: &str| text.trim().parse::<Span>().map_err(|error| error.to_string());
        let Some((kind, rest)) = text.split_once(':') else {
            if text.trim() == "founding" {
                return Ok(ColdCost::Founding);
            }
            return span(text).map(ColdCost::Constant).map_err(|_| unknown(text));
        };
        match kind {
            "max-avg" => Ok(ColdCost::MaximumMinusAverage { floor: span(rest)? }),
            "measured" => Ok(ColdCost::Measured { fallback: span(rest)? }),
            "lognormal" => {
                let (mean, sd) = rest.split_once(',').ok_or_else(|| {
                    format!(
                        "`{text}` has one length; write mean and deviation, `lognormal:3.24s,7.10s`"
                    )
                })?;
                let (mean, sd) = (span(mean)?, span(sd)?);
                if mean == Span::ZERO || mean == Span::FOREVER || sd == Span::FOREVER {
                    return Err(format!("`{text}` has no distribution; the mean must be above 0"));
                }
                Ok(ColdCost::LogNormal { mean, sd })
            }
            "file" if !rest.is_empty() => match rest.rsplit_once(',') {
                Some((path, last)) if last.parse::<Span>().is_ok() => {
                    Ok(ColdCost::File { path: path.into(), fallback: Some(span(last)?) })
                }
                _ => Ok(ColdCost::File { path: rest.into(), fallback: None }),
            },
            _ => Err(unknown(text)),
        }
    }
}

fn unknown(text: &str) -> String {
    format!(
        "`{text}` is not a cost of starts; write `1s`, `max-avg:250ms`, `founding`, \
         `lognormal:3.24s,7.10s`, `measured:1s` or `file:cold.csv`"
    )
}

impl fmt::Display for ColdCost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ColdCost::Constant(span) => f.write_str(&exact(*span)),
            ColdCost::MaximumMinusAverage { floor } => write!(f, "max-avg:{}", exact(*floor)),
            ColdCost::Founding => f.write_str("founding"),
            ColdCost::LogNormal { mean, sd } => {
                write!(f, "lognormal:{},{}", exact(*mean), exact(*sd))
            }
            ColdCost::Measured { fallback } => write!(f, "measured:{}", exact(*fallback)),
            ColdCost::File { path, fallback: None } => write!(f, "file:{}", path.display()),
            ColdCost::File { path, fallback: Some(span) } => {
                write!(f, "file:{},{}", path.display(), exact(*span))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use swell_core::rng::split;
    use swell_core::units::Bytes;

    fn profile(name: &str, longest: Option<u64>, cold: Option<u64>) -> FunctionProfile {
        FunctionProfile {
            name: name.to_string(),
            app: None,
            trigger: None,
            memory: Bytes::from_mb(1),
            warm: Span::from_millis(100),
            longest: longest.map(Span::from_millis),
            cold: cold.map(Span::from_millis),
        }
    }

    #[test]
    fn rules_read_back() {
        for text in [
            "1s",
            "max-avg:250ms",
            "founding",
            "lognormal:3.24s,7.1s",
            "measured:1s",
            "file:cold.csv",
            "file:a,b.csv,1.5s",
        ] {
            assert_eq!(text.parse::<ColdCost>().unwrap().to_string(), text);
        }
        for text in ["", "1", "lognormal:1s", "lognormal:0s,1s", "max-avg:", "file:", "x:1s"] {
            assert!(text.parse::<ColdCost>().unwrap_err().contains('`'), "{text}");
        }
    }

    #[test]
    fn rules_give_lengths() {
        let functions = [
            profile("x", Some(900), None),
            profile("y", Some(150), Some(40)),
            profile("z", None, None),
        ];
        for (rule, expected) in [
            ("1s", [1000, 1000, 1000]),
            ("max-avg:250ms", [800, 250, 250]),
            ("founding", [3980, 3080, 3020]),
            ("measured:2s", [2000, 40, 2000]),
        ] {
            let model = rule.parse::<ColdCost>().unwrap().resolve(&functions).unwrap();
            for (id, millis) in expected.into_iter().enumerate() {
                let (id, span) = (FunctionId(id as u32), Span::from_millis(millis));
                assert_eq!(model.draw(id, &mut split(1, "t")), span, "{rule}");
                assert_eq!(model.mean(id), span, "{rule}");
            }
        }
    }

    #[test]
    fn drawn_lengths_have_the_stated_mean_and_deviation() {
        // A mild deviation: that of Huawei's takes millions of draws to show itself.
        let rule: ColdCost = "lognormal:3.24s,2s".parse().unwrap();
        let model = rule.resolve(&[profile("x", None, None)]).unwrap();
        let mut rng = split(3, "t");
        let draws: Vec<f64> =
            (0..200_000).map(|_| model.draw(FunctionId(0), &mut rng).secs_f64()).collect();
        let mean = draws.iter().sum::<f64>() / draws.len() as f64;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / draws.len() as f64;
        assert!((mean - 3.24).abs() < 0.03, "{mean}");
        assert!((variance.sqrt() - 2.0).abs() < 0.05, "{}", variance.sqrt());
    }

    #[test]
    fn tables_name_who_is_missing() {
        let table = read_table(&Source::memory("c.csv", &b"name,cold_ms\nx,12.5\n"[..])).unwrap();
        let functions = [profile("x", None, None), profile("y", None, None)];
        let error = from_table(&functions, &table, None, "c.csv").unwrap_err().to_string();
        assert!(error.contains("function `y`"), "{error}");
        let model = from_table(&functions, &table, Some(Span::ZERO), "c.csv").unwrap();
        assert_eq!(model.mean(FunctionId(0)), Span::from_nanos(12_500_000));
        assert_eq!(model.mean(FunctionId(1)), Span::ZERO);
    }

    proptest::proptest! {
        #[test]
        fn no_text_panics(text in "(gen:|file:|mixed|lognormal:|,|=|:|calls|hours|[0-9]+|[a-zµ]|.){0,12}") {
            if let Ok(known) = text.parse::<ColdCost>() {
                proptest::prop_assert_eq!(known.to_string().parse::<ColdCost>(), Ok(known));
            }
        }
    }
}
