//! Shows what clones saved and cost: `swell receipt`.

use swell_api::receipt::{Receipt, ReceiptBands, ReceiptShare};

use crate::cli::receipt::ReceiptArguments;
use crate::connect;
use crate::error::Letter;
use crate::figure::moment;
use crate::listing::{facts, show_one};

/// Runs `swell receipt`.
pub fn run(arguments: &ReceiptArguments) -> Result<(), Letter> {
    let receipt = connect::node(&arguments.node)?.receipt(&arguments.since)?;
    show_one(&receipt, "receipt", |_| text(&receipt), arguments.output)
}

fn text(receipt: &Receipt) -> String {
    let head = facts(&[
        ("from", moment(receipt.since_ms)),
        ("until", moment(receipt.until_ms)),
        ("mode", receipt.mode.word().to_string()),
        ("calls", receipt.calls.to_string()),
        ("cold starts", receipt.cold.to_string()),
    ]);
    let mut parts = vec![head];
    if let Some(on) = &receipt.on {
        let caused = [
            ("starts spared by clones", receipt.cold_spared.to_string()),
            ("starts brought about by clones", receipt.cold_caused.to_string()),
        ];
        parts.push(format!("clones that were made\n{}", share(on, &caused, "avoided")));
    }
    if let Some(shadow) = &receipt.shadow {
        parts.push(format!("clones in shadow: what would be\n{}", share(shadow, &[], "to avoid")));
    }
    let held = |bands: &ReceiptBands| {
        let percent = |share: f64| format!("{:.1} %", 100.0 * share);
        let (of_80, of_95) = (percent(bands.coverage_80), percent(bands.coverage_95));
        format!("{of_80} within 80 %, {of_95} within 95 %, of {}", bands.counts)
    };
    let bands = facts(&[
        ("bands of steps", receipt.bands_of_steps.as_ref().map(held).unwrap_or_default()),
        ("bands of minutes", receipt.bands_of_minutes.as_ref().map(held).unwrap_or_default()),
    ]);
    parts.extend([bands, format!("{}\n", receipt.text)]);
    parts.retain(|part| !part.is_empty());
    parts.join("\n")
}

fn share(share: &ReceiptShare, more: &[(&str, String)], avoided: &str) -> String {
    let avoided = format!("cold starts {avoided}");
    let mut all = vec![
        ("calls", share.calls.to_string()),
        ("cold starts", share.cold.to_string()),
        (avoided.as_str(), share.cold_avoided.to_string()),
    ];
    all.extend(more.iter().cloned());
    all.extend([
        ("clones", share.clones_made.to_string()),
        ("clones used", share.clones_used.to_string()),
        ("clones unused", share.clones_unused.to_string()),
        ("held", format!("{:.1} MB s", share.held_mb_seconds)),
        ("held for nothing", format!("{:.1} MB s", share.wasted_mb_seconds)),
    ]);
    facts(&all)
}
