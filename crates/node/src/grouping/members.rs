//! Which groups a node is in, and why: its settings say so, it caches data of the workload, or
//! its calls ran here of late.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::grouping::notice::Membership;

/// For how long a call keeps a node in the group of its workload.
const KEPT: Duration = Duration::from_secs(600);
/// Workloads that are remembered.
const WORKLOADS_MAX: usize = 4_096;

/// Calls of workloads that ran here of late.
#[derive(Default)]
pub struct Members(Mutex<BTreeMap<String, Ran>>);

struct Ran {
    calls: u64,
    last: Instant,
    /// Who sent the call by which this node came into the group, if it came by one.
    taken_by: Option<String>,
}

/// What a node caches of a workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cached {
    /// Copies of its contents.
    pub copies: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Members {
    /// A call of a workload ran here; `taken_by` is the node that sent it to one outside the
    /// group.
    pub fn ran(&self, workload: &str, taken_by: Option<&str>, now: Instant) {
        let mut workloads = self.0.lock();
        if let Some(ran) = workloads.get_mut(workload) {
            (ran.calls, ran.last) = (ran.calls + 1, now);
            return;
        }
        if workloads.len() >= WORKLOADS_MAX {
            workloads.retain(|_, ran| now - ran.last < KEPT);
        }
        if workloads.len() < WORKLOADS_MAX {
            let taken_by = taken_by.map(str::to_string);
            workloads.insert(workload.to_string(), Ran { calls: 1, last: now, taken_by });
        }
    }

    /// Clones of a workload's functions are made here, as a node asks for them.
    pub fn prepares(&self, workload: &str, asked_by: &str, now: Instant) {
        self.ran(workload, Some(asked_by), now);
        if let Some(ran) = self.0.lock().get_mut(workload) {
            ran.calls -= 1;
        }
    }

    /// The groups this node is in.
    pub fn groups(
        &self,
        settled: &[String],
        cached: &BTreeMap<String, Cached>,
        now: Instant,
    ) -> Vec<Membership> {
        let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for workload in settled {
            reasons.entry(workload.clone()).or_default().push("its settings name it".to_string());
        }
        for (workload, Cached { copies, bytes }) in cached {
            if *copies > 0 {
                let why = format!("it caches {copies} of its contents ({bytes} bytes)");
                reasons.entry(workload.clone()).or_default().push(why);
            }
        }
        let workloads = self.0.lock();
        for (workload, ran) in workloads.iter().filter(|(_, ran)| now - ran.last < KEPT) {
            let Ran { calls, last, taken_by } = ran;
            let ago = (now - *last).as_secs();
            let taken = match taken_by {
                Some(by) => format!(", taken from outside by `{by}`"),
                None => String::new(),
            };
            if *calls == 0 {
                let by = taken_by.as_deref().unwrap_or_default();
                let why = format!("`{by}` asked for clones for its calls {ago} s ago");
                reasons.entry(workload.clone()).or_default().push(why);
                continue;
            }
            let why = format!("{calls} of its calls ran here, the last {ago} s ago{taken}");
            reasons.entry(workload.clone()).or_default().push(why);
        }
        let member = |(workload, why): (String, Vec<String>)| {
            let why = why.join("; ");
            Membership { workload, why }
        };
        reasons.into_iter().map(member).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_is_in_a_group_for_a_reason_and_no_longer() {
        let (members, start) = (Members::default(), Instant::now());
        members.ran("shop", None, start);
        members.ran("maps", Some("oslo"), start + Duration::from_secs(300));
        let cached = [
            ("shop".to_string(), Cached { copies: 2, bytes: 7 }),
            ("gone".to_string(), Cached::default()),
        ];
        let cached = BTreeMap::from(cached);
        let groups = |seconds| {
            let now = start + Duration::from_secs(seconds);
            let groups = members.groups(&["till".to_string()], &cached, now);
            groups.into_iter().map(|group| format!("{}: {}", group.workload, group.why))
        };
        members.prepares("taps", "paris", start + Duration::from_secs(390));
        let now: Vec<String> = groups(400).collect();
        assert_eq!(
            now,
            [
                "maps: 1 of its calls ran here, the last 100 s ago, taken from outside by `oslo`",
                "shop: it caches 2 of its contents (7 bytes); 1 of its calls ran here, the last \
                 400 s ago",
                "taps: `paris` asked for clones for its calls 10 s ago",
                "till: its settings name it",
            ]
        );
        let later: Vec<String> = groups(901).collect();
        assert_eq!(later.len(), 3, "{later:?}");
    }
}
