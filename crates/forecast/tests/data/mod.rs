//! A day of 922 functions, as the repository holds it.

use swell_forecast::panel::{Member, Panel};
use swell_forecast::series::Series;

const DAY: &[u8] = include_bytes!("../../../../traces/azure2019-demand/azure2019_1day_5min.csv.gz");

/// The functions, every `stride`-th of them.
pub(crate) fn azure(stride: usize) -> Panel {
    let mut reader = csv::Reader::from_reader(flate2::read::GzDecoder::new(DAY));
    let members = reader.records().step_by(stride).map(|record| {
        let record = record.expect("the trace is whole");
        let counts = record.iter().skip(1).map(|count| Some(count.parse().expect("a count")));
        Member {
            name: record[0].to_string(),
            counts: Series::from_counts(counts),
            ..Member::default()
        }
    });
    Panel::new(members.collect(), 12)
}
