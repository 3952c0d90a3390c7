//! Shows what clones saved and cost: `swell receipt`.

use swell_api::forecast::Receipt;

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
    let facts = facts(&[
        ("from", moment(receipt.since_ms)),
        ("until", moment(receipt.until_ms)),
        ("mode", receipt.mode.word().to_string()),
        ("calls", receipt.calls.to_string()),
        ("cold starts", receipt.cold.to_string()),
        ("cold starts avoided", receipt.cold_avoided.to_string()),
        ("clones", receipt.clones_made.to_string()),
        ("clones used", receipt.clones_used.to_string()),
        ("clones unused", receipt.clones_unused.to_string()),
        ("held", format!("{:.1} MB s", receipt.held_mb_seconds)),
        ("held for nothing", format!("{:.1} MB s", receipt.wasted_mb_seconds)),
    ]);
    format!("{facts}\n{}\n", receipt.text)
}
