//! The record of forecasts of a node: each of them beside what came.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use serde::Serialize;
use swell_forecast::coverage::{BAND_80, BAND_95, share_within};
use swell_journal::forecasts::{Frame, Frames, Next, Said};
use swell_sim::report::figure::{percent, whole};
use swell_sim::report::table::write_aligned;

/// One step of a forecast that is over, and what came.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Told<'a> {
    /// When the step began, in minutes since 1970 of the node's time.
    pub minute: u64,
    /// How many minutes it has.
    pub step_minutes: u32,
    /// Which step of its forecast it is, from zero.
    pub ahead: usize,
    /// The function.
    pub function: &'a str,
    /// Who forecast it.
    pub by: &'a str,
    /// The chance of any call if none came before, in thousandths; none where it was not told.
    pub chance: Option<u16>,
    /// Lower edge of the 95 % band.
    pub q025: f32,
    /// Lower edge of the 80 % band.
    pub q10: f32,
    /// The median.
    pub q50: f32,
    /// Upper edge of the 80 % band.
    pub q90: f32,
    /// Upper edge of the 95 % band.
    pub q975: f32,
    /// Calls that came.
    pub came: u64,
}

/// The names of the columns of [`Told`], for a table without a row.
pub const HEAD: [&str; 12] = [
    "minute",
    "step_minutes",
    "ahead",
    "function",
    "by",
    "chance",
    "q025",
    "q10",
    "q50",
    "q90",
    "q975",
    "came",
];

/// What a record holds, in the order in which it was written.
pub struct Recorded {
    frames: Vec<Forecast>,
    names: Vec<String>,
    /// Calls by function and minute.
    calls: BTreeMap<(usize, u64), u32>,
    measured: BTreeSet<u64>,
    /// Whether all of it could be read.
    pub is_whole: bool,
}

struct Forecast {
    by: String,
    minute: u64,
    step: u32,
    functions: Vec<(usize, Vec<Said>)>,
}

impl Recorded {
    /// Reads a record.
    pub fn read(bytes: &[u8]) -> Self {
        let mut read = Self {
            frames: Vec::new(),
            names: Vec::new(),
            calls: BTreeMap::new(),
            measured: BTreeSet::new(),
            is_whole: true,
        };
        let mut places: BTreeMap<String, usize> = BTreeMap::new();
        let mut numbers: Vec<usize> = Vec::new();
        let mut frames = Frames::of(bytes);
        for next in frames.by_ref() {
            let frame = match next {
                Next::Segment => {
                    numbers.clear();
                    continue;
                }
                Next::Frame(frame) => frame,
            };
            match frame {
                Frame::Named(names) => numbers.extend(names.into_iter().map(|name| {
                    *places.entry(name).or_insert_with_key(|name| {
                        read.names.push(name.clone());
                        read.names.len() - 1
                    })
                })),
                Frame::Counted { minute, calls } => {
                    read.measured.insert(minute);
                    let known = calls.into_iter().filter_map(|(number, calls)| {
                        Some(((*numbers.get(number as usize)?, minute), calls))
                    });
                    read.calls.extend(known);
                }
                Frame::Foretold { by, minute, step, functions } => {
                    let known = functions.into_iter().filter_map(|(number, steps)| {
                        Some((*numbers.get(number as usize)?, steps))
                    });
                    read.frames.push(Forecast { by, minute, step, functions: known.collect() });
                }
            }
        }
        read.is_whole = frames.left() == 0;
        read
    }

    /// Whether it holds no forecast.
    pub fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    /// Shows every step that is over and was measured whole; how many were not.
    pub fn each(&self, show: &mut dyn FnMut(&Told<'_>) -> io::Result<()>) -> io::Result<u64> {
        let mut open = 0;
        for Forecast { by, minute, step, functions } in &self.frames {
            for (function, steps) in functions {
                for (ahead, said) in steps.iter().enumerate() {
                    let first = minute + ahead as u64 * u64::from(*step);
                    let minutes = first..first + u64::from(*step);
                    if !minutes.clone().all(|minute| self.measured.contains(&minute)) {
                        open += 1;
                        continue;
                    }
                    // What is said with a chance holds if no call came before.
                    let calls = |minute| self.calls.get(&(*function, minute)).copied().unwrap_or(0);
                    if said.chance.is_some() && (*minute..first).any(|minute| calls(minute) > 0) {
                        continue;
                    }
                    let [q025, q10, q50, q90, q975] = said.quantiles;
                    show(&Told {
                        minute: first,
                        step_minutes: *step,
                        ahead,
                        function: &self.names[*function],
                        by,
                        chance: said.chance,
                        q025,
                        q10,
                        q50,
                        q90,
                        q975,
                        came: minutes.map(|minute| u64::from(calls(minute))).sum(),
                    })?;
                }
            }
        }
        Ok(open)
    }
}

/// Sums over the steps of one function's forecasts of one kind.
#[derive(Default)]
pub struct Sums {
    steps: u64,
    came: u64,
    median: f64,
    chance: f64,
    called: u64,
    within_80: f64,
    within_95: f64,
    above: u64,
}

/// Sums by function, by how long a step is, and by whether chances were told.
pub type ByFunction = BTreeMap<(String, u32, bool), Sums>;

/// Takes a step into the sums.
pub fn note(sums: &mut ByFunction, told: &Told<'_>) {
    let sums = sums
        .entry((told.function.to_string(), told.step_minutes, told.chance.is_some()))
        .or_default();
    let came = told.came as f32;
    sums.steps += 1;
    sums.came += told.came;
    sums.median += f64::from(told.q50);
    sums.chance += f64::from(told.chance.unwrap_or(0)) / 1e3;
    sums.called += u64::from(told.came > 0);
    let said = [told.q025, told.q10, told.q50, told.q90, told.q975];
    sums.within_80 += f64::from(share_within(came, &said, BAND_80));
    sums.within_95 += f64::from(share_within(came, &said, BAND_95));
    sums.above += u64::from(came > told.q90);
}

/// The sums as a table.
pub fn write(sums: &ByFunction, out: &mut dyn Write) -> io::Result<()> {
    let head = [
        "function",
        "minutes",
        "steps",
        "calls",
        "median",
        "called %",
        "chance %",
        "within 80 %",
        "within 95 %",
        "above %",
    ];
    let mut rows = vec![head.map(str::to_string).to_vec()];
    rows.extend(sums.iter().map(|((function, minutes, has_chance), sums)| {
        let share = |part: f64| percent(100.0 * part / sums.steps as f64);
        let chance = if *has_chance { share(sums.chance) } else { "-".to_string() };
        vec![
            function.clone(),
            minutes.to_string(),
            whole(sums.steps as f64),
            whole(sums.came as f64),
            whole(sums.median),
            share(sums.called as f64),
            chance,
            share(sums.within_80),
            share(sums.within_95),
            share(sums.above as f64),
        ]
    }));
    write_aligned(&rows, out)?;
    writeln!(out)?;
    writeln!(out, "minutes   in a step; clones are decided by the rows with a chance")?;
    writeln!(
        out,
        "steps     of forecasts that spoke of the function, each as often as it was forecast"
    )?;
    writeln!(out, "calls     that came in them, beside the sum of the medians")?;
    writeln!(out, "called %  of steps that saw any call, beside the mean chance that was given")?;
    writeln!(
        out,
        "within    the bands, each count spread over its own share of the forecast, so that bands that\n          \
         hold what they promise have 80 and 95 %; above: more calls than the upper edge of 80 %"
    )
}

#[cfg(test)]
mod tests {
    use swell_journal::forecasts::{MAGIC, write as frame};

    use super::*;

    #[test]
    fn forecasts_stand_beside_what_came_over_segments() {
        let said = |median: f32| Said { chance: None, quantiles: [0.0, 1.0, median, 9.0, 12.0] };
        let named = |name: &str| frame(&Frame::Named(vec![name.to_string()]));
        let foretold = |minute: u64, steps: Vec<Said>| {
            let (by, functions) = ("window".to_string(), vec![(0, steps)]);
            frame(&Frame::Foretold { by, minute, step: 2, functions })
        };
        let counted =
            |minute, calls: &[(u32, u32)]| frame(&Frame::Counted { minute, calls: calls.to_vec() });
        let bytes = [
            MAGIC.to_vec(),
            named("hello"),
            foretold(10, vec![said(3.0), said(4.0), said(5.0)]),
            counted(10, &[(0, 2)]),
            MAGIC.to_vec(),
            named("other"),
            named("hello"),
            counted(11, &[(1, 5)]),
            counted(12, &[(0, 70)]),
            counted(14, &[]),
            counted(15, &[]),
        ];
        let read = Recorded::read(&bytes.concat());
        let (mut came, mut sums) = (Vec::new(), ByFunction::new());
        let open = read.each(&mut |told| {
            came.push((told.minute, told.ahead, told.q50, told.came, told.function.to_string()));
            note(&mut sums, told);
            Ok(())
        });
        let hello = || "hello".to_string();
        assert_eq!(came, [(10, 0, 3.0, 7, hello()), (14, 2, 5.0, 0, hello())]);
        assert_eq!(open.expect("nobody fails"), 1, "a minute of it was not measured");
        assert!(read.is_whole);
        let mut out = Vec::new();
        write(&sums, &mut out).expect("a vector takes all");
        let out = String::from_utf8(out).expect("it is text");
        assert!(out.contains("hello") && out.contains("50.0"), "{out}");
    }

    #[test]
    fn the_head_of_a_table_without_a_row_is_that_of_one_with_some() {
        let mut writer = csv::Writer::from_writer(Vec::new());
        let (function, by) = ("f", "window");
        let [q025, q10, q50, q90, q975] = [0.0; 5];
        let (minute, step_minutes, ahead, chance, came) = (0, 5, 0, None, 0);
        let told = Told {
            minute,
            step_minutes,
            ahead,
            function,
            by,
            chance,
            q025,
            q10,
            q50,
            q90,
            q975,
            came,
        };
        writer.serialize(told).expect("a vector takes all");
        let text = String::from_utf8(writer.into_inner().expect("it is flushed")).expect("text");
        assert_eq!(text.lines().next(), Some(&*HEAD.join(",")));
    }

    #[test]
    fn bands_of_counts_of_none_are_not_taken_to_hold_more_than_they_do() {
        // None in nine of ten minutes, and so it is said; the second minute if none came in the first.
        let said = Said { chance: Some(100), quantiles: [0.0, 0.0, 0.0, 0.0, 1.0] };
        let mut bytes = vec![MAGIC.to_vec(), frame(&Frame::Named(vec!["f".to_string()]))];
        for minute in 0..1_000 {
            let (by, functions) = ("occurrence".to_string(), vec![(0, vec![said; 2])]);
            bytes.push(frame(&Frame::Foretold { by, minute, step: 1, functions }));
            let calls = if minute % 10 == 0 { vec![(0, 1)] } else { Vec::new() };
            bytes.push(frame(&Frame::Counted { minute, calls }));
        }
        let mut sums = ByFunction::new();
        let read = Recorded::read(&bytes.concat());
        read.each(&mut |told| {
            note(&mut sums, told);
            Ok(())
        })
        .expect("nobody fails");
        let (_, Sums { steps, within_80, within_95, .. }) = sums.pop_first().expect("there is one");
        assert_eq!(steps, 1_000 + 899, "what came first tells nothing of the second");
        let [of_80, of_95] = [within_80, within_95].map(|sum| sum / steps as f64);
        assert!((0.75..0.85).contains(&of_80) && (0.92..0.98).contains(&of_95), "{of_80} {of_95}");
    }
}
