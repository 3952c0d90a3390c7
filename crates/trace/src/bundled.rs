//! Which traces travel inside the program?
//!
//! A few small public ones, so that the first run needs no download and every test has
//! real traffic. Their origins and licences stand in `traces/*/SOURCE.txt`.

use crate::error::TraceError;
use crate::open::Options;
use crate::source::Source;
use crate::trace::Trace;

/// A trace inside the program.
pub struct Bundled {
    /// Its name.
    pub name: &'static str,
    /// What it is, in a line.
    pub about: &'static str,
    files: &'static [(&'static str, &'static [u8])],
}

macro_rules! files {
    ($($path:literal),+) => {
        &[$(($path, include_bytes!(concat!("../../../traces/", $path)))),+]
    };
}

/// All traces inside the program.
pub const BUNDLED: [Bundled; 6] = [
    Bundled {
        name: "1350",
        about: "Azure 2019, one day: 1350 functions, 927,272 calls (invitro sample)",
        files: files!(
            "azure2019-1350/1350_inv.csv.gz",
            "azure2019-1350/1350_run.csv.gz",
            "azure2019-1350/1350_mem.csv.gz"
        ),
    },
    Bundled {
        name: "200",
        about: "Azure 2019, one day: 200 functions, 155,469 calls (invitro sample)",
        files: files!(
            "azure2019-1350/200_inv.csv.gz",
            "azure2019-1350/200_run.csv.gz",
            "azure2019-1350/200_mem.csv.gz"
        ),
    },
    Bundled {
        name: "20-b",
        about: "Azure 2019, one day: 20 functions, 104,666 calls, evenly placed",
        files: files!("founding/20-b.functions.csv.gz", "founding/20-b.invocations.csv.gz"),
    },
    Bundled {
        name: "20-d",
        about: "Azure 2019, one day: 20 functions, 86,187 calls, evenly placed",
        files: files!("founding/20-d.functions.csv.gz", "founding/20-d.invocations.csv.gz"),
    },
    Bundled {
        name: "azure2021-200",
        about: "Azure 2021, the first 200 calls",
        files: files!("azure2021-sample/Azure2021_200.csv.gz"),
    },
    Bundled {
        name: "azure2021-30",
        about: "30 made-up calls in the format of Azure 2021",
        files: files!("azure2021-sample/Azure2021_30.csv.gz"),
    },
];

impl Bundled {
    /// The trace inside the program that has this name.
    pub fn find(name: &str) -> Option<&'static Bundled> {
        BUNDLED.iter().find(|bundled| bundled.name == name)
    }

    /// Opens it.
    pub fn open(&self, options: &Options) -> Result<Trace, TraceError> {
        let sources: Vec<Source> =
            self.files.iter().map(|(name, bytes)| Source::memory(name, *bytes)).collect();
        Trace::open_sources(self.name, &sources, options)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use swell_core::time::Span;

    #[test]
    fn totals_are_as_published() {
        let hours = |hours: u64| Span::from_mins(60 * hours);
        for (name, functions, calls, memory_mb, span) in [
            ("1350", 1350, 927_272, Some(215_474.0), hours(24)),
            ("200", 200, 155_469, Some(31_490.0), hours(24)),
            ("20-b", 20, 104_666, Some(1299.0), hours(24)),
            ("20-d", 20, 86_187, Some(1184.0), hours(24)),
            ("azure2021-200", 31, 199, None, Span::ZERO),
            ("azure2021-30", 14, 29, None, Span::ZERO),
        ] {
            let trace = Bundled::find(name).unwrap().open(&Options::default()).unwrap();
            assert_eq!(trace.functions().len(), functions, "{name}");
            assert_eq!(trace.call_counts().unwrap().iter().sum::<u64>(), calls, "{name}");
            let sum: f64 = trace.functions().iter().map(|f| f.memory.mb_f64()).sum();
            if let Some(memory_mb) = memory_mb {
                assert_eq!((sum.round(), trace.span()), (memory_mb, span), "{name}");
            }
        }
    }
}
