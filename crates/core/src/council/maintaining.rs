//! A site announces when it is maintained.

use crate::council::maintenance::{WINDOWS_MAX, Window};
use crate::council::refusal::Refusal;
use crate::council::state::State;
use crate::council::words::{Slot, WHOLE_PPM};
use crate::ids::SiteId;

/// All windows of a site that are not over; they take the place of those that it told before.
pub fn on_maintain(state: &mut State, by: SiteId, windows: &[Window]) -> Result<(), Refusal> {
    if windows.len() > WINDOWS_MAX {
        return Err(Refusal::TooMany("windows of maintenance of one site"));
    }
    if windows.iter().any(|of| of.until <= of.from || of.left_ppm >= WHOLE_PPM) {
        return Err(Refusal::OutOfRange(
            "a window of maintenance has a slot, and leaves less than all",
        ));
    }
    let coming = windows.iter().filter(|of| of.until > state.slot()).copied().collect();
    state.maintenance.tell(by, coming);
    Ok(())
}

/// Whether a site will be down before what goes there now could be of use, or what left it could
/// be taken back.
pub fn is_soon_down(state: &State, site: SiteId, through: Slot) -> bool {
    state.maintenance.least_ppm(site, state.slot(), through) == 0
}
