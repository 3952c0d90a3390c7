//! Every call of the trace is counted once, as one thing.

use crate::law::Run;

pub(crate) fn check(run: &Run) -> Result<(), String> {
    let row = &run.row;
    let sum = row.warm + row.delayed + row.resumed + row.cold + row.dropped;
    if row.calls != run.calls || sum != row.calls {
        return Err(format!(
            "{sum} calls have an outcome, {} of {} were made",
            row.calls, run.calls
        ));
    }
    if !run.waits && row.delayed > 0 {
        return Err(format!("{} calls waited under a policy that never waits", row.delayed));
    }
    // Where nobody waits, each start on demand is the cold start of one call.
    let on_demand = row.starts - row.starts_ahead;
    if !run.waits && on_demand != row.cold {
        return Err(format!("{on_demand} starts on demand make {} cold starts", row.cold));
    }
    if row.evictions + row.expirations > row.starts {
        return Err(format!("{} instances were made, more have ended", row.starts));
    }
    let rates = &run.detail.function_cold_rates;
    if !rates.iter().all(|rate| (0.0..=1.0).contains(rate)) || !rates.is_sorted() {
        return Err("cold rates of functions lie between 0 and 1, in order".into());
    }
    Ok(())
}
