//! What is out of the ordinary about workloads of sites, in sentences and as events.

use swell_api::forecast::Anomaly;
use swell_api::site::SiteAnomaly;
use swell_core::council::words::{Metric, Slot};
use swell_core::time::Span;
use swell_forecast::watch::anomaly::Oddity;
use swell_outlook::oddities::Noticed;

use crate::sites::telling::slot_ms;

/// For people.
pub fn told(of: &Noticed, length: Span) -> SiteAnomaly {
    let (name, metric) = (&of.anomaly.function, of.metric);
    let part = |taken: f32| amount(metric, taken);
    let (kind, what) = match of.anomaly.oddity {
        Oddity::Spike { count, high } => (
            "spike",
            format!(
                "`{name}` took {} in a slot where {} were the most expected",
                part(count),
                part(high)
            ),
        ),
        Oddity::LevelShift { expected, now, steps } => (
            "level-shift",
            format!("`{name}` takes {} for {steps} slots instead of {}", part(now), part(expected)),
        ),
        Oddity::Silence { steps, expected } => (
            "silence",
            format!(
                "`{name}` takes nothing for {steps} slots where {} were expected",
                part(expected / steps.max(1) as f32)
            ),
        ),
        Oddity::ChangedSeason { moved, .. } => (
            "changed-season",
            format!(
                "`{name}` is used at other times: {:.0} % of what it takes of {} has moved",
                100.0 * moved,
                metric.name()
            ),
        ),
    };
    SiteAnomaly {
        since_ms: slot_ms(Slot(of.anomaly.start), length),
        noticed_ms: slot_ms(Slot(of.anomaly.noticed).plus(1), length),
        workload: name.clone(),
        metric: metric.name().to_string(),
        kind: kind.to_string(),
        what,
    }
}

fn amount(metric: Metric, taken: f32) -> String {
    match metric {
        // So little that it would be told as none.
        Metric::Cpu if taken < 10.0 => format!("{:.5} processors", taken / 1e3),
        Metric::Cpu => format!("{:.2} processors", taken / 1e3),
        Metric::Memory => format!("{taken:.0} MiB"),
        Metric::Network => format!("{taken:.0} kbit/s"),
        Metric::Io => format!("{taken:.0} operations a second"),
    }
}

/// For functions that want to be called for it.
pub fn event(of: &Noticed, length: Span) -> Anomaly {
    let SiteAnomaly { since_ms, noticed_ms, workload, metric, kind, what } = told(of, length);
    Anomaly {
        id: format!("{workload}:{metric}:{kind}:{noticed_ms}"),
        at_ms: noticed_ms,
        since_ms,
        step_ms: length.nanos() / 1_000_000,
        function: workload,
        metric: Some(metric),
        kind,
        text: what,
        ..Anomaly::default()
    }
}

#[cfg(test)]
mod tests {
    use swell_forecast::watch::anomaly;

    use super::*;

    #[test]
    fn each_resource_is_told_in_its_own_unit() {
        let length = Span::from_secs(120);
        let noticed = |metric, oddity| {
            let function = "shop".to_string();
            let anomaly = anomaly::Anomaly { function, start: 3, noticed: 4, oddity, chance: 1e-7 };
            Noticed { metric, anomaly }
        };
        let spike = Oddity::Spike { count: 900.0, high: 40.2 };
        let little = Oddity::Spike { count: 9.0, high: 0.4 };
        let shift = Oddity::LevelShift { expected: 100.0, now: 700.0, steps: 5 };
        for (metric, oddity, what) in [
            (
                Metric::Cpu,
                spike,
                "`shop` took 0.90 processors in a slot where 0.04 processors were the most expected",
            ),
            (
                Metric::Cpu,
                little,
                "`shop` took 0.00900 processors in a slot where 0.00040 processors were the most \
                 expected",
            ),
            (Metric::Memory, shift, "`shop` takes 700 MiB for 5 slots instead of 100 MiB"),
            (
                Metric::Network,
                Oddity::Silence { steps: 4, expected: 40.0 },
                "`shop` takes nothing for 4 slots where 10 kbit/s were expected",
            ),
            (
                Metric::Io,
                Oddity::ChangedSeason { moved: 0.5, hours: 2 },
                "`shop` is used at other times: 50 % of what it takes of io has moved",
            ),
        ] {
            assert_eq!(told(&noticed(metric, oddity), length).what, what);
        }
        let event = event(&noticed(Metric::Memory, shift), length);
        assert_eq!((event.at_ms, event.since_ms), (600_000, 360_000));
        assert_eq!(event.id, "shop:memory:level-shift:600000");
        assert_eq!((&*event.kind, event.metric.as_deref()), ("level-shift", Some("memory")));
    }
}
