//! How much memory does a function of an Azure trace take?
//!
//! Azure 2019 publishes memory per application, averaged over all its processes, so a
//! function gets its application's average divided by the number of the application's
//! functions (FaasCache's rule). Tables with a column `HashFunction`, as invitro writes
//! them, tell it per function, and nothing is divided. Several tables (one a day) are
//! averaged by their number of samples.

use std::collections::HashMap;

use swell_core::units::Bytes;

use crate::error::TraceError;
use crate::problems::Problems;
use crate::source::Source;
use crate::table::{Column, Table};

/// Memory by application or function.
#[derive(Debug, Default)]
pub struct MemoryTable {
    apps: HashMap<String, Weighted>,
    functions: HashMap<(String, String), Weighted>,
}

/// A mean under construction.
#[derive(Debug, Clone, Copy, Default)]
struct Weighted {
    sum: f64,
    weight: f64,
}

impl Weighted {
    fn add(&mut self, value: f64, weight: f64) {
        self.sum += value * weight;
        self.weight += weight;
    }

    fn mean(self) -> f64 {
        self.sum / self.weight
    }
}

impl MemoryTable {
    /// Reads all tables.
    pub fn read(sources: &[Source], problems: &mut Problems) -> Result<Self, TraceError> {
        let mut memory = Self::default();
        for source in sources {
            let mut table = Table::open(source)?;
            let columns = Columns {
                app: table.column("HashApp")?,
                function: table.find("HashFunction"),
                average: table.column("AverageAllocatedMb")?,
                samples: table.find("SampleCount"),
            };
            loop {
                let step = table.advance();
                let Some(step) = problems.forgive(step)? else {
                    continue;
                };
                if step.is_none() {
                    break;
                }
                let row = memory.add(&table, &columns);
                problems.forgive(row)?;
            }
        }
        Ok(memory)
    }

    /// Memory of one function of an application with so many functions.
    pub fn of(&self, app: &str, function: &str, functions_in_app: u32) -> Option<Bytes> {
        let key = (app.to_string(), function.to_string());
        if let Some(own) = self.functions.get(&key) {
            return Some(Bytes::new(own.mean().round() as u64));
        }
        let share = self.apps.get(app)?.mean() / f64::from(functions_in_app.max(1));
        Some(Bytes::new(share.round() as u64))
    }

    fn add(&mut self, table: &Table, columns: &Columns) -> Result<(), TraceError> {
        let bytes = table.scaled(columns.average, 6, "megabytes from 0")?;
        let weight = match columns.samples {
            Some(column) => table.real(column, "a number of samples")?.max(1.0),
            None => 1.0,
        };
        let app = table.name(columns.app)?.to_string();
        let mean = match columns.function {
            Some(column) => {
                let function = table.name(column)?.to_string();
                self.functions.entry((app, function)).or_default()
            }
            None => self.apps.entry(app).or_default(),
        };
        mean.add(bytes as f64, weight);
        Ok(())
    }
}

struct Columns {
    app: Column,
    function: Option<Column>,
    average: Column,
    samples: Option<Column>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &'static str, lenient: bool) -> Result<(MemoryTable, Problems), TraceError> {
        let mut problems = Problems::new(lenient);
        let source = Source::memory("m.csv", text.as_bytes());
        MemoryTable::read(&[source.clone(), source], &mut problems).map(|memory| (memory, problems))
    }

    #[test]
    fn memory_is_shared_by_the_functions_of_an_app() {
        let text =
            "HashOwner,HashApp,SampleCount,AverageAllocatedMb\no,a,3,100\no,b,1,40\no,b,3,80\n";
        let (memory, _) = read(text, false).unwrap();
        assert_eq!(memory.of("a", "f", 1), Some(Bytes::from_mb(100)));
        assert_eq!(memory.of("a", "f", 4), Some(Bytes::from_mb(25)));
        assert_eq!(memory.of("b", "f", 1), Some(Bytes::from_mb(70)));
        assert_eq!(memory.of("c", "f", 1), None);
    }

    #[test]
    fn memory_of_a_function_is_not_divided() {
        let text = "HashApp,HashFunction,AverageAllocatedMb\na,f,100.5\n";
        let (memory, _) = read(text, false).unwrap();
        assert_eq!(memory.of("a", "f", 7), Some(Bytes::new(100_500_000)));
        assert_eq!(memory.of("a", "g", 7), None);
    }

    #[test]
    fn broken_rows_are_letters_or_counts() {
        let text = "HashApp,SampleCount,AverageAllocatedMb\na,1,-5\n,1,5\na,nan,5\na,1\na,1,7\n";
        let error = read(text, false).unwrap_err().to_string();
        assert_eq!(
            error,
            "`m.csv` line 2, column `AverageAllocatedMb`: `-5`, expected megabytes from 0"
        );
        let (memory, problems) = read(text, true).unwrap();
        assert_eq!((memory.of("a", "f", 1), problems.skipped_rows), (Some(Bytes::from_mb(7)), 8));
    }
}
