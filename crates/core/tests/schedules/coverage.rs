//! What happened in a run of schedules: a run in which no leader was ever lost shows nothing.

use std::collections::BTreeMap;
use std::fmt;

/// How often each thing happened.
#[derive(Debug, Default)]
pub(crate) struct Coverage(BTreeMap<&'static str, u64>);

/// What must have happened for a run to count.
const NEEDED: [&str; 31] = [
    "crash",
    "restart",
    "partition",
    "one-way cut",
    "leader change",
    "message lost",
    "message duplicated",
    "message overtaken",
    "clock jump",
    "snapshot restored",
    "site admitted",
    "site dismissed",
    "late action",
    "action fenced",
    "stopped",
    "forecast",
    "refusal",
    "rejected",
    "expired",
    "superseded",
    "displaced",
    "waited its turn",
    "done",
    "rolled back",
    "failed",
    "withdrawn",
    "early vote",
    "by the clock",
    "holder unsure",
    "ceded",
    "maintenance",
];

impl Coverage {
    pub(crate) fn count(&mut self, what: &'static str) {
        *self.0.entry(what).or_default() += 1;
    }

    pub(crate) fn missing(&self) -> Option<&'static str> {
        NEEDED.into_iter().find(|needed| !self.0.contains_key(needed))
    }
}

impl fmt::Display for Coverage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts: Vec<String> =
            self.0.iter().map(|(what, count)| format!("{what} {count}")).collect();
        f.write_str(&parts.join(", "))
    }
}
