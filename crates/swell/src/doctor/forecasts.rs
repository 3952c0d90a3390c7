//! Forecasts: what they may use, and whether what was learned can be read.

use std::path::Path;

use swell_api::spec::ForecastMode;
use swell_node::foresight::models::{METHOD, Models, method};
use swell_node::settings::ForecastSettings;

use crate::doctor::check::Check;
use crate::figure::bytes;

const NAME: &str = "forecasts";

/// Looks at what forecasts by these settings find in a data folder.
pub fn look(settings: &ForecastSettings, data: &Path) -> Check {
    let mode = settings.mode;
    let damaged = Models::of(data).damaged(&method(METHOD));
    if let Some(why) = damaged.first() {
        let finding = format!("mode {}; {why}", mode.word());
        return Check::warn(NAME, finding, "remove the file; another model is made in time");
    }
    if mode == ForecastMode::Off {
        return Check::ok(NAME, "off: instances are made when calls come, and by the policy");
    }
    let (share, memory) = (f64::from(settings.training_per_mille) / 10.0, settings.training_memory);
    let memory = bytes(memory.get());
    let finding =
        format!("mode {}; learning may use {share} % of a core and {memory}", mode.word());
    Check::ok(NAME, finding)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Level;

    #[test]
    fn a_model_that_cannot_be_read_is_named() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let settings = ForecastSettings::default();
        assert_eq!(look(&settings, folder.path()).level, Level::Ok);
        Models::of(folder.path()).keep(7, b"damaged").expect("it is written");
        let check = look(&settings, folder.path());
        assert_eq!(check.level, Level::Warn);
        assert!(check.finding.contains("model-7"), "{}", check.finding);
    }
}
