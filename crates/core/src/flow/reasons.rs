//! Why a decision was made, in words: for those who ask a node, and for those who read a journal.

use std::fmt::Write as _;

use crate::flow::analyzer::Analyzer;
use crate::flow::policy::{Judgement, Relief, Stay, Verdict};
use crate::flow::signs::Signs;
use crate::flow::size::Need;
use crate::flow::view::{FifoId, OwnerId};
use crate::flow::weighing::{Balance, Finding, Standing, Weighed};
use crate::time::Instant;

/// Why an owner is looked after, and was.
const STANDS: &str = "nothing moves although items wait";
const STOOD: &str = "its owner got nothing done although items waited";
const FAILS: &str = "its owner fails with all items";
const FAILED: &str = "its owner failed with all of the last items";

impl Analyzer {
    /// In words, why the last decision about a FIFO was made, which was looked at with these signs
    /// last; `name` says what owners are called.
    pub fn explain(
        &self,
        now: Instant,
        fifo: FifoId,
        signs: Signs,
        name: impl Fn(OwnerId) -> String,
    ) -> String {
        let Some(Judgement { score, verdict }) = self.judgement(fifo) else {
            return String::from("it was not looked at yet");
        };
        let (finding, weighed) = (self.finding(fifo), self.weighed(fifo));
        let mut words = match verdict {
            Verdict::Stay(stay) => format!("it stays: {stay}"),
            Verdict::Move(to) => {
                let grounds = self.grounds(fifo, signs, &name);
                return format!("it goes to {}, as {grounds}", name(to));
            }
            Verdict::Shrink => {
                "it gets a smaller region: it is hardly used, and memory is short".into()
            }
            Verdict::Grow => "it gets a larger region: it is short of room in bursts".into(),
            Verdict::Examine => {
                let why = if signs.has(Signs::FAILING) { FAILS } else { STANDS };
                let found = found(now, finding, weighed, &name);
                return format!("{why}, so its owner is looked after: {found}");
            }
            Verdict::Scale => {
                "it stays: more arrives than one call at a time can do, whoever owns it; use \
                 `batch`, send fewer items, or make it several flows"
                    .into()
            }
        };
        if let Verdict::Stay(Stay::CoolingDown { until }) = verdict {
            words += &left(now, until);
        }
        // Without a look at it there is no score.
        if !matches!(verdict, Verdict::Stay(Stay::Blanked | Stay::UnderWay)) {
            write!(words, " ({})", self.spoke(fifo, signs, score))
                .expect("a string takes all words");
        }
        if verdict.is_weighed() {
            words += &all(weighed, &name);
        }
        words
    }

    /// In words, what the last order that a FIFO changes hands was made on.
    pub fn grounds(&self, fifo: FifoId, signs: Signs, name: impl Fn(OwnerId) -> String) -> String {
        let weighed = all(self.weighed(fifo), name);
        match self.finding(fifo) {
            Some(Finding::Heir(_)) => {
                let why = if signs.has(Signs::FAILING) { FAILED } else { STOOD };
                format!("{why}{weighed}")
            }
            _ => {
                let score = self.judgement(fifo).map_or(0.0, |judgement| judgement.score);
                format!("{}{weighed}", self.spoke(fifo, signs, score))
            }
        }
    }

    /// In a word that moves are counted by, what the last order that a FIFO changes hands was made
    /// on: its owner got nothing done, it or its owner wanted relief, or a bare score was reached.
    pub fn cause(&self, fifo: FifoId) -> &'static str {
        match (self.finding(fifo), self.relief(fifo)) {
            (Some(Finding::Heir(_)), _) => "analyzer-stuck",
            (_, Some(_)) => "analyzer-relief",
            (_, None) => "analyzer-score",
        }
    }

    /// In words, why the lanes of a FIFO keep their size though they are short of room; nothing
    /// where they are not.
    pub fn explain_size(&self, now: Instant, fifo: FifoId) -> Option<String> {
        let percent = |share: f64| format!("{:.0} %", share * 100.0);
        match self.sizing(fifo)?.need(now) {
            Need::None => None,
            Need::Short { short, most } => Some(format!(
                "its lanes were short of room {} of the last second, and get more from {} on",
                percent(short),
                percent(most)
            )),
            Need::Saturated { short, busy } => Some(format!(
                "its lanes keep their size though they were short of room {} of the last second: \
                 its owner had next to no time left {} of the time, so more room would but \
                 lengthen the queue",
                percent(short),
                percent(busy)
            )),
            Need::Rests { until } => Some(format!(
                "its lanes were to change their size not long ago, and keep it{}",
                left(now, until)
            )),
        }
    }

    /// What spoke for a change, and how much that is.
    fn spoke(&self, fifo: FifoId, signs: Signs, score: f64) -> String {
        let mut shares = self.shares(fifo, signs);
        let relief = self.relief(fifo);
        // That little flows through is no reason for relief.
        if relief.is_some_and(|relief| relief.is_wanted) {
            shares.idle = 0.0;
        }
        let shares = shares.to_string();
        let shares = if shares.is_empty() { shares } else { format!(": {shares}") };
        match relief {
            None => format!("score {score:.2}{shares}"),
            Some(Relief { share, bound, is_wanted }) => {
                let bound = match is_wanted {
                    true => format!("down to {bound:.2}"),
                    false => format!("from {bound:.2} on"),
                };
                format!("relief is wanted {share:.2}, {bound}{shares}")
            }
        }
    }
}

/// What came of looking after an owner.
fn found(
    now: Instant,
    finding: Option<Finding>,
    weighed: &[Weighed],
    name: impl Fn(OwnerId) -> String,
) -> String {
    match finding {
        None => "that comes at one of the next ticks".to_string(),
        Some(Finding::Rests { until }) => {
            let left = left(now, until);
            format!("it was taken from an owner not long ago, and rests{left}")
        }
        Some(Finding::NoHeir) => {
            format!("it gets nothing done, and nobody else can have it{}", all(weighed, name))
        }
        Some(Finding::OverBudget) => {
            format!("it gets nothing done; {}", Stay::OverBudget)
        }
        Some(Finding::UnderWay | Finding::Heir(_)) => Stay::UnderWay.to_string(),
    }
}

fn left(now: Instant, until: Instant) -> String {
    format!(" for {:.1} s more", until.since(now).secs_f64())
}

/// All who were weighed.
fn all(weighed: &[Weighed], name: impl Fn(OwnerId) -> String) -> String {
    let mut words = String::new();
    for one in weighed {
        write!(words, "; {} {}", name(one.owner), about(one)).expect("a string takes all words");
    }
    words
}

/// What was weighed of one.
fn about(one: &Weighed) -> String {
    let Weighed { worth, headroom, dependency, nearness, .. } = one;
    let worth = || {
        format!(
            "is worth {worth:.2} (headroom {headroom:.2}, dependency {dependency:.2}, nearness \
             {nearness:.2})"
        )
    };
    let percent = |share: f64| format!("{:.0} %", share * 100.0);
    let balance = one.balance.as_ref().map(balance);
    match one.standing {
        Standing::Fit => {
            let balance = balance.map_or_else(String::new, |balance| format!(" and {balance}"));
            format!("{}{balance}", worth())
        }
        Standing::Away => "is paused or not here".to_string(),
        Standing::Unheard => "is paused, or nothing was heard of it just now".to_string(),
        Standing::Barred => "gets none by a decision, but by connecting".to_string(),
        Standing::NoRoom => "would find no memory for an instance".to_string(),
        Standing::Full { with, most } => {
            format!("would have {} in use with it, and may have {}", percent(with), percent(most))
        }
        Standing::Busier { usage, owner } => {
            format!("has {} in use, and its owner no more than {}", percent(usage), percent(owner))
        }
        Standing::Unpaid => {
            let needed = one.balance.map_or(0.0, |balance| balance.needed);
            let balance = balance.unwrap_or_default();
            format!("{} but {balance}, and must spare {}", worth(), waits(needed))
        }
    }
}

/// What a change brings and costs.
fn balance(balance: &Balance) -> String {
    let Balance { gain, cost, pause, horizon, .. } = *balance;
    let per = if gain < 0.0 { "adds" } else { "spares" };
    format!(
        "{per} {} in {:.0} s for {} (a pause of {:.2} ms)",
        waits(gain.abs()),
        horizon.secs_f64(),
        waits(cost),
        pause.millis_f64()
    )
}

/// Time that items wait, added up.
fn waits(seconds: f64) -> String {
    match seconds {
        0.0 => "no waiting".to_string(),
        ..0.000_999_5 => format!("{:.1} us of waiting", seconds * 1e6),
        ..0.999_5 => format!("{:.1} ms of waiting", seconds * 1e3),
        _ => format!("{seconds:.1} s of waiting"),
    }
}
