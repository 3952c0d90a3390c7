//! The same case gives the same row and the same decisions.

use std::sync::atomic::AtomicBool;

use swell_sim::row::Row;
use swell_sim::simulate::simulate;

use crate::law::Run;

pub(crate) fn check(run: &Run) -> Result<(), String> {
    let never = AtomicBool::new(false);
    let (again, _) =
        simulate(run.scenario, &run.case, &never).map_err(|error| error.to_string())?;
    if again.digest != run.digest {
        return Err(format!("digest {} once, {} again", run.digest, again.digest));
    }
    let (once, again) = (text(&run.row), text(&again));
    if once != again {
        return Err(format!("{once} once, {again} again"));
    }
    Ok(())
}

/// What a row says, but for its fingerprint and the speed of the machine.
fn text(row: &Row) -> String {
    let row = Row { digest: String::new(), calls_per_s: None, ..row.clone() };
    serde_json::to_string(&row).expect("a row is plain data")
}
