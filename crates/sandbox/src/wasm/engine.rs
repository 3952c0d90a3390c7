//! How guests get their memory on this machine.
//!
//! The best plan reserves address space for all clones ahead, so that a clone is a mapping
//! away and needs no bounds checks. Small boxes cannot reserve that much; each plan is
//! tried by making the engine, the best first, until one holds.

use wasmtime::{Config, Enabled, Engine, InstanceAllocationStrategy, PoolingAllocationConfig};

/// Clones there is room for unless somebody says otherwise.
pub(crate) const CLONES: u32 = 1_000;

/// Memory of a clone's slot that stays resident when the clone is gone: the next clone in
/// it takes no page faults there.
const KEEP_RESIDENT: usize = 16 << 20;

/// Core instances in one component: adapters of language runtimes count.
const CORE_INSTANCES_PER_COMPONENT: u32 = 64;

/// What an engine is made for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Choice {
    /// Clones at a time.
    pub clones: u32,
    /// Whether fuel is counted.
    pub fuel: bool,
    /// Whether clones share the pages of their template until they write; off only to
    /// measure what that is worth.
    pub copy_on_write: bool,
}

/// A way to give guests memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Plan {
    pooled: bool,
    /// Address space reserved per memory.
    reservation: u64,
    /// Part of the clones wanted that there is room for.
    divisor: u32,
}

const PLANS: [Plan; 4] = [
    Plan { pooled: true, reservation: 4 << 30, divisor: 1 },
    Plan { pooled: true, reservation: 512 << 20, divisor: 1 },
    Plan { pooled: true, reservation: 128 << 20, divisor: 4 },
    Plan { pooled: false, reservation: 16 << 20, divisor: 1 },
];

/// Makes an engine, and says in a sentence how it gives guests memory and why.
pub(crate) fn make(choice: Choice) -> Result<(Engine, String), String> {
    let mut refused = Vec::new();
    for plan in PLANS {
        match Engine::new(&config(choice, plan)) {
            Ok(engine) => return Ok((engine, describe(choice, plan, &refused))),
            Err(error) => refused.push(format!("{error:#}")),
        }
    }
    Err(format!("no way to give guests memory works here: {}", refused.join("; ")))
}

fn config(choice: Choice, plan: Plan) -> Config {
    let mut config = Config::new();
    config
        .epoch_interruption(true)
        .consume_fuel(choice.fuel)
        .memory_init_cow(choice.copy_on_write)
        .memory_reservation(plan.reservation)
        .max_wasm_stack(512 << 10)
        .async_stack_size(1 << 20);
    if plan.pooled {
        let clones = choice.clones.div_ceil(plan.divisor);
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(clones)
            .total_core_instances(clones.saturating_mul(4).max(CORE_INSTANCES_PER_COMPONENT))
            .total_memories(clones.saturating_mul(2))
            .total_tables(clones.saturating_mul(4))
            .total_stacks(clones)
            .max_core_instances_per_component(CORE_INSTANCES_PER_COMPONENT)
            .max_memories_per_component(8)
            .max_tables_per_component(16)
            .max_memory_size(plan.reservation as usize)
            .table_elements(100_000)
            .linear_memory_keep_resident(KEEP_RESIDENT)
            .table_keep_resident(64 << 10)
            .pagemap_scan(Enabled::Auto);
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    }
    config
}

fn describe(choice: Choice, plan: Plan, refused: &[String]) -> String {
    let reserved = match plan.reservation {
        bytes if bytes >= 1 << 30 => format!("{} GiB", bytes >> 30),
        bytes => format!("{} MiB", bytes >> 20),
    };
    let how = match plan.pooled {
        true => {
            let clones = choice.clones.div_ceil(plan.divisor);
            format!("pooled, copy-on-write, room for {clones} clones of {reserved} reserved each")
        }
        false => "on demand, one mapping per clone".to_string(),
    };
    match refused.first() {
        None => how,
        Some(why) => format!("{how}; better plans did not work here: {why}"),
    }
}
