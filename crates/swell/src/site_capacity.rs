//! What a site or a node of one can bear, as people say it.

use swell_api::site_joining::Capacity;

use crate::cli::capacity::CapacityArguments;
use crate::error::Letter;

/// What was said, if it makes sense.
pub fn capacity(most: &CapacityArguments) -> Result<Capacity, Letter> {
    if !(most.cpu.is_finite() && most.cpu > 0.0 && most.cpu < 1e6) {
        return Err(Letter::usage("a site has more than no processors")
            .hint("say how many, such as `--cpu 4` or `--cpu 0.5`"));
    }
    Ok(Capacity {
        cpu_milli: (most.cpu * 1e3).round().max(1.0) as u64,
        memory_mib: most.memory.map_or(0, |memory| memory.get() >> 20),
        network_kbit: most.network.unwrap_or(0),
        io_ops: most.io.unwrap_or(0),
    })
}
