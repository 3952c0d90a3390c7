//! Reading a policy's specification: `name` or `name:key=value,key=value`.

use std::collections::BTreeMap;
use std::fmt;

use crate::time::Span;

/// The specification does not name a policy that can be built; the text says why, and
/// what would be right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownPolicy(String);

impl fmt::Display for UnknownPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for UnknownPolicy {}

impl UnknownPolicy {
    /// No method of forecasting has that name.
    pub fn forecaster(name: &str, known: &[&'static str]) -> Self {
        let hint = nearest(name, known.iter().copied());
        Self(format!("no forecaster is called `{name}`{hint} (there are: {})", known.join(", ")))
    }

    /// No policy has that name.
    pub fn name(name: &str, known: impl Iterator<Item = &'static str> + Clone) -> Self {
        let hint = nearest(name, known.clone());
        let all: Vec<_> = known.collect();
        Self(format!("no policy is called `{name}`{hint} (there are: {})", all.join(", ")))
    }
}

/// A specification taken apart. Values are taken out by the policy; what is left over at
/// the end is a mistake.
#[derive(Debug)]
pub struct Parameters {
    name: String,
    values: BTreeMap<String, String>,
}

impl Parameters {
    /// Takes a specification apart.
    pub fn parse(specification: &str) -> Result<Self, UnknownPolicy> {
        let (name, rest) = specification.split_once(':').unwrap_or((specification, ""));
        let mut values = BTreeMap::new();
        for pair in rest.split(',').filter(|pair| !pair.trim().is_empty()) {
            let Some((key, value)) = pair.split_once('=') else {
                return Err(UnknownPolicy(format!("`{}` needs a value: `key=value`", pair.trim())));
            };
            values.insert(key.trim().to_string(), value.trim().to_string());
        }
        Ok(Self { name: name.trim().to_string(), values })
    }

    /// The policy's name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Takes a length of time.
    pub fn span(&mut self, key: &str, default: Span) -> Result<Span, UnknownPolicy> {
        self.take(key, default, |text| text.parse().map_err(|error| format!("{error}")))
    }

    /// Takes a length of time of at most `longest`, where memory grows with it.
    pub fn span_up_to(
        &mut self,
        key: &str,
        default: Span,
        longest: Span,
    ) -> Result<Span, UnknownPolicy> {
        self.take(key, default, |text| match text.parse::<Span>() {
            Ok(span) if span <= longest => Ok(span),
            Ok(_) => Err(format!("`{text}` is more than the {longest} allowed")),
            Err(error) => Err(error.to_string()),
        })
    }

    /// Takes a count.
    pub fn count(&mut self, key: &str, default: u32) -> Result<u32, UnknownPolicy> {
        self.take(key, default, |text| {
            text.parse().map_err(|_| format!("`{text}` is not a whole number from 0"))
        })
    }

    /// Takes a number that is finite and not negative.
    pub fn number(&mut self, key: &str, default: f64) -> Result<f64, UnknownPolicy> {
        self.take(key, default, |text| match text.parse::<f64>() {
            Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
            _ => Err(format!("`{text}` is not a number from 0")),
        })
    }

    /// Takes a yes or no.
    pub fn flag(&mut self, key: &str, default: bool) -> Result<bool, UnknownPolicy> {
        self.take(key, default, |text| {
            text.parse().map_err(|_| format!("`{text}` is neither `true` nor `false`"))
        })
    }

    /// Ends the reading: what no one took is unknown.
    pub fn finish(
        &self,
        known: impl Iterator<Item = &'static str> + Clone,
    ) -> Result<(), UnknownPolicy> {
        let Some(key) = self.values.keys().next() else {
            return Ok(());
        };
        let hint = nearest(key, known.clone());
        let all: Vec<_> = known.collect();
        let name = &self.name;
        let all = all.join(", ");
        Err(UnknownPolicy(format!("`{name}` has no parameter `{key}`{hint} (it takes: {all})")))
    }

    fn take<T>(
        &mut self,
        key: &str,
        default: T,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Result<T, UnknownPolicy> {
        let Some(text) = self.values.remove(key) else {
            return Ok(default);
        };
        let name = &self.name;
        read(&text).map_err(|why| UnknownPolicy(format!("`{key}` of `{name}`: {why}")))
    }
}

/// `; did you mean ...?` with the known word nearest to `word`, if one is near.
pub fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> String {
    let scored = known.map(|candidate| (distance(word, candidate), candidate));
    match scored.min() {
        Some((far, candidate)) if far <= 2 && far < candidate.len() => {
            format!("; did you mean `{candidate}`?")
        }
        _ => String::new(),
    }
}

/// Edits (insert, delete, replace) that lead from `a` to `b`.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, &to) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(from != to);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}
