//! All settings of a node, section by section.

use crate::settings::cache::CACHE;
use crate::settings::flow::FLOWS;
use crate::settings::forecast::FORECASTS;
use crate::settings::keys::{SETTINGS, Setting};

/// All settings, in the order in which they are shown.
pub fn all() -> impl Iterator<Item = &'static Setting> + Clone {
    SETTINGS.iter().chain(FLOWS).chain(FORECASTS).chain(CACHE)
}
