//! Which workload a function's calls belong to, and by which classifier.
//!
//! Its author may name it, or say in labels what the classifiers ask for: `warning` is the topic
//! of a signal that it handles, `location` the cell of a map that it is about, `freshness` for how
//! long what it reads stays fresh. What it reads together with others is observed.

use std::collections::BTreeSet;

use swell_api::spec::FunctionSpec;
use swell_core::cachegroup::classifier::{Relevance, Traits, Workload, classify};
use swell_core::cachegroup::found::Found;
use swell_core::cachegroup::names::ContentId;
use swell_core::time::Span;

use crate::deploy::bounds::is_name;

/// The topic of a warning signal that a function handles.
pub const WARNING: &str = "warning";
/// The cell of a map that it is about.
pub const LOCATION: &str = "location";
/// For how long what it reads stays fresh, such as `30s`.
pub const FRESHNESS: &str = "freshness";

/// The workload of a function, and how that is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sorted {
    /// What it is called.
    pub workload: String,
    /// By which classifier, for people.
    pub by: String,
}

/// The workload of a function that usually reads `inputs`; none if nothing is known of it.
pub fn sort(spec: &FunctionSpec, inputs: BTreeSet<ContentId>, found: &[Found]) -> Option<Sorted> {
    let label = |name: &str| spec.labels.get(name).filter(|value| is_name(value));
    let (warning, location) = (label(WARNING), label(LOCATION));
    let freshness = spec.labels.get(FRESHNESS).and_then(|text| text.parse::<Span>().ok());
    let traits = Traits {
        // The words themselves are at hand; the classifier need only know that there are some.
        named: spec.workload.as_ref().map(|_| 0),
        warning: warning.map(|_| 0),
        location: location.map(|_| 0),
        inputs,
        freshness,
    };
    let sets: Vec<BTreeSet<ContentId>> = found.iter().map(|one| one.contents.clone()).collect();
    let (workload, by) = match classify(&traits, &Relevance::new(&sets)) {
        Workload::Named(_) => (spec.workload.clone()?, "named by its author".to_string()),
        Workload::Warning(_) => {
            let topic = warning?;
            (format!("warning-{topic}"), format!("it handles the warning signal `{topic}`"))
        }
        Workload::Relevance(number) => {
            let shared = found.get(number as usize)?;
            let count = shared.contents.len();
            let by = format!("it reads what others read too: {count} contents found together");
            (shared.name.clone(), by)
        }
        Workload::Location(_) => {
            let cell = location?;
            (format!("location-{cell}"), format!("it is about the place `{cell}`"))
        }
        Workload::Time(power) => {
            let by = format!("what it reads is fresh for less than {} s", 1u64 << power.min(63));
            (format!("fresh-{power}"), by)
        }
        Workload::Unclassified => return None,
    };
    Some(Sorted { workload, by })
}

#[cfg(test)]
mod tests {
    use swell_api::spec::BackendName;

    use super::*;

    #[test]
    fn functions_are_sorted_by_name_labels_and_what_they_read() {
        let found =
            [Found { name: "shared-1".to_string(), contents: [ContentId(1), ContentId(2)].into() }];
        for (workload, labels, inputs, expected) in [
            (Some("shop"), &[("warning", "flood")][..], &[1u128, 2][..], Some("shop")),
            (None, &[("warning", "flood")], &[1, 2], Some("warning-flood")),
            (None, &[("location", "u33d")], &[1, 2], Some("shared-1")),
            (None, &[("location", "u33d"), ("freshness", "5s")], &[7], Some("location-u33d")),
            (None, &[("freshness", "5s")], &[], Some("fresh-3")),
            (None, &[("freshness", "soon"), ("location", "no/cell")], &[], None),
            (None, &[], &[], None),
        ] {
            let mut spec = FunctionSpec::plain("f", BackendName::Wasm);
            spec.workload = workload.map(str::to_string);
            spec.labels = labels.iter().map(|&(name, value)| (name.into(), value.into())).collect();
            let inputs = inputs.iter().copied().map(ContentId).collect();
            let sorted = sort(&spec, inputs, &found).map(|sorted| sorted.workload);
            assert_eq!(sorted.as_deref(), expected, "{workload:?} {labels:?}");
        }
    }
}
