//! What a site expects of its own nodes.

use swell_core::council::rules::Rules;
use swell_core::council::words::{Metric, Slot};
use swell_forecast::bands::Quantiles;

use crate::crew::{Crew, NodeReading};
use crate::history::Source;
use crate::monitor::Monitor;
use crate::naming::NodeNumber;
use crate::quantiles::chance_above;

impl Monitor {
    /// A slot is over: so the nodes of this site stood at its end. Told before
    /// [`Monitor::on_slot`], which forecasts them as well.
    pub fn see_nodes(&mut self, slot: Slot, nodes: Vec<NodeReading>) {
        self.crew.on_slot(&mut self.history, slot, nodes);
    }

    /// The nodes of this site.
    pub fn crew(&self) -> &Crew {
        &self.crew
    }

    /// What is expected of a node of this site, slot by slot from the one after the last that was
    /// looked at, in the unit of the metric; empty where nothing is known.
    pub fn node_curve(&self, node: NodeNumber, metric: Metric) -> &[Quantiles] {
        self.expected.get(&(Source::Node(node), metric)).map_or(&[], Vec::as_slice)
    }

    /// The chance that a node is above the limit of a metric in each of the slots ahead; nothing
    /// where the metric is not limited there.
    pub fn node_overload(&self, rules: &Rules, node: &NodeReading, metric: Metric) -> Vec<f32> {
        let capacity = node.capacity.of(metric);
        let bar = capacity as f32 * rules.limit_ppm as f32 / 1e6;
        let number = crate::naming::node_number(&node.name);
        let steps = self.node_curve(number, metric).iter();
        let steps = steps.filter(|_| capacity > 0);
        steps.map(|load| chance_above(load, bar)).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use swell_core::council::state::State;
    use swell_core::council::words::Loads;
    use swell_core::ids::SiteId;

    use super::*;
    use crate::methods::Method;
    use crate::naming::node_number;
    use crate::sums::{Reading, Sums};

    const SLOT_MS: u64 = 1_000;

    fn node(name: &str, slot: u64, used_milli: u64, is_there: bool) -> NodeReading {
        let cpu_us = slot * used_milli * SLOT_MS;
        let shop = Sums { cpu_us, calls: slot * 10, ..Sums::default() };
        let workloads = [("shop".to_string(), shop)].into();
        let reading = Reading { at_ms: slot * SLOT_MS, workloads, ..Reading::default() };
        NodeReading { name: name.to_string(), capacity: Loads::cpu(1_000), is_there, reading }
    }

    #[test]
    fn each_node_is_forecast_by_itself_and_a_lost_one_bears_nothing_and_may_fail_again() {
        let rules = Rules::default();
        let mut monitor = Monitor::new(&rules, Method::default());
        let live = |slots: std::ops::Range<u64>, is_there: bool, monitor: &mut Monitor| {
            for slot in slots {
                let nodes = vec![node("full", slot, 950, true), node("idle", slot, 20, is_there)];
                monitor.see_nodes(Slot(slot), nodes);
                monitor.on_slot(Slot(slot), &BTreeMap::new(), &[], &rules);
            }
        };
        live(1..40, true, &mut monitor);
        let overload = |name: &str, monitor: &Monitor| {
            let found = monitor.crew().nodes().find(|(_, node)| node.name == name);
            let (_, node) = found.expect("it is there");
            monitor.node_overload(&rules, node, Metric::Cpu)[0]
        };
        assert!(overload("full", &monitor) > 0.9, "{}", overload("full", &monitor));
        assert!(overload("idle", &monitor) < 0.1, "{}", overload("idle", &monitor));
        let idle = node_number("idle");
        assert_eq!(monitor.crew().seen(idle), Some([20.0, 0.0, 0.0, 0.0]));
        assert!(monitor.crew().chance_of_failure(idle) < 0.05);
        live(40..60, false, &mut monitor);
        assert_eq!(monitor.crew().seen(idle), Some([0.0; 4]), "it is lost");
        assert!(monitor.crew().chance_of_failure(idle) > 0.2);
        assert!(monitor.crew().chance_of_failure(node_number("full")) < 0.05);
        let site = monitor.load(&State::new(rules), SiteId(1), Metric::Cpu, Slot(60), 1);
        assert_eq!(site, [[0.0; 5]], "nodes are not counted beside what runs there");
    }
}
