//! How families of metrics are written: counters, gauges and histograms with their labels.

use std::fmt::Error;

use prometheus_client::encoding::{
    DescriptorEncoder, EncodeCounterValue, EncodeGaugeValue, EncodeLabelSet, NoLabelSet,
};
use prometheus_client::metrics::MetricType;
use prometheus_client::registry::Unit;

use crate::observe::histogram::{Histogram, Reading};

/// What writing comes to.
pub(crate) type Encoded = Result<(), Error>;

/// No labels.
pub(crate) const NONE: [(&str, &str); 0] = [];

/// Writes families.
pub(crate) struct Out<'a, 'b> {
    pub(crate) encoder: &'a mut DescriptorEncoder<'b>,
}

impl Out<'_, '_> {
    pub(crate) fn counters<L: EncodeLabelSet, V: EncodeCounterValue>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        rows: impl IntoIterator<Item = (L, V)>,
    ) -> Encoded {
        let mut metric = self.encoder.encode_descriptor(name, help, unit, MetricType::Counter)?;
        for (labels, value) in rows {
            let mut row = metric.encode_family(&labels)?;
            row.encode_counter::<NoLabelSet, _, f64>(&value, None)?;
        }
        Ok(())
    }

    pub(crate) fn gauges<L: EncodeLabelSet, V: EncodeGaugeValue>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        rows: impl IntoIterator<Item = (L, V)>,
    ) -> Encoded {
        let mut metric = self.encoder.encode_descriptor(name, help, unit, MetricType::Gauge)?;
        for (labels, value) in rows {
            metric.encode_family(&labels)?.encode_gauge(&value)?;
        }
        Ok(())
    }

    pub(crate) fn gauge<V: EncodeGaugeValue>(
        &mut self,
        name: &str,
        help: &str,
        unit: Option<&Unit>,
        value: V,
    ) -> Encoded {
        self.gauges(name, help, unit, [(NONE, value)])
    }

    /// Histograms in seconds; those with nothing in them are left out.
    pub(crate) fn histograms<'h>(
        &mut self,
        name: &str,
        help: &str,
        rows: impl IntoIterator<Item = (&'h str, &'h Histogram)>,
    ) -> Encoded {
        let rows = rows.into_iter().map(|(function, histogram)| (function, histogram.read()));
        self.readings(name, help, "function", rows)
    }

    /// The same for histograms that were read already, of things that `label` names.
    pub(crate) fn readings<'h>(
        &mut self,
        name: &str,
        help: &str,
        label: &str,
        rows: impl IntoIterator<Item = (&'h str, Reading)>,
    ) -> Encoded {
        let unit = Some(&Unit::Seconds);
        let mut metric = self.encoder.encode_descriptor(name, help, unit, MetricType::Histogram)?;
        for (value, reading) in rows {
            if reading.count == 0 {
                continue;
            }
            let labels = [(label, value)];
            let mut row = metric.encode_family(&labels)?;
            row.encode_histogram::<NoLabelSet>(reading.sum, reading.count, &reading.buckets, None)?;
        }
        Ok(())
    }
}
