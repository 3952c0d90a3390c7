//! A policy that starts or refuses at once, and only on demand, has no fewer cold starts
//! than the space-time relaxation, and no fewer cold and dropped calls together.

use crate::law::Run;

pub(crate) fn check(run: &Run) -> Result<(), String> {
    let (row, bound) = (&run.row, &run.bound);
    if run.waits || row.starts_ahead > 0 {
        return Ok(());
    }
    if row.dropped == 0 && row.cold < bound.cold_min {
        return Err(format!("{} cold starts, at least {} are needed", row.cold, bound.cold_min));
    }
    let bad = row.cold + row.dropped;
    if bad < bound.bad_min {
        return Err(format!("{bad} are cold or dropped, at least {} must be", bound.bad_min));
    }
    Ok(())
}
