//! What came of it, for people.

use std::io::{self, Write};

use swell_api::site::{LedgerRow, Proposal};

use crate::rig::tally::Tally;
use crate::siting::percent;
use crate::town::cast::{WORK_MS, peak_unmoved};
use crate::town::watching::Watching;

/// What there is to tell.
pub struct Receipt<'a> {
    /// All proposals, in order.
    pub proposals: &'a [Proposal],
    /// Why the wrong move was refused the second time.
    pub refusal: Option<&'a str>,
    /// What came of the calls.
    pub tally: &'a Tally,
    /// What was seen of the first site.
    pub watching: &'a Watching,
    /// The ledger.
    pub ledger: &'a [LedgerRow],
}

/// Writes it.
pub fn write(receipt: &Receipt<'_>, out: &mut dyn Write) -> io::Result<()> {
    let Receipt { proposals, refusal, tally, watching, ledger } = receipt;
    for proposal in *proposals {
        let Proposal { id, state, workloads, source, destination, .. } = proposal;
        let took = proposal.timeline.last().map_or(0, |last| last.at_ms - proposal.filed_ms);
        writeln!(
            out,
            "#{id} {}: {source} to {destination}, {state} after {:.0} s, {} of all weight said yes",
            workloads.join(", "),
            took as f64 / 1e3,
            percent(proposal.yes),
        )?;
        writeln!(out, "    because {}", proposal.cause)?;
        if let (Some(left), Some(needed)) = (proposal.left_ms, proposal.needed_ms) {
            let apart = left.abs_diff(needed) as f64 / 1e3;
            let word = if left <= needed { "before" } else { "after" };
            writeln!(out, "    its traffic had left {apart:.1} s {word} that")?;
        }
        if let Some(trouble) = &proposal.trouble {
            writeln!(out, "    taken back because {trouble}")?;
        }
    }
    if let Some(refusal) = refusal {
        writeln!(out, "Proposed once more, it was refused: {refusal}")?;
    }
    writeln!(out)?;
    writeln!(
        out,
        "oslo was at most at {} of its capacity, and overloaded in {} of {} slots; without a move",
        percent(watching.fullest),
        watching.overloaded.0,
        watching.overloaded.1,
    )?;
    writeln!(out, "its peak would have been {}.", percent(peak_unmoved()))?;
    let latency = tally.warm_latency();
    writeln!(
        out,
        "{} calls went on meanwhile, {} of them failed; {:.0} ms median and {:.0} ms p99, {WORK_MS:.0} ms of \
         it work.",
        tally.calls(),
        tally.dropped(),
        latency.p50_ms,
        latency.p99_ms
    )?;
    writeln!(out)?;
    writeln!(out, "Forecasts of each site, by what then came:")?;
    for row in ledger.iter().filter(|row| row.metric == "cpu") {
        writeln!(
            out,
            "  {}: {} scored, loss {:.2} of a naive forecast, {} of the say",
            row.site,
            row.samples,
            row.loss_ratio,
            percent(row.weight)
        )?;
    }
    Ok(())
}
