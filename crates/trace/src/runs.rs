//! How long do the functions of Azure 2019 run?
//!
//! The table of durations tells average, extremes and percentiles per function and day,
//! in milliseconds, starts excluded. Several days are averaged by their number of calls,
//! percentiles as well: an approximation, since percentiles of a union are not known from
//! those of its parts.

use std::collections::HashMap;

use swell_core::time::Span;

use crate::durations::{PERCENTS, RunQuantiles};
use crate::error::TraceError;
use crate::problems::Problems;
use crate::source::Source;
use crate::table::{Column, Table};

/// What the tables say of one function.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RunLength {
    /// Average run.
    pub average: Span,
    /// Longest run, where told.
    pub longest: Option<Span>,
    /// Quantiles, where told.
    pub quantiles: Option<RunQuantiles>,
}

/// Run lengths by application and function.
#[derive(Debug, Default)]
pub struct RunTable {
    functions: HashMap<(String, String), Sums>,
}

#[derive(Debug, Default)]
struct Sums {
    weight: f64,
    average: f64,
    longest: Option<Span>,
    quantile_weight: f64,
    quantiles: [f64; 7],
}

struct Columns {
    app: Column,
    function: Column,
    average: Column,
    count: Option<Column>,
    longest: Option<Column>,
    quantiles: Option<[Column; 7]>,
}

const MILLIS: &str = "milliseconds from 0";

impl RunTable {
    /// Reads all tables.
    pub fn read(sources: &[Source], problems: &mut Problems) -> Result<Self, TraceError> {
        let mut runs = Self::default();
        for source in sources {
            let mut table = Table::open(source)?;
            let columns = Columns::of(&table)?;
            loop {
                let step = table.advance();
                let Some(step) = problems.forgive(step)? else {
                    continue;
                };
                if step.is_none() {
                    break;
                }
                let row = runs.add(&table, &columns);
                problems.forgive(row)?;
            }
        }
        Ok(runs)
    }

    /// The run lengths of one function.
    pub fn of(&self, app: &str, function: &str) -> Option<RunLength> {
        let sums = self.functions.get(&(app.to_string(), function.to_string()))?;
        let span = |sum: f64, weight: f64| Span::from_nanos((sum / weight).round() as u64);
        let points = || sums.quantiles.map(|sum| span(sum, sums.quantile_weight));
        Some(RunLength {
            average: span(sums.average, sums.weight),
            longest: sums.longest,
            quantiles: (sums.quantile_weight > 0.0).then(|| RunQuantiles::new(points())),
        })
    }

    fn add(&mut self, table: &Table, columns: &Columns) -> Result<(), TraceError> {
        let average = table.scaled(columns.average, 6, MILLIS)?;
        let weight = match columns.count {
            Some(column) => table.real(column, "a number of calls")?.max(1.0),
            None => 1.0,
        };
        // An empty field says that a table without this column would do.
        let known = |column: &Column| !table.field(*column).is_empty();
        let longest = match columns.longest.filter(known) {
            Some(column) => Some(Span::from_nanos(table.scaled(column, 6, MILLIS)?)),
            None => None,
        };
        let mut points = None;
        if let Some(columns) = columns.quantiles.filter(|columns| columns.iter().all(known)) {
            let points = points.insert([0; 7]);
            for (point, column) in points.iter_mut().zip(columns) {
                *point = table.scaled(column, 6, MILLIS)?;
            }
        }
        let app = table.name(columns.app)?.to_string();
        let function = table.name(columns.function)?.to_string();
        let sums = self.functions.entry((app, function)).or_default();
        sums.weight += weight;
        sums.average += average as f64 * weight;
        sums.longest = sums.longest.max(longest);
        if let Some(points) = points {
            sums.quantile_weight += weight;
            for (sum, point) in sums.quantiles.iter_mut().zip(points) {
                *sum += point as f64 * weight;
            }
        }
        Ok(())
    }
}

impl Columns {
    fn of(table: &Table) -> Result<Self, TraceError> {
        let mut quantiles = [0; 7];
        let mut complete = true;
        for (column, percent) in quantiles.iter_mut().zip(PERCENTS) {
            match table.find(&format!("percentile_Average_{percent}")) {
                Some(found) => *column = found,
                None => complete = false,
            }
        }
        Ok(Self {
            app: table.column("HashApp")?,
            function: table.column("HashFunction")?,
            average: table.column("Average")?,
            count: table.find("Count"),
            longest: table.find("Maximum"),
            quantiles: complete.then_some(quantiles),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: &str = "HashApp,HashFunction,Average,Count,Minimum,Maximum,percentile_Average_0,\
        percentile_Average_1,percentile_Average_25,percentile_Average_50,percentile_Average_75,\
        percentile_Average_99,percentile_Average_100\n";

    fn read(rows: &str, lenient: bool) -> Result<(RunTable, u64), TraceError> {
        let source = Source::memory("run.csv", format!("{HEADER}{rows}").into_bytes());
        let mut problems = Problems::new(lenient);
        let runs = RunTable::read(&[source], &mut problems)?;
        Ok((runs, problems.skipped_rows))
    }

    #[test]
    fn days_are_averaged_by_calls() {
        let rows = "a,f,100,3,1,500.5,1,2,3,4,5,6,7\na,f,200,1,1,300,5,6,7,8,9,10,11\n";
        let run = read(rows, false).unwrap().0.of("a", "f").unwrap();
        assert_eq!(run.average, Span::from_millis(125));
        assert_eq!(run.longest, Some(Span::from_nanos(500_500_000)));
        let points = run.quantiles.unwrap().points();
        assert_eq!((points[0], points[6]), (Span::from_millis(2), Span::from_millis(8)));
    }

    #[test]
    fn gaps_are_allowed_and_broken_rows_are_not() {
        let rows = "a,f,1.5,1,,,,,,,,,\na,g,-1,1,,,,,,,,,\na,h,1,1,,inf,,,,,,,\n";
        let error = read(rows, false).err().unwrap().to_string();
        assert_eq!(error, "`run.csv` line 3, column `Average`: `-1`, expected milliseconds from 0");
        let (runs, skipped) = read(rows, true).unwrap();
        let expected =
            RunLength { average: Span::from_nanos(1_500_000), longest: None, quantiles: None };
        assert_eq!((runs.of("a", "f"), skipped), (Some(expected), 2));
        assert_eq!(runs.of("a", "h"), None);
    }
}
