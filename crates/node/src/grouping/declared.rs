//! What functions declare that their calls read, and how long it is: known before the first call.
//!
//! A declaration is a name. How long the content is says its copy here, or else the data store, which
//! is asked aside and now and then, as placing a call never waits.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use swell_api::spec::FunctionSpec;
use swell_content::contents::Contents;
use swell_content::naming::ContentName;

use crate::content::history::Inputs;
use crate::registry::Registry;

/// For how long it is believed how long a content is, and that there is none.
const BELIEVED: Duration = Duration::from_secs(60);
const ABSENCE_BELIEVED: Duration = Duration::from_secs(5);
/// Contents that are remembered, and that the data store is asked for at a time.
const LENGTHS_MAX: usize = 16_384;
const ASKED_MAX: usize = 64;

/// How long contents are that functions declare.
#[derive(Default)]
pub struct Declared(Mutex<BTreeMap<ContentName, Length>>);

#[derive(Clone, Copy)]
struct Length {
    /// Nothing if there is no such content.
    bytes: Option<u64>,
    at: Instant,
}

impl Length {
    fn is_believed(&self, now: Instant) -> bool {
        let long = if self.bytes.is_some() { BELIEVED } else { ABSENCE_BELIEVED };
        now.saturating_duration_since(self.at) < long
    }
}

/// The contents that a function declares. What is no name was refused when it was deployed.
fn names(spec: &FunctionSpec) -> impl Iterator<Item = ContentName> {
    let workload = spec.workload.as_deref().unwrap_or_default();
    spec.inputs.iter().filter_map(move |name| ContentName::new(workload, name).ok())
}

impl Declared {
    /// What a function declares, as far as it is known how long it is.
    pub fn inputs(&self, spec: &FunctionSpec) -> Inputs {
        let lengths = self.0.lock();
        let known = |name: ContentName| {
            let bytes = lengths.get(&name)?.bytes?;
            Some((name, bytes))
        };
        names(spec).filter_map(known).collect()
    }

    /// Finds out how long the contents are that functions declare, where that is not known or was
    /// looked up long ago.
    pub async fn learn(&self, registry: &Registry, contents: &Contents) {
        let (now, mut asked) = (Instant::now(), Vec::new());
        {
            let lengths = self.0.lock();
            registry.visit(|function| {
                let unknown = names(&function.newest().spec)
                    .filter(|name| !lengths.get(name).is_some_and(|known| known.is_believed(now)));
                asked.extend(unknown.take(ASKED_MAX.saturating_sub(asked.len())));
            });
        }
        for name in asked {
            // What cannot be found out now is asked again.
            let Ok(bytes) = contents.length(&name).await else { continue };
            let mut lengths = self.0.lock();
            if lengths.len() >= LENGTHS_MAX && !lengths.contains_key(&name) {
                lengths.retain(|_, known| known.is_believed(now));
            }
            if lengths.len() < LENGTHS_MAX {
                lengths.insert(name, Length { bytes, at: now });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use swell_api::spec::BackendName;

    #[test]
    fn what_is_declared_counts_once_it_is_known_how_long_it_is() {
        let mut spec = FunctionSpec::plain("map", BackendName::Wasm);
        spec.workload = Some("shop".to_string());
        spec.inputs = vec!["style".to_string(), "fonts/a".to_string(), "gone".to_string()];
        let declared = Declared::default();
        assert!(declared.inputs(&spec).is_empty());
        let name = |name| ContentName::new("shop", name).expect("a name");
        let now = Instant::now();
        for (content, bytes) in [("style", Some(7)), ("gone", None), ("other", Some(9))] {
            declared.0.lock().insert(name(content), Length { bytes, at: now });
        }
        assert_eq!(declared.inputs(&spec), Inputs::from([(name("style"), 7)]));
    }

    #[test]
    fn absence_is_not_believed_for_long() {
        let at = Instant::now();
        let later = at + ABSENCE_BELIEVED;
        assert!(Length { bytes: Some(1), at }.is_believed(later));
        assert!(!Length { bytes: None, at }.is_believed(later));
        assert!(!Length { bytes: Some(1), at }.is_believed(at + BELIEVED));
    }
}
