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
//! | `item_bytes` | bytes of an item, on average |
//! | `owner` | the function that owned it |
//! | `owners` | those who could: `name=load/processors/memory/dependency/proximity`, separated by `;` |
//!
//! There `load` is the share of its processors that the function used for other things than flows,
//! `memory` the share of memory in use, its own or that of all, whichever is scarcer, `dependency` how
//! much it has to do with the flow and its owner, and `proximity` how near it is to those who feed it
//! and to its owner; all from 0 to 1. What varies of the last two is averaged.
//!
//! Items between two looks are spread evenly over the ticks between them.

use std::collections::BTreeMap;
use std::io::Read;

use serde::{Deserialize, Serialize};

use swell_core::flow::variation::Variation;

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
    /// Bytes of an item.
    pub item_bytes: f64,
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
    /// The share of memory in use, its own or that of all: whichever is scarcer.
    pub memory: f64,
    /// How much it has to do with the flow and its owner.
    pub dependency: f64,
    /// How near it is to those who feed the flow and to its owner.
    pub proximity: f64,
}

/// Writes those who could own a flow as a row has them.
pub fn owners_text(owners: &[Share]) -> String {
    let one = |share: &Share| {
        let Share { name, load, processors, memory, dependency, proximity } = share;
        format!("{name}={load:.4}/{processors}/{memory:.4}/{dependency:.4}/{proximity:.4}")
    };
    owners.iter().map(one).collect::<Vec<_>>().join(";")
}

fn owners(text: &str) -> Option<Vec<Share>> {
    let one = |text: &str| {
        let (name, figures) = text.split_once('=')?;
        let figures: Result<Vec<f64>, _> = figures.split('/').map(str::parse).collect();
        let [load, processors, memory, dependency, proximity] = figures.ok()?[..] else {
            return None;
        };
        let shares = [load, memory, dependency, proximity];
        let is_sound = shares.iter().all(|share| (0.0..=1.0).contains(share))
            && (0.001..=1e6).contains(&processors);
        let name = name.to_string();
        is_sound.then_some(Share { name, load, processors, memory, dependency, proximity })
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
    bytes: f64,
    owner: String,
    owners: Vec<(String, Ties)>,
}

/// How much one has to do with a flow and how near it is, summed over looks.
#[derive(Default)]
struct Ties {
    dependency: f64,
    proximity: f64,
    looks: f64,
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
                "`owners` is not `name=load/processors/memory/dependency/proximity`, separated by \
                 `;`, with all but `processors` from 0 to 1",
            )
        })?;
        if !shares.iter().any(|share| share.name == row.owner) {
            return Err(wrong("`owner` is not among `owners`"));
        }
        let is_sound = [row.work_us, row.item_bytes].iter().all(|it| it.is_finite() && *it >= 0.0);
        if !is_sound || !row.capacity.is_finite() || row.capacity < 1.0 {
            return Err(wrong(
                "`work_us` and `item_bytes` must be 0 or more, and `capacity` 1 or more",
            ));
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
                memory: Vec::new(),
            });
            look(&mut party.besides, last, share.load);
            look(&mut party.memory, last, share.memory);
        }
    }
    if flows.is_empty() || ticks == 0 {
        return Err(RecordingError::Empty);
    }
    let names: Vec<String> = parties.keys().cloned().collect();
    let fifos = flows.into_iter().map(|(name, flow)| flow.fifo(name, &names)).collect();
    Ok(Stage { fifos, owners: parties.into_values().collect(), ticks, seed, pause_ms })
}

/// Several flows may tell of the same owner; the latest look counts from there on.
fn look(figures: &mut Vec<f64>, last: usize, figure: f64) {
    let known = figures.last().copied().unwrap_or(figure);
    figures.resize(last.max(figures.len()).saturating_sub(1), known);
    figures.push(figure);
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
        if row.item_bytes > 0.0 {
            self.bytes = row.item_bytes;
        }
        if self.owner.is_empty() {
            self.owner.clone_from(&row.owner);
        }
        for share in shares {
            let known = self.owners.iter().position(|(name, _)| *name == share.name);
            let place = known.unwrap_or_else(|| {
                self.owners.push((share.name.clone(), Ties::default()));
                self.owners.len() - 1
            });
            let ties = &mut self.owners[place].1;
            ties.dependency += share.dependency;
            ties.proximity += share.proximity;
            ties.looks += 1.0;
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
        let candidate = |(owner, ties): &(String, Ties)| Candidate {
            owner: place(owner),
            dependency: ties.dependency / ties.looks,
            proximity: ties.proximity / ties.looks,
        };
        StageFifo {
            name,
            arriving: self.arriving,
            work,
            capacity: self.capacity,
            item_bytes: self.bytes,
            variation: self.variation.squared(),
            owner: place(&self.owner),
            owners: self.owners.iter().map(candidate).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "at_ms,flow,items,work_us,capacity,item_bytes,owner,owners\n";

    fn stage(rows: &str) -> Result<Stage, String> {
        read(format!("{HEAD}{rows}").as_bytes(), 1, 0.1).map_err(|error| error.to_string())
    }

    #[test]
    fn looks_become_ticks() {
        let stage = stage(
            "100,frames,10,500,64,9,detect,detect=0.5/2/0.2/0.9/1;lite=0/1/0.3/0.1/0.6\n\
             350,frames,5,1000,64,8,detect,detect=0.25/2/0.4/0.7/1;lite=0/1/0.3/0.3/0.4\n\
             400,other,4,0,16,0,lite,lite=0.75/1/0.3/1/1\n",
        );
        let stage = stage.expect("it is a recording");
        assert_eq!((stage.ticks, stage.fifos.len(), stage.owners.len()), (4, 2, 2));
        let frames = &stage.fifos[0];
        assert_eq!(
            frames.arriving.iter().map(|rate| rate.round()).collect::<Vec<_>>(),
            [100.0, 20.0, 20.0, 10.0]
        );
        assert!((frames.work - 2e-3 / 3.0).abs() < 1e-9, "weighed by items: {}", frames.work);
        assert_eq!((frames.owner, frames.owners.len(), frames.item_bytes), (0, 2, 8.0));
        let ties = |place: usize| {
            let Candidate { dependency, proximity, .. } = frames.owners[place];
            [dependency, proximity].map(|share| (share * 1e3).round())
        };
        assert_eq!([ties(0), ties(1)], [[800.0, 1000.0], [200.0, 500.0]], "on average");
        let items = stage.fifos[1].arriving.iter().sum::<f64>() * TICK;
        assert!((items - 4.0).abs() < 1e-9);
        let [detect, lite] = &stage.owners[..] else { panic!("two owners") };
        assert_eq!(detect.besides, [0.5, 0.5, 0.5, 0.25]);
        assert_eq!(detect.memory, [0.2, 0.2, 0.2, 0.4]);
        assert_eq!((lite.besides(0), lite.besides(3), lite.besides(99)), (0.0, 0.75, 0.75));
    }

    #[test]
    fn owners_are_written_as_they_are_read() {
        let shares = [("detect", 0.5, 2.0), ("lite", 0.0, 1.0)].map(|(name, load, processors)| {
            let (name, memory, dependency, proximity) = (name.to_string(), 0.25, 0.75, 0.4);
            Share { name, load, processors, memory, dependency, proximity }
        });
        assert_eq!(owners(&owners_text(&shares)).as_deref(), Some(&shares[..]));
    }

    #[test]
    fn what_makes_no_sense_is_told_with_its_line() {
        for (rows, words) in [
            ("", "nothing to play"),
            ("100,f,1,1,1,0,detect,lite=0/1/0/0/0\n", "line 2: `owner` is not among"),
            ("100,f,1,1,1,0,detect,detect=2/1/0/0/0\n", "line 2: `owners` is not"),
            ("100,f,1,1,1,0,detect,detect=0/1\n", "line 2: `owners` is not"),
            ("100,f,1,1,1,0,detect,detect=0/1/0/1.5/0\n", "line 2: `owners` is not"),
            ("100,f,1,1,0,0,detect,detect=0/1/0/0/0\n", "line 2: `work_us` and"),
            ("100,f,1,NaN,1,0,detect,detect=0/1/0/0/0\n", "line 2: `work_us` and"),
            ("9,f,1,1,1,0,d,d=0/1/0/0/0\n8,f,1,1,1,0,d,d=0/1/0/0/0\n", "line 3: `at_ms` is less"),
            ("x,f,1,1,1,0,d,d=0/1/0/0/0\n", "not a recording of flows"),
            ("18446744073709551615,f,1,1,1,0,d,d=0/1/0/0/0\n", "line 2: the recording is too long"),
        ] {
            let told = stage(rows).expect_err("it makes no sense");
            assert!(told.contains(words), "`{words}` is not in: {told}");
        }
    }
}
