//! How the nodes of a site stand, for whoever moves workloads, forecasts, or looks.

use std::collections::BTreeMap;

use swell_core::council::words::Loads;
use swell_outlook::board::NodeCard;
use swell_outlook::crew::NodeReading;
use swell_outlook::sums::Reading;

use crate::nodes::seat::Seat;
use crate::nodes::wire::Reported;

impl Seat {
    /// Whether every node that is there has these functions as they are now, or cannot have them.
    pub fn is_followed(&self, names: &[String]) -> bool {
        let current = self.current();
        self.reports().iter().all(|node| {
            let has = |name: &String| match current.since.get(name) {
                Some(since) => node.revision >= *since,
                // What is neither told nor bound was deployed a moment ago.
                None => current.bound.contains_key(name),
            };
            names.iter().all(has)
        })
    }

    /// Calls of these functions that run or wait at other nodes; nothing as long as one of them has
    /// not heard where calls go now.
    pub fn running(&self, names: &[String]) -> Option<u32> {
        let revision = self.current().revision;
        let reports = self.reports();
        let all_know = reports.iter().all(|node| node.revision == revision);
        let of = |node: &Reported| -> u32 {
            names.iter().filter_map(|name| node.running.get(name)).sum()
        };
        all_know.then(|| reports.iter().map(of).sum())
    }

    /// The nodes and what each used, this one first. `own` is what this one used.
    pub fn readings(&self, own: Reading) -> Vec<NodeReading> {
        let invited = self.invited();
        let others = invited.iter().filter_map(|name| {
            let (reported, entry, is_there, _) = self.shown(name)?;
            Some(NodeReading {
                name: name.clone(),
                capacity: entry.report.capacity,
                is_there,
                reading: reported.reading,
            })
        });
        let others: Vec<NodeReading> = others.collect();
        if others.is_empty() {
            return others;
        }
        let seat = NodeReading {
            name: self.parts.contact.name.clone(),
            capacity: self.parts.own,
            is_there: true,
            reading: own,
        };
        [seat].into_iter().chain(others).collect()
    }

    /// The nodes for other sites to see, this one first; none where it is the only one.
    pub fn cards(&self) -> Vec<NodeCard> {
        let others: Vec<NodeCard> = self
            .invited()
            .into_iter()
            .filter_map(|name| {
                let (_, entry, is_there, is_ready) = self.shown(&name)?;
                let cpu_milli = entry.report.capacity.0[0];
                let used_milli = if is_there { entry.used_milli } else { 0 };
                Some(NodeCard { name, is_there: is_there && is_ready, cpu_milli, used_milli })
            })
            .collect();
        if others.is_empty() {
            return others;
        }
        let (name, Loads([cpu_milli, ..])) = (self.parts.contact.name.clone(), self.parts.own);
        let used_milli = self.own_used_milli();
        let seat = NodeCard { name, is_there: true, cpu_milli, used_milli };
        [seat].into_iter().chain(others).collect()
    }
}

/// Calls that run or wait, by function; only where there are any.
pub fn running(registry: &crate::registry::Registry) -> BTreeMap<String, u32> {
    use std::sync::atomic::Ordering;
    let mut running = BTreeMap::new();
    registry.visit(|function| {
        let versions = function.versions.iter();
        let of: u32 = versions
            .map(|it| it.running.load(Ordering::Relaxed) + it.waiting.load(Ordering::Relaxed))
            .sum();
        if of > 0 {
            running.insert(function.name.to_string(), of);
        }
    });
    running
}
