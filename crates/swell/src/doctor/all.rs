//! All that is looked at, in the order in which it is told.

use std::path::Path;

use swell_node::settings::NodeSettings;

use crate::doctor::check::Check;
use crate::doctor::{
    clock, cpu, data, docker, door, forecasts, guests, kernel, memory, open_files, secrets,
};

/// Looks at this machine as a place for a node with these settings.
pub fn look(settings: &NodeSettings) -> Vec<Check> {
    let (address, is_node) = door::look(settings);
    let mut checks = vec![
        cpu::look(),
        kernel::look(),
        memory::look(Path::new("/"), settings.memory),
        guests::look(settings.clones_max),
        open_files::look(settings.requests_max),
    ];
    checks.extend(data::look(&settings.data, is_node));
    checks.push(address);
    checks.extend(door::look_at_tls(settings));
    checks.extend(settings.secrets.as_deref().map(secrets::look));
    checks.push(forecasts::look(&settings.forecast, &settings.data));
    checks.push(clock::look(&settings.data));
    checks.push(docker::look(&|name| std::env::var(name).ok()));
    checks
}
