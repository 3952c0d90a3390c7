//! What is known in advance: when, whom it touches, and what it is said to do.

use std::ops::Range;

use serde::{Deserialize, Serialize};

use crate::calendar::announced::Announced;
use crate::calendar::letter::Wrong;
use crate::calendar::repeats::{Repeats, Spans};

/// The longest id, kind, title or pattern, in bytes, and the most patterns.
const TEXT_MAX: usize = 1000;
const PATTERNS_MAX: usize = 256;
/// The end of the year 2200, in Unix milliseconds.
const END_MS_MAX: u64 = 7_289_654_400_000;

/// Something that is known to come, such as a campaign, a release or a night of maintenance.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Occasion {
    /// What it is found by; reading the same source again replaces it.
    pub id: String,
    /// By what its effect is learned: occasions of one kind are taken to do alike.
    pub kind: String,
    /// What people call it.
    #[serde(default)]
    pub title: String,
    /// When it first starts, in Unix milliseconds.
    pub start_ms: u64,
    /// When that is over, in Unix milliseconds; later than the start.
    pub end_ms: u64,
    /// Patterns of names of the functions it touches, such as `shop-*`; none: all functions.
    #[serde(default)]
    pub functions: Vec<String>,
    /// What it is said to do.
    #[serde(default)]
    pub effect: Announced,
    /// Instances of each function that are held while it lasts, whatever is forecast.
    #[serde(default)]
    pub floor: Option<u32>,
    /// How it repeats.
    #[serde(default)]
    pub repeats: Option<Repeats>,
}

impl Occasion {
    /// Whether it makes sense. Asked of what came from outside.
    pub fn check(&self) -> Result<(), Wrong> {
        let texts = [&self.id, &self.kind, &self.title].into_iter().chain(&self.functions);
        if let Some(text) = texts.filter(|text| text.len() > TEXT_MAX).max_by_key(|t| t.len()) {
            let reason = format!("a text of it has {} bytes, at most {TEXT_MAX}", text.len());
            return Err((reason, "shorten it"));
        }
        if self.functions.len() > PATTERNS_MAX {
            let reason = format!("it names more than {PATTERNS_MAX} functions");
            return Err((reason, "use patterns such as `shop-*`"));
        }
        if self.id.is_empty() || self.kind.is_empty() {
            let reason = "it has no id or no kind".to_string();
            return Err((reason, "give it both, such as the kind `campaign`"));
        }
        if self.end_ms <= self.start_ms {
            let reason = "it ends before it starts".to_string();
            return Err((reason, "mend its start or its end"));
        }
        if self.end_ms > END_MS_MAX {
            let reason = "it lies after the year 2200".to_string();
            return Err((reason, "mend its start or its end"));
        }
        self.repeats.as_ref().map_or(Ok(()), |repeats| repeats.check(self.start_ms))
    }

    /// Whether it makes a day a free one for all functions: a holiday, of which nothing else is
    /// said. Models are told of the day then, so its effect is not taken out and put in besides.
    pub fn is_holiday(&self) -> bool {
        let is_kind = self.kind.to_ascii_lowercase().contains("holiday");
        is_kind && self.effect == Announced::Unknown && self.functions.is_empty()
    }

    /// When it takes place between two moments, in Unix milliseconds.
    pub fn within(&self, window: &Range<u64>) -> Spans {
        let first = self.start_ms..self.end_ms.max(self.start_ms.saturating_add(1));
        if let Some(repeats) = &self.repeats {
            return repeats.within(&first, window);
        }
        let is_met = first.start < window.end && first.end > window.start;
        Spans { spans: if is_met { vec![first] } else { Vec::new() }, is_cut: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn occasion() -> Occasion {
        Occasion {
            id: "1".to_string(),
            kind: "campaign".to_string(),
            start_ms: 100,
            end_ms: 200,
            effect: Announced::Times(2.0),
            ..Occasion::default()
        }
    }

    #[test]
    fn an_occasion_is_met_by_the_windows_it_touches() {
        for (window, is_met) in
            [(0..100, false), (0..101, true), (150..160, true), (199..900, true), (200..900, false)]
        {
            let spans = occasion().within(&window).spans;
            assert_eq!(!spans.is_empty(), is_met, "{window:?}");
        }
    }

    #[test]
    fn what_makes_no_sense_is_told() {
        assert_eq!(occasion().check(), Ok(()));
        for broken in [
            Occasion { id: String::new(), ..occasion() },
            Occasion { end_ms: 100, ..occasion() },
            Occasion { end_ms: u64::MAX, ..occasion() },
            Occasion { title: "x".repeat(2000), ..occasion() },
            Occasion { functions: vec![String::new(); 300], ..occasion() },
            Occasion { repeats: Some(Repeats::default()), end_ms: 0, ..occasion() },
        ] {
            assert!(broken.check().is_err(), "{broken:?}");
        }
    }

    #[test]
    fn effects_are_words_in_json() {
        let json = serde_json::to_string(&occasion()).expect("it can be written");
        assert!(json.contains("\"effect\":\"x2\""), "{json}");
        assert_eq!(serde_json::from_str::<Occasion>(&json).expect("it can be read"), occasion());
        let least = r#"{"id":"1","kind":"campaign","start_ms":100,"end_ms":200}"#;
        let least: Occasion = serde_json::from_str(least).expect("the rest has defaults");
        assert_eq!(least, Occasion { effect: Announced::Unknown, ..occasion() });
    }
}
