//! The metrics of one node, in a registry of its own: several nodes may live in one
//! process, as they do in tests, and none sees the figures of another.

use std::sync::Arc;

use prometheus_client::encoding::{prometheus_text, text};
use prometheus_client::registry::Registry;
use swell_core::action::Action;

use crate::observe::decisions::Decisions;
use crate::observe::exposition::{NodeFamilies, ProcessFamilies};
use crate::observe::function_metrics::{FunctionMetrics, Table};
use crate::observe::gauges::{Gauges, Sources};

/// Functions that get figures of their own, unless told otherwise.
pub const FUNCTIONS_MAX: usize = 2_000;

/// What [`Metrics::encode`] writes.
pub const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The metrics of a node.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    table: Arc<Table>,
    decisions: Arc<Decisions>,
    sources: Arc<Sources>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new(FUNCTIONS_MAX)
    }
}

impl Metrics {
    /// Metrics in which at most `functions_max` functions have figures of their own; the
    /// rest share the name `(other)`.
    pub fn new(functions_max: usize) -> Self {
        let table = Table::new(functions_max);
        let decisions = Arc::<Decisions>::default();
        let sources = Arc::<Sources>::default();
        let mut registry = Registry::default();
        registry.sub_registry_with_prefix("swell").register_collector(Box::new(NodeFamilies {
            table: table.clone(),
            decisions: decisions.clone(),
            sources: sources.clone(),
        }));
        registry.register_collector(Box::new(ProcessFamilies));
        Self { registry, table, decisions, sources }
    }

    /// Where the calls of a function are counted. To be asked for once per deployment and
    /// kept; all versions of a function share it.
    pub fn function(&self, name: &str) -> Arc<FunctionMetrics> {
        self.table.function(name)
    }

    /// Forgets a function that was removed.
    pub fn remove_function(&self, name: &str) {
        self.table.remove(name);
    }

    /// Counts what the mind ordered.
    pub fn decided(&self, actions: &[Action]) {
        for action in actions {
            self.decisions.count(action);
        }
    }

    /// Lets `fill` write the figures it knows, whenever somebody asks for the metrics. What
    /// it captures lives as long as the metrics: capture a `Weak` of what holds them.
    pub fn on_scrape(&self, fill: impl Fn(&mut Gauges) + Send + Sync + 'static) {
        self.sources.add(fill);
    }

    /// Everything, as OpenMetrics text.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        text::encode(&mut text, &self.registry).expect("a string takes everything");
        text
    }

    /// Everything in the form that a client accepts, and the name of that form: OpenMetrics
    /// for those who ask for it, the older text of Prometheus for all others.
    pub fn encode_for(&self, accept: Option<&str>) -> (&'static str, String) {
        if accept.is_some_and(|accept| accept.contains("application/openmetrics-text")) {
            return (OPENMETRICS, self.encode());
        }
        let mut text = String::new();
        prometheus_text::encode(&mut text, &self.registry).expect("a string takes everything");
        (prometheus_text::CONTENT_TYPE, text)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use swell_core::action::StartKind;

    use super::*;
    use crate::observe::function_metrics::{CallOutcome, Finished, TriggerKind};
    use crate::observe::gauges::PeerFigures;
    use crate::refusal::Reason;

    fn used() -> Metrics {
        let metrics = Metrics::default();
        metrics.on_scrape(|gauges| {
            gauges.inflight_requests = 3;
            gauges.memory_bytes.idle = 64;
            gauges.away_alarms = vec![("frames".to_string(), "node-silent".to_string())];
            gauges.function_cpu_us = [("hello", 250_000), ("b", 250_000), ("c", 250_000)]
                .map(|(name, us)| (name.to_string(), us))
                .into();
        });
        metrics.on_scrape(|gauges| gauges.queue_dead = 7);
        let hello = metrics.function("hello");
        hello.started(Duration::from_millis(3));
        for (outcome, start) in [
            (CallOutcome::Answered, StartKind::Cold),
            (CallOutcome::Answered, StartKind::Warm),
            (CallOutcome::TimedOut, StartKind::Warm),
        ] {
            let (waited, ran) = (Duration::from_micros(70), Duration::from_millis(250));
            let trigger = TriggerKind::Cron;
            hello.call(&Finished { trigger, outcome, start, waited, ran });
        }
        hello.refuse(Reason::TimedOut);
        metrics
    }

    #[test]
    fn figures_stand_under_their_names() {
        let text = used().encode();
        for line in [
            r#"swell_build_info{version="0.1.0"} 1"#,
            r#"swell_invocations_total{function="hello",trigger="cron",outcome="answered"} 2"#,
            r#"swell_invocations_total{function="hello",trigger="cron",outcome="timed-out"} 1"#,
            r#"swell_invocation_starts_total{function="hello",start="warm"} 2"#,
            r#"swell_cold_starts_total{function="hello"} 1"#,
            r#"swell_refusals_total{function="hello",reason="timed-out"} 1"#,
            r#"swell_timeouts_total{function="hello"} 2"#,
            r#"swell_invocation_duration_seconds_sum{function="hello"} 0.75"#,
            r#"swell_invocation_duration_seconds_bucket{le="0.25",function="hello"} 3"#,
            r#"swell_queue_wait_seconds_bucket{le="0.0001",function="hello"} 3"#,
            r#"swell_cold_start_duration_seconds_count{function="hello"} 1"#,
            r#"swell_function_cpu_seconds_total{function="hello"} 0.25"#,
            r#"swell_function_cpu_seconds_total{function="(other)"} 0.5"#,
            "swell_inflight_requests 3",
            r#"swell_memory_bytes{state="idle"} 64"#,
            r#"swell_queue_entries{state="dead"} 7"#,
            r#"swell_flow_alarm{flow="frames",alarm="node-silent"} 1"#,
            r#"swell_log_lines_total{stream="stdout"} 0"#,
        ] {
            assert!(
                text.lines().any(|found| found == line),
                "`{line}` is not in:
{text}"
            );
        }
        assert!(text.ends_with(
            "# EOF
"
        ));
    }

    #[test]
    fn the_names_are_a_promise() {
        let text = used().encode();
        let mut names: Vec<_> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# TYPE "))
            .filter(|name| !name.starts_with("process_"))
            .collect();
        names.sort_unstable();
        assert_eq!(
            names,
            [
                "swell_build info",
                "swell_callbacks counter",
                "swell_clones counter",
                "swell_cold_start_duration_seconds histogram",
                "swell_cold_starts counter",
                "swell_decisions counter",
                "swell_flow_alarm gauge",
                "swell_flow_blocked_ratio gauge",
                "swell_flow_decisions counter",
                "swell_flow_depth_items gauge",
                "swell_flow_disk_bytes gauge",
                "swell_flow_epoch gauge",
                "swell_flow_info gauge",
                "swell_flow_items counter",
                "swell_flow_lane_bytes gauge",
                "swell_flow_last_access_timestamp_seconds gauge",
                "swell_flow_migrations counter",
                "swell_flow_next_pause_seconds gauge",
                "swell_flow_oldest_item_seconds gauge",
                "swell_flow_pause_seconds histogram",
                "swell_flow_region_misses counter",
                "swell_flow_regions gauge",
                "swell_flow_regions_bytes gauge",
                "swell_flow_score gauge",
                "swell_flow_sojourn_seconds histogram",
                "swell_flow_spilled_items gauge",
                "swell_flow_starved_ratio gauge",
                "swell_flow_tick_seconds gauge",
                "swell_flow_utilization_ratio gauge",
                "swell_forecast_anomalies gauge",
                "swell_forecast_counts_bytes gauge",
                "swell_forecast_coverage_ratios gauge",
                "swell_forecast_cpu_seconds counter",
                "swell_forecast_functions gauge",
                "swell_forecast_made_time_seconds gauge",
                "swell_forecast_trainings counter",
                "swell_function_cpu_seconds counter",
                "swell_functions gauge",
                "swell_inflight_requests gauge",
                "swell_instances gauge",
                "swell_invocation_duration_seconds histogram",
                "swell_invocation_starts counter",
                "swell_invocations counter",
                "swell_journal_bytes gauge",
                "swell_journal_events counter",
                "swell_log_lines counter",
                "swell_memory_bytes gauge",
                "swell_memory_limit_bytes gauge",
                "swell_queue_attempts counter",
                "swell_queue_bytes gauge",
                "swell_queue_entries gauge",
                "swell_queue_wait_seconds histogram",
                "swell_refusals counter",
                "swell_spans_dropped counter",
                "swell_spans_exported counter",
                "swell_starts counter",
                "swell_stops counter",
                "swell_timeouts counter",
                "swell_waiting_requests gauge",
            ]
        );
        let process = text.lines().any(|line| line.starts_with("process_cpu_seconds_total "));
        assert_eq!(process, cfg!(target_os = "linux"));
    }

    #[test]
    fn each_client_gets_the_form_it_reads() {
        let metrics = used();
        for (accept, form, ends) in [
            (None, prometheus_text::CONTENT_TYPE, false),
            (Some("*/*"), prometheus_text::CONTENT_TYPE, false),
            (
                Some("text/plain;q=0.5, application/openmetrics-text;version=1.0.0"),
                OPENMETRICS,
                true,
            ),
        ] {
            let (found, text) = metrics.encode_for(accept);
            assert_eq!(found, form, "{accept:?}");
            assert_eq!(text.ends_with("# EOF\n"), ends, "{accept:?}");
            assert!(text.contains("swell_cold_starts_total"), "{text}");
        }
    }

    #[test]
    fn a_removed_function_is_not_told_of() {
        let metrics = used();
        metrics.remove_function("hello");
        assert!(!metrics.encode().contains("hello"));
    }

    #[test]
    fn other_sites_are_told_of_with_how_they_answer() {
        let metrics = Metrics::default();
        metrics.on_scrape(|gauges| {
            let peer = |name: &str, resource_seconds| PeerFigures {
                name: name.to_string(),
                is_reached: true,
                resource_seconds,
            };
            let trips = [("kobe", Some(None)), ("lima", Some(Some(0.25))), ("rome", None)];
            gauges.peers = trips.map(|(name, trip)| peer(name, trip)).into();
        });
        let text = metrics.encode();
        let told: Vec<&str> = text.lines().filter(|line| line.starts_with("swell_site_")).collect();
        let expected = [
            r#"swell_site_reached{site="kobe"} 1"#,
            r#"swell_site_reached{site="lima"} 1"#,
            r#"swell_site_reached{site="rome"} 1"#,
            r#"swell_site_resource_up{site="kobe"} 0"#,
            r#"swell_site_resource_up{site="lima"} 1"#,
            r#"swell_site_resource_round_trip_seconds{site="lima"} 0.25"#,
        ];
        assert_eq!(told, expected);
    }

    #[test]
    fn two_nodes_do_not_see_each_other() {
        let (one, other) = (used(), Metrics::default());
        assert!(one.encode().contains("hello"));
        assert!(!other.encode().contains("hello"));
    }
}
