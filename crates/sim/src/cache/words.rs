//! What people write for a choice: `name` or `name:key=value,key=value`.

use std::collections::BTreeMap;

use swell_core::parameters::nearest;
use swell_core::time::Span;

/// A choice that is not there; the text says what is.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unknown(String);

impl Unknown {
    /// With these words.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// No `kind` has that name.
    pub fn name(kind: &str, name: &str, known: &[&'static str], besides: &str) -> Self {
        // Names are found whatever their case.
        let by_case = |near: &&&str| near.eq_ignore_ascii_case(name);
        let hint = match known.iter().find(by_case) {
            Some(near) => format!("; did you mean `{near}`?"),
            None => {
                let lower = nearest(name, known.iter().copied());
                let upper = nearest(&name.to_uppercase(), known.iter().copied());
                if lower.is_empty() { upper } else { lower }
            }
        };
        let all = known.join(", ");
        let besides = if besides.is_empty() { String::new() } else { format!(", {besides}") };
        Self(format!("no {kind} is called `{name}`{hint} (there are: {all}{besides})"))
    }
}

/// A choice taken apart. Who knows the name takes its values; what is left is a mistake.
#[derive(Debug, Clone)]
pub struct Words {
    /// The name.
    pub name: String,
    values: BTreeMap<String, String>,
}

impl Words {
    /// Takes a choice apart.
    pub fn read(text: &str) -> Result<Self, Unknown> {
        let (name, rest) = match text.split_once(':') {
            Some((name, rest)) if rest.contains('=') || !rest.contains(['/', '\\']) => (name, rest),
            _ => (text, ""),
        };
        let mut values = BTreeMap::new();
        for pair in rest.split(',').map(str::trim).filter(|pair| !pair.is_empty()) {
            let Some((key, value)) = pair.split_once('=') else {
                return Err(Unknown(format!("`{pair}` needs a value: `key=value`")));
            };
            values.insert(key.trim().to_string(), value.trim().to_string());
        }
        Ok(Self { name: name.trim().to_string(), values })
    }

    /// Takes a value as it is written.
    pub fn take(&mut self, key: &str) -> Option<String> {
        self.values.remove(key)
    }

    /// Takes a whole number within bounds.
    pub fn number(&mut self, key: &str, default: u32, min: u32, max: u32) -> Result<u32, Unknown> {
        let Some(text) = self.take(key) else { return Ok(default) };
        match text.parse() {
            Ok(number) if (min..=max).contains(&number) => Ok(number),
            _ => Err(self.wrong(key, &text, &format!("a whole number from {min} to {max}"))),
        }
    }

    /// Takes a share.
    pub fn share(&mut self, key: &str, default: f64) -> Result<f64, Unknown> {
        let Some(text) = self.take(key) else { return Ok(default) };
        match text.parse() {
            Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
            _ => Err(self.wrong(key, &text, "a number from 0 to 1")),
        }
    }

    /// Takes a yes or no.
    pub fn flag(&mut self, key: &str, default: bool) -> Result<bool, Unknown> {
        let Some(text) = self.take(key) else { return Ok(default) };
        match text.as_str() {
            "yes" | "true" => Ok(true),
            "no" | "false" => Ok(false),
            _ => Err(self.wrong(key, &text, "yes or no")),
        }
    }

    /// Takes a length of time, at most a minute.
    pub fn span(&mut self, key: &str, default: Span) -> Result<Span, Unknown> {
        let Some(text) = self.take(key) else { return Ok(default) };
        match text.parse() {
            Ok(span) if span <= Span::from_mins(1) => Ok(span),
            _ => Err(self.wrong(key, &text, "a time such as 34ms, up to 1m")),
        }
    }

    /// Ends the reading: what no one took is unknown.
    pub fn finish(&self, known: &[&'static str]) -> Result<(), Unknown> {
        let Some(key) = self.values.keys().next() else { return Ok(()) };
        let (name, hint) = (&self.name, nearest(key, known.iter().copied()));
        Err(Unknown(format!("`{name}` has no parameter `{key}`{hint}")))
    }

    fn wrong(&self, key: &str, text: &str, wanted: &str) -> Unknown {
        Unknown(format!("`{key}` of `{}` is `{text}`, and must be {wanted}", self.name))
    }
}
