//! A day of 922 functions, as the repository holds it.

use std::fs::File;
use std::path::Path;

use swell_forecast::panel::{Member, Panel};
use swell_forecast::series::Series;

/// The functions, every `stride`-th of them.
pub(crate) fn azure(stride: usize) -> Panel {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../traces/azure2019-demand");
    let file = File::open(root.join("azure2019_1day_5min.csv.gz")).expect("the trace is there");
    let mut reader = csv::Reader::from_reader(flate2::read::GzDecoder::new(file));
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
