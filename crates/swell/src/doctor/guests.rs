//! How guests would get their memory: the plan that works on this machine, found by making
//! the engine as a node would.

use rustix::process::{Resource, getrlimit};
use swell_sandbox::backend::Backend;
use swell_sandbox::wasm::backend::{Wasm, WasmSettings};

use crate::doctor::check::Check;
use crate::figure::bytes;

const NAME: &str = "guests";

/// Makes an engine and lets it go again.
pub fn look(clones_max: Option<u32>) -> Check {
    let limit = getrlimit(Resource::As).current;
    let made = tempfile::tempdir().map_err(|error| error.to_string()).and_then(|folder| {
        let cache = folder.path().to_path_buf();
        let wasm = Wasm::new(&WasmSettings { cache, clones_max, copy_on_write: true })?;
        Ok(wasm.describe())
    });
    judge(made, limit)
}

/// What that means: what the engine says of itself, and the limit of the address space.
pub fn judge(made: Result<String, String>, limit: Option<u64>) -> Check {
    let limited = limit.map(|limit| format!("; address space limited to {}", bytes(limit)));
    let limited = limited.unwrap_or_default();
    let advice = "allow more address space (`ulimit -v unlimited`), or fewer clones \
                  (`--set node.clones-max=100`)";
    match made {
        Err(why) => Check::fail(NAME, format!("none can be run: {why}{limited}"), advice),
        Ok(plan) if plan.contains("better plans did not work") => {
            Check::warn(NAME, format!("{plan}{limited}"), advice)
        }
        Ok(plan) => Check::ok(NAME, format!("{plan}{limited}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Level;

    #[test]
    fn plans_are_judged() {
        for (made, limit, level, words) in [
            (Ok("pooled"), None, Level::Ok, "pooled"),
            (Ok("on demand; better plans did not work here: x"), None, Level::Warn, "x"),
            (Err("no way"), Some(1 << 30), Level::Fail, "no way; address space limited to 1GiB"),
        ] {
            let check = judge(made.map(str::to_string).map_err(str::to_string), limit);
            assert_eq!(check.level, level, "{check:?}");
            assert!(check.finding.ends_with(words), "{check:?}");
        }
    }

    #[test]
    fn this_machine_runs_guests() {
        assert_ne!(look(Some(10)).level, Level::Fail);
    }
}
