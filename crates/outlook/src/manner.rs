//! How a site forecasts: how far, judged by what, within which budget.

use swell_core::council::rules::Rules;
use swell_core::time::Span;
use swell_forecast::choice::methods::TRIED;

use crate::methods::Method;

/// How far is forecast, and by what.
#[derive(Debug, Clone, Copy)]
pub struct Manner {
    /// Slots that are forecast.
    pub horizon: usize,
    /// So many slots ahead methods are judged.
    pub lead: usize,
    /// Slots of a day.
    pub season: usize,
    /// Methods that are tried on a series of its own, in a slot.
    pub tried: usize,
    /// Whether models across sources are taught.
    pub teaches: bool,
    /// Who is believed.
    pub method: Method,
}

/// From so long a slot on there is time in it to teach models across sources; in shorter ones there
/// are only demonstrations.
const TAUGHT_FROM: Span = Span::from_secs(60);
/// In so much of a slot one method is tried on one series.
const TRIED_EVERY: Span = Span::from_secs(8);

impl Manner {
    /// The manner of a site that goes by these rules, and believes that method.
    pub fn of(rules: &Rules, method: Method) -> Self {
        let tried = (rules.slot.nanos() / TRIED_EVERY.nanos()).clamp(1, TRIED.len() as u64);
        Self {
            horizon: rules.horizon_slots as usize + 1,
            lead: rules.lead_slots as usize,
            season: rules.season_slots as usize,
            tried: if method == Method::Best { tried as usize } else { 0 },
            teaches: rules.slot >= TAUGHT_FROM && method.is_taught(),
            method,
        }
    }
}
