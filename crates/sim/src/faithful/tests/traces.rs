//! Where do the tables get their traces? From the compressed files of the repository.

use std::fs::File;
use std::path::Path;

use flate2::read::GzDecoder;

use crate::faithful::input::{Call, Function, Input};
use crate::faithful::minutes::MinuteRow;

/// Rows of `traces/<name>.csv.gz`, without the header.
fn rows(name: &str) -> Vec<Vec<String>> {
    let traces = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../traces");
    let file = File::open(traces.join(format!("{name}.csv.gz"))).unwrap();
    let mut reader = csv::Reader::from_reader(GzDecoder::new(file));
    let record = |r: csv::Result<csv::StringRecord>| r.unwrap().iter().map(str::to_owned).collect();
    reader.records().map(record).collect()
}

/// A founding trace, `20-b` or `20-d`.
pub(crate) fn founding(name: &str) -> Input {
    let functions = rows(&format!("founding/{name}.functions"));
    let functions = functions.iter().map(|row| Function {
        mem_mb: row[2].parse().unwrap(),
        cold_ms: row[3].parse().unwrap(),
        warm_ms: row[4].parse().unwrap(),
    });
    let calls = rows(&format!("founding/{name}.invocations"));
    let calls = calls.iter().map(|row| Call {
        t_ms: row[0].parse().unwrap(),
        function: row[1].parse().unwrap(),
    });
    Input::new(functions.collect(), calls.collect()).unwrap()
}

/// The 200 functions of the Azure sample; each is an app of its own.
pub(crate) fn azure_200() -> Vec<MinuteRow> {
    let counts = rows("azure2019-1350/200_inv");
    let runs = rows("azure2019-1350/200_run");
    let memories = rows("azure2019-1350/200_mem");
    let row = |count: &Vec<String>| {
        let run = runs.iter().find(|run| run[2] == count[0]).unwrap();
        let memory = memories
            .iter()
            .find(|memory| memory[1] == count[2])
            .unwrap();
        MinuteRow {
            app_mem_mb: memory[3].parse().unwrap(),
            app_functions: 1,
            maximum_ms: run[6].parse().unwrap(),
            average_ms: run[3].parse().unwrap(),
            calls_per_minute: count[3..].iter().map(|n| n.parse().unwrap()).collect(),
        }
    };
    counts.iter().map(row).collect()
}
