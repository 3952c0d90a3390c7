//! `swell ledger`: what sites forecast of themselves, what then came, and what they weigh for it.

use serde::Serialize;
use swell_api::site::{LedgerRow, LedgerSlot};

use crate::cli::site::LedgerArguments;
use crate::connect;
use crate::error::Letter;
use crate::figure::moment;
use crate::listing::{Column, rows};
use crate::siting::percent;

const SITES: [Column<LedgerRow>; 8] = [
    Column::text("SITE", |row| row.site.clone()),
    Column::text("METRIC", |row| row.metric.clone()),
    Column::number("SCORED", |row| row.samples.to_string()),
    Column::number("LOSS BY NAIVE", |row| format!("{:.2}", row.loss_ratio)),
    Column::number("EARLY", |row| {
        row.early_loss_ratio.map_or_else(String::new, |ratio| format!("{ratio:.2}"))
    }),
    Column::number("WEIGHT", |row| percent(row.weight)),
    Column::text("LAST FORECAST", |row| scored(row).map_or_else(String::new, forecast)),
    Column::number("CAME", |row| scored(row).map_or_else(String::new, came)),
];

const SLOTS: [Column<Slot>; 6] = [
    Column::text("SITE", |slot| slot.site.clone()),
    Column::text("METRIC", |slot| slot.metric.clone()),
    Column::text("SLOT", |slot| moment(slot.of.at_ms)),
    Column::text("FORECAST", |slot| forecast(&slot.of)),
    Column::number("CAME", |slot| came(&slot.of)),
    Column::text("", |slot| held(&slot.of).to_string()),
];

/// A slot of a row.
#[derive(Serialize)]
struct Slot {
    site: String,
    metric: String,
    of: LedgerSlot,
}

/// Runs `swell ledger`.
pub fn run(arguments: &LedgerArguments) -> Result<(), Letter> {
    let LedgerArguments { site, slots, reading, output, node } = arguments;
    let read = connect::node(node)?.ledger(site.as_deref(), *reading)?;
    let ledger = &read.told.ledger;
    if !slots {
        return rows(&read, ledger, &SITES, |row| row.site.clone(), *output);
    }
    let of_row = |row: &LedgerRow| {
        let LedgerRow { site, metric, slots, .. } = row.clone();
        let of = move |of| Slot { site: site.clone(), metric: metric.clone(), of };
        slots.into_iter().map(of)
    };
    let all: Vec<Slot> = ledger.iter().flat_map(of_row).collect();
    rows(&read, &all, &SLOTS, |slot| slot.site.clone(), *output)
}

/// The latest slot of which both is known: what was forecast, and what came.
fn scored(row: &LedgerRow) -> Option<&LedgerSlot> {
    row.slots.iter().rev().find(|slot| slot.forecast.is_some() && slot.came.is_some())
}

/// `30 % (25 to 41 %)`: the middle of a forecast, and between what eight cases of ten lie.
fn forecast(slot: &LedgerSlot) -> String {
    slot.forecast.map_or_else(String::new, |[low, middle, high]| {
        format!("{} ({:.0} to {})", percent(middle), low * 100.0, percent(high))
    })
}

fn came(slot: &LedgerSlot) -> String {
    slot.came.map_or_else(String::new, percent)
}

/// Where what came lay, by what was forecast.
fn held(slot: &LedgerSlot) -> &'static str {
    match (slot.forecast, slot.came) {
        (Some([low, ..]), Some(came)) if came < low => "below",
        (Some([.., high]), Some(came)) if came > high => "above",
        (Some(_), Some(_)) => "within",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slot_tells_what_was_forecast_and_where_what_came_lay() {
        let slot = |forecast, came| LedgerSlot { at_ms: 0, forecast, came };
        for (forecasts, arrived, expected) in [
            (Some([0.2, 0.3, 0.41]), Some(0.3), ("30 % (20 to 41 %)", "30 %", "within")),
            (Some([0.2, 0.3, 0.4]), Some(0.5), ("30 % (20 to 40 %)", "50 %", "above")),
            (Some([0.2, 0.3, 0.4]), Some(0.1), ("30 % (20 to 40 %)", "10 %", "below")),
            (Some([0.2, 0.3, 0.4]), None, ("30 % (20 to 40 %)", "", "")),
            (None, Some(0.1), ("", "10 %", "")),
        ] {
            let slot = slot(forecasts, arrived);
            let told = (forecast(&slot), came(&slot), held(&slot));
            assert_eq!((&*told.0, &*told.1, told.2), expected);
        }
    }
}
