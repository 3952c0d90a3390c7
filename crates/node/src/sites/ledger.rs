//! Each site's forecasts, what then happened, and what it weighs for that.

use swell_api::site::{LedgerRow, LedgerSlot};
use swell_core::council::book::{STOOD_SLOTS, Subject};
use swell_core::council::state::State;
use swell_core::council::weighing::standing;
use swell_core::council::words::Metric;
use swell_core::ids::SiteId;
use swell_outlook::naming::Names;

use crate::sites::telling::{share, slot_ms};

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
        let stood = || state.book.stood(subject, slot);
        let band = state.book.band(site, subject, slot).or_else(stood);
        let came = state.book.truth(subject, slot).map(share);
        let forecast = band.map(|band| [band.low_ppm, band.middle_ppm, band.high_ppm].map(share));
        let is_known = forecast.is_some() || came.is_some();
        is_known.then(|| LedgerSlot { at_ms: slot_ms(slot, state.rules.slot), forecast, came })
    };
    (state.closed.minus(STOOD_SLOTS).0..=now.plus(horizon).0).filter_map(row).collect()
}

#[cfg(test)]
mod tests {
    use swell_core::council::entry::{Band, Command, Entry};
    use swell_core::council::machine::apply;
    use swell_core::council::rules::Rules;
    use swell_core::council::words::Loads;
    use swell_core::time::Instant;

    use super::*;

    #[test]
    fn a_slot_that_is_over_shows_what_was_forecast_beside_what_came() {
        let mut state = State::new(Rules::default());
        let (me, metric, length) = (SiteId(7), Metric::Cpu, state.rules.slot);
        let say = |state: &mut State, command: Command| {
            let index = state.index + 1;
            let entry = Entry { from: me, incarnation: 1, sequence: index, command };
            apply(state, index, &entry).expect("it is taken");
        };
        say(&mut state, Command::Admit { site: me, capacity: Loads::cpu(1_000) });
        for slot in 100..130_u32 {
            let at = Instant::ZERO + length * u64::from(slot);
            say(&mut state, Command::Tick { at });
            let of = |middle_ppm| Band { low_ppm: 0, middle_ppm, high_ppm: 999_000 };
            // What stands at the lead is not what was said first.
            let bands = vec![of(1_000 * (slot + 2)), of(0)];
            let first = state.slot().plus(state.rules.lead_slots);
            say(&mut state, Command::Forecast { target: me, metric, first, bands });
            let (slot, value_ppm) = (state.slot().minus(1), 2_000 * (slot - 1));
            say(&mut state, Command::Observe { target: me, metric, slot, value_ppm });
        }
        let rows = ledger(&state, &Names::default(), Some(me));
        let row = rows.iter().find(|row| row.metric == "cpu").expect("it is limited");
        let told: Vec<(u64, f64, f64)> = row
            .slots
            .iter()
            .filter_map(|slot| {
                let number = slot.at_ms * 1_000_000 / length.nanos();
                Some((number, (slot.forecast?[1] * 1e3).round(), (slot.came? * 1e3).round()))
            })
            .collect();
        let expected = (108..128).map(|slot| (slot, slot as f64, 2.0 * slot as f64));
        assert_eq!(told, expected.collect::<Vec<_>>());
    }
}
