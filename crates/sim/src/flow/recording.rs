//! Flows that were recorded on a node, as a stage to play rules on.
//!
//! A recording is a table (CSV, with a header): one row for each flow and each look at it,
//! in the order of time for each flow.
//!
//! | column | meaning |
//! |---|---|
//! | `at_ms` | milliseconds since the recording began |
//! | `flow` | the flow |
//! | `items` | items put in since the row before of this flow, or since the beginning |
//! | `work_us` | microseconds that its owner worked on an item, on average; 0 where not known yet |
//! | `capacity` | items it can hold |
//! | `owner` | the function that owned it |
//! | `owners` | those who could: `name=load/processors`, separated by `;`, where `load` is the share of its processors that the function used for other things than flows, from 0 to 1 |
//!
//! Items between two looks are spread evenly over the ticks between them.

use std::collections::BTreeMap;
use std::io::Read;

use serde::{Deserialize, Serialize};

use swell_core::flow::variation::Variation;
use swell_core::flow::view::Distance;

use crate::flow::stage::{Candidate, Stage, StageFifo, StageOwner, TICK};

/// Milliseconds of a tick.
const TICK_MS: f64 = TICK * 1000.0;
/// Ticks of all flows together that are read at most: a day of a hundred flows.
const TICKS_MAX: usize = 100_000_000;
/// How much a tick counts for a rate that is averaged over about a second.
const SECOND: f64 = 0.1;
/// What an item is taken to cost where no row of its flow knows, in seconds.
const WORK: f64 = 1e-3;

/// A row of a recording.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RecordingRow {
    /// Milliseconds since the recording began.
    pub at_ms: u64,
    /// The flow.
    pub flow: String,
    /// Items put in since the row before.
    pub items: u64,
    /// Microseconds of work for an item.
    pub work_us: f64,
    /// Items it can hold.
    pub capacity: f64,
    /// Who owned it.
    pub owner: String,
    /// Who could.
    pub owners: String,
}

/// Why a recording cannot be played.
#[derive(Debug, thiserror::Error)]
pub enum RecordingError {
    /// It is no table of this kind.
    #[error("it is not a recording of flows: {0}; `swell flow record` makes one")]
    Table(#[from] csv::Error),
    /// A row makes no sense.
    #[error("line {line}: {why}")]
    Row {
        /// Where.
        line: u64,
        /// What is wrong.
        why: String,
    },
    /// There is nothing to play.
    #[error("it has no rows, so there is nothing to play")]
    Empty,
}

/// One of those who could own a flow, as a row has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    /// The function.
    pub name: String,
    /// The share of its processors used for other things than flows.
    pub load: f64,
    /// Its processors.
    pub processors: f64,
}

/// Writes those who could own a flow as a row has them.
pub fn owners_text(owners: &[Share]) -> String {
    let one = |Share { name, load, processors }: &Share| format!("{name}={load:.4}/{processors}");
    owners.iter().map(one).collect::<Vec<_>>().join(";")
}

fn owners(text: &str) -> Option<Vec<Share>> {
    let one = |text: &str| {
        let (name, figures) = text.split_once('=')?;
        let (load, processors) = figures.split_once('/')?;
        let (load, processors): (f64, f64) = (load.parse().ok()?, processors.parse().ok()?);
        let is_sound = (0.0..=1.0).contains(&load) && (0.001..=1e6).contains(&processors);
        is_sound.then(|| Share { name: name.to_string(), load, processors })
    };
    text.split(';').map(one).collect()
}

#[derive(Default)]
struct Recorded {
    arriving: Vec<f64>,
    /// Items a second, averaged over about a second, and how much they vary.
    rate: f64,
    variation: Variation,
    seen_ms: u64,
    items: f64,
    worked_us: f64,
    capacity: f64,
    owner: String,
    owners: Vec<String>,
}

/// Reads a recording; chance of the stage starts at `seed`.
pub fn read(from: impl Read, seed: u64, pause_ms: f64) -> Result<Stage, RecordingError> {
    let mut flows: BTreeMap<String, Recorded> = BTreeMap::new();
    let mut parties: BTreeMap<String, StageOwner> = BTreeMap::new();
    let mut reader = csv::Reader::from_reader(from);
    let headers = reader.headers()?.clone();
    let mut record = csv::StringRecord::new();
    let mut ticks = 0;
    while reader.read_record(&mut record)? {
        let line = record.position().map_or(0, csv::Position::line);
        let wrong = |why: &str| RecordingError::Row { line, why: why.to_string() };
        let row: RecordingRow = record.deserialize(Some(&headers))?;
        let shares = owners(&row.owners).ok_or_else(|| {
            wrong(
                "`owners` is not `name=load/processors`, separated by `;`, with loads from 0 to 1",
            )
        })?;
        if !shares.iter().any(|share| share.name == row.owner) {
            return Err(wrong("`owner` is not among `owners`"));
        }
        let is_sound = row.work_us.is_finite() && row.work_us >= 0.0;
        if !is_sound || !row.capacity.is_finite() || row.capacity < 1.0 {
            return Err(wrong("`work_us` must be 0 or more, and `capacity` 1 or more"));
        }
        let last = (row.at_ms as f64 / TICK_MS).ceil() as usize;
        ticks = ticks.max(last);
        if last.saturating_mul(flows.len().max(1)) > TICKS_MAX {
            return Err(wrong("the recording is too long; record fewer flows, or for less time"));
        }
        let flow = flows.entry(row.flow.clone()).or_default();
        if row.at_ms < flow.seen_ms {
            return Err(wrong("`at_ms` is less than in the row before of this flow"));
        }
        flow.take_in(&row, &shares);
        for share in shares {
            let party = parties.entry(share.name.clone()).or_insert_with(|| StageOwner {
                name: share.name,
                processors: share.processors,
                besides: Vec::new(),
            });
            // Several flows may tell of the same owner; the latest look counts from there on.
            let known = party.besides.last().copied().unwrap_or(share.load);
            party.besides.resize(last.max(party.besides.len()).saturating_sub(1), known);
            party.besides.push(share.load);
        }
    }
    if flows.is_empty() || ticks == 0 {
        return Err(RecordingError::Empty);
    }
    let names: Vec<String> = parties.keys().cloned().collect();
    let fifos = flows.into_iter().map(|(name, flow)| flow.fifo(name, &names)).collect();
    Ok(Stage { fifos, owners: parties.into_values().collect(), ticks, seed, pause_ms })
}

impl Recorded {
    fn take_in(&mut self, row: &RecordingRow, shares: &[Share]) {
        let (from, to) = (self.seen_ms as f64 / TICK_MS, row.at_ms as f64 / TICK_MS);
        self.arriving.resize(self.arriving.len().max(to.ceil() as usize), 0.0);
        for tick in from as usize..to.ceil() as usize {
            let part = (to.min(tick as f64 + 1.0) - from.max(tick as f64)) / (to - from);
            self.arriving[tick] += row.items as f64 * part / TICK;
        }
        self.vary(row);
        self.seen_ms = row.at_ms;
        if row.work_us > 0.0 {
            let weight = (row.items as f64).max(1.0);
            self.items += weight;
            self.worked_us += weight * row.work_us;
        }
        self.capacity = self.capacity.max(row.capacity);
        if self.owner.is_empty() {
            self.owner.clone_from(&row.owner);
        }
        for share in shares {
            if !self.owners.contains(&share.name) {
                self.owners.push(share.name.clone());
            }
        }
    }

    /// Takes in how many items came, and how many were to be expected.
    fn vary(&mut self, row: &RecordingRow) {
        let passed = (row.at_ms - self.seen_ms) as f64 / 1e3;
        if passed <= 0.0 {
            return;
        }
        let items = row.items as f64;
        if self.seen_ms > 0 {
            self.variation.came(items, self.rate * passed);
        }
        let weight = 1.0 - (1.0 - SECOND).powf(passed / TICK);
        let known = if self.seen_ms > 0 { self.rate } else { items / passed };
        self.rate = known + weight * (items / passed - known);
    }

    fn fifo(self, name: String, names: &[String]) -> StageFifo {
        let place = |name: &String| names.binary_search(name).expect("all owners are on it");
        let work = if self.items > 0.0 { self.worked_us / self.items / 1e6 } else { WORK };
        let candidate = |owner: &String| Candidate {
            owner: place(owner),
            // Who had it had all to do with it.
            dependency: if *owner == self.owner { 1.0 } else { 0.0 },
            proximity: Distance::Process.proximity(),
        };
        StageFifo {
            name,
            arriving: self.arriving,
            work,
            capacity: self.capacity,
            variation: self.variation.squared(),
            owner: place(&self.owner),
            owners: self.owners.iter().map(candidate).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "at_ms,flow,items,work_us,capacity,owner,owners\n";

    fn stage(rows: &str) -> Result<Stage, String> {
        read(format!("{HEAD}{rows}").as_bytes(), 1, 0.1).map_err(|error| error.to_string())
    }

    #[test]
    fn looks_become_ticks() {
        let stage = stage(
            "100,frames,10,500,64,detect,detect=0.5/2;lite=0/1\n\
             350,frames,5,1000,64,detect,detect=0.25/2;lite=0/1\n\
             400,other,4,0,16,lite,lite=0.75/1\n",
        );
        let stage = stage.expect("it is a recording");
        assert_eq!((stage.ticks, stage.fifos.len(), stage.owners.len()), (4, 2, 2));
        let frames = &stage.fifos[0];
        assert_eq!(
            frames.arriving.iter().map(|rate| rate.round()).collect::<Vec<_>>(),
            [100.0, 20.0, 20.0, 10.0]
        );
        assert!((frames.work - 2e-3 / 3.0).abs() < 1e-9, "weighed by items: {}", frames.work);
        assert_eq!((frames.owner, frames.owners.len()), (0, 2));
        let items = stage.fifos[1].arriving.iter().sum::<f64>() * TICK;
        assert!((items - 4.0).abs() < 1e-9);
        let [detect, lite] = &stage.owners[..] else { panic!("two owners") };
        assert_eq!(detect.besides, [0.5, 0.5, 0.5, 0.25]);
        assert_eq!((lite.besides(0), lite.besides(3), lite.besides(99)), (0.0, 0.75, 0.75));
    }

    #[test]
    fn owners_are_written_as_they_are_read() {
        let shares = [("detect", 0.5, 2.0), ("lite", 0.0, 1.0)]
            .map(|(name, load, processors)| Share { name: name.to_string(), load, processors });
        assert_eq!(owners(&owners_text(&shares)).as_deref(), Some(&shares[..]));
    }

    #[test]
    fn what_makes_no_sense_is_told_with_its_line() {
        for (rows, words) in [
            ("", "nothing to play"),
            ("100,f,1,1,1,detect,lite=0/1\n", "line 2: `owner` is not among"),
            ("100,f,1,1,1,detect,detect=2/1\n", "line 2: `owners` is not"),
            ("100,f,1,1,0,detect,detect=0/1\n", "line 2: `work_us` must be"),
            ("100,f,1,NaN,1,detect,detect=0/1\n", "line 2: `work_us` must be"),
            ("9,f,1,1,1,d,d=0/1\n8,f,1,1,1,d,d=0/1\n", "line 3: `at_ms` is less"),
            ("x,f,1,1,1,d,d=0/1\n", "not a recording of flows"),
            ("18446744073709551615,f,1,1,1,d,d=0/1\n", "line 2: the recording is too long"),
        ] {
            let told = stage(rows).expect_err("it makes no sense");
            assert!(told.contains(words), "`{words}` is not in: {told}");
        }
    }
}
