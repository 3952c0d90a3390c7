//! The outcomes side by side, as a person and as a program reads them.

use std::io::{self, Write};

use serde::Serialize;

use crate::report::table::write_aligned;
use crate::sites::play::{Outcome, Way};

/// The outcomes of a way, one per seed.
#[derive(Debug, Clone, PartialEq)]
pub struct Line {
    /// The way.
    pub way: Way,
    /// A seed and what came of it.
    pub outcomes: Vec<(u64, Outcome)>,
}

impl Line {
    /// The mean of a figure over the seeds.
    pub fn mean(&self, figure: impl Fn(&Outcome) -> f64) -> f64 {
        let sum: f64 = self.outcomes.iter().map(|(_, outcome)| figure(outcome)).sum();
        sum / self.outcomes.len().max(1) as f64
    }

    /// The mean over the seeds for which there is the figure.
    pub fn mean_of(&self, figure: impl Fn(&Outcome) -> Option<f64>) -> Option<f64> {
        let known: Vec<f64> = self.outcomes.iter().filter_map(|(_, o)| figure(o)).collect();
        (!known.is_empty()).then(|| known.iter().sum::<f64>() / known.len() as f64)
    }
}

/// The heads of the table and what they mean.
pub const HEADS: [(&str, &str); 18] = [
    ("policy", "what moves workloads"),
    ("drops %", "share of the load that was not served"),
    ("latency ms", "mean of what was served, with the way from its home"),
    ("overload min", "minutes of sites above 85 % of their processors or memory"),
    ("lasting", "the same, where it lasted for more than 5 min; shorter is no matter for moves"),
    ("of honest", "of these, of sites that speak the truth"),
    ("full min", "minutes of sites that could not serve all"),
    ("moves", "moves begun, but for takeovers"),
    ("takeovers", "of workloads whose site was lost"),
    ("late", "moves whose traffic left after the slot began that they were for"),
    ("needless", "moves whose source would not have been overloaded in the next hour"),
    ("undone", "moves taken back"),
    ("wait min", "from proposal (or threshold) until the destination took over"),
    ("messages", "between sites"),
    ("liar %", "largest weight of a liar at the end"),
    ("rounds", "rounds (three slots) until every liar was below a tenth of the weight"),
    ("caught %", "of the time that liars in their counters were doubted"),
    ("relapses", "times that a liar came back above a tenth after that"),
];

/// The cells of a line, in the order of the heads.
pub fn cells(line: &Line) -> Vec<String> {
    let maybe = |value: Option<f64>, digits: usize| {
        value.map_or_else(String::new, |value| format!("{value:.digits$}"))
    };
    vec![
        line.way.name().to_string(),
        format!("{:.2}", line.mean(|outcome| outcome.drop_share * 100.0)),
        format!("{:.0}", line.mean(|outcome| outcome.latency_ms)),
        format!("{:.0}", line.mean(|outcome| outcome.overload_minutes as f64)),
        format!("{:.0}", line.mean(|outcome| outcome.lasting_minutes as f64)),
        format!("{:.0}", line.mean(|outcome| outcome.honest_lasting_minutes as f64)),
        format!("{:.0}", line.mean(|outcome| outcome.full_minutes as f64)),
        format!("{:.1}", line.mean(|outcome| outcome.moves as f64)),
        format!("{:.1}", line.mean(|outcome| outcome.takeovers as f64)),
        format!("{:.1}", line.mean(|outcome| outcome.late_moves as f64)),
        format!("{:.1}", line.mean(|outcome| outcome.needless_moves as f64)),
        format!("{:.1}", line.mean(|outcome| outcome.undone_moves as f64)),
        maybe(line.mean_of(|outcome| outcome.wait_minutes), 1),
        format!("{:.0}", line.mean(|outcome| outcome.messages as f64)),
        maybe(line.mean_of(|outcome| outcome.liar_share.map(|share| share * 100.0)), 1),
        maybe(line.mean_of(|outcome| outcome.liar_rounds.map(|rounds| rounds as f64)), 1),
        maybe(line.mean_of(|outcome| outcome.caught_share.map(|share| share * 100.0)), 0),
        maybe(line.mean_of(|outcome| outcome.liar_relapses.map(|times| times as f64)), 1),
    ]
}

/// Writes the table and what its heads mean.
pub fn write(about: &str, lines: &[Line], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{about}\n")?;
    let mut rows = vec![HEADS.map(|(head, _)| head.to_string()).to_vec()];
    rows.extend(lines.iter().map(cells));
    write_aligned(&rows, out)?;
    writeln!(out)?;
    HEADS.iter().try_for_each(|(head, meaning)| writeln!(out, "{head:12} {meaning}"))
}

/// One outcome, as a row for programs.
#[derive(Serialize)]
struct Row {
    policy: &'static str,
    seed: u64,
    drop_share: f64,
    latency_ms: f64,
    overload_minutes: u64,
    lasting_minutes: u64,
    honest_lasting_minutes: u64,
    full_minutes: u64,
    moves: u64,
    takeovers: u64,
    timely_moves: u64,
    late_moves: u64,
    needless_moves: u64,
    undone_moves: u64,
    refused_proposals: u64,
    wait_minutes: Option<f64>,
    messages: u64,
    liar_share: Option<f64>,
    liar_rounds: Option<u64>,
    liar_relapses: Option<u64>,
    caught_share: Option<f64>,
    wronged_slots: u64,
}

fn rows(lines: &[Line]) -> impl Iterator<Item = Row> {
    let row = |way: Way, seed: u64, outcome: Outcome| Row {
        policy: way.name(),
        seed,
        drop_share: outcome.drop_share,
        latency_ms: outcome.latency_ms,
        overload_minutes: outcome.overload_minutes,
        lasting_minutes: outcome.lasting_minutes,
        honest_lasting_minutes: outcome.honest_lasting_minutes,
        full_minutes: outcome.full_minutes,
        moves: outcome.moves,
        takeovers: outcome.takeovers,
        timely_moves: outcome.timely_moves,
        late_moves: outcome.late_moves,
        needless_moves: outcome.needless_moves,
        undone_moves: outcome.undone_moves,
        refused_proposals: outcome.refused_proposals,
        wait_minutes: outcome.wait_minutes,
        messages: outcome.messages,
        liar_share: outcome.liar_share,
        liar_rounds: outcome.liar_rounds,
        liar_relapses: outcome.liar_relapses,
        caught_share: outcome.caught_share,
        wronged_slots: outcome.wronged_slots,
    };
    lines.iter().flat_map(move |line| {
        line.outcomes.iter().map(move |(seed, outcome)| row(line.way, *seed, *outcome))
    })
}

/// Writes one JSON array, a row per policy and seed.
pub fn write_json(lines: &[Line], out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &rows(lines).collect::<Vec<_>>())?;
    writeln!(out)
}

/// Writes a header and a row per policy and seed.
pub fn write_csv(lines: &[Line], out: &mut dyn Write) -> io::Result<()> {
    let mut writer = csv::Writer::from_writer(out);
    for row in rows(lines) {
        writer.serialize(row).map_err(io::Error::other)?;
    }
    writer.flush()
}
