//! Each site's forecasts, what then happened, and what it weighs for that.

use swell_api::site::{LedgerRow, LedgerSlot};
use swell_core::council::book::Subject;
use swell_core::council::state::State;
use swell_core::council::weighing::standing;
use swell_core::council::words::Metric;
use swell_core::ids::SiteId;
use swell_outlook::naming::Names;

use crate::sites::telling::{share, slot_ms};

/// Slots that are shown back.
const SHOWN: u64 = 20;

/// The ledger, of one site or of all.
pub fn ledger(state: &State, names: &Names, only: Option<SiteId>) -> Vec<LedgerRow> {
    let mut rows = Vec::new();
    for metric in Metric::ALL {
        let weights = standing(state, metric);
        for (site, member) in &state.members {
            let is_wanted = only.is_none_or(|only| only == *site);
            if !is_wanted || member.capacity.of(metric) == 0 {
                continue;
            }
            let account = state.ledger.account(*site, metric);
            let early = state.early.ledger.account(*site, metric);
            rows.push(LedgerRow {
                site: names.site(*site),
                metric: metric.name().to_string(),
                samples: account.samples,
                loss_ratio: account.ratio_milli() as f64 / 1e3,
                early_loss_ratio: (early.samples > 0).then(|| early.ratio_milli() as f64 / 1e3),
                weight: share(weights.get(site).copied().unwrap_or(0)),
                slots: slots(state, *site, metric),
            });
        }
    }
    rows.sort_by(|one, other| (&one.site, &one.metric).cmp(&(&other.site, &other.metric)));
    rows
}

fn slots(state: &State, site: SiteId, metric: Metric) -> Vec<LedgerSlot> {
    let subject = Subject { target: site, metric };
    let (now, horizon) = (state.slot(), state.rules.horizon_slots);
    let row = |slot: u64| {
        let slot = swell_core::council::words::Slot(slot);
        let band = state.book.band(site, subject, slot);
        let came = state.book.truth(subject, slot).map(share);
        let forecast = band.map(|band| [band.low_ppm, band.middle_ppm, band.high_ppm].map(share));
        let is_known = forecast.is_some() || came.is_some();
        is_known.then(|| LedgerSlot { at_ms: slot_ms(slot, state.rules.slot), forecast, came })
    };
    (now.minus(SHOWN).0..=now.plus(horizon).0).filter_map(row).collect()
}
