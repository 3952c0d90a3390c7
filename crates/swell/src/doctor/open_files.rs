//! How many files and sockets a node may have open.

use rustix::process::{Resource, getrlimit};

use crate::doctor::check::Check;

const NAME: &str = "open files";

/// What a node has open besides its connections.
const OWN: u64 = 64;

/// Looks at how far a node that is started from here may raise its limit, which it does.
pub fn look(requests_max: u32) -> Check {
    judge(getrlimit(Resource::Nofile).maximum, requests_max)
}

/// What that means: the limit, and how many requests the node would work on at a time. None
/// is no limit.
pub fn judge(limit: Option<u64>, requests_max: u32) -> Check {
    let needed = u64::from(requests_max) + OWN;
    let Some(limit) = limit else { return Check::ok(NAME, "as many as wanted") };
    if limit >= needed {
        return Check::ok(NAME, format!("up to {limit}"));
    }
    let advice = format!(
        "raise it: `LimitNOFILE={needed}` in the service, `nofile` in \
         /etc/security/limits.conf, or `ulimit -Hn {needed}` as root"
    );
    if limit < 2 * OWN {
        return Check::fail(NAME, format!("only {limit}, too few for a node"), advice);
    }
    let clients = limit - OWN;
    let finding = format!(
        "up to {limit}: about {clients} clients at a time, fewer than `node.requests-max` \
         ({requests_max}) allows"
    );
    Check::warn(NAME, finding, advice)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Level;

    #[test]
    fn limits_are_judged() {
        for (limit, level, words) in [
            (None, Level::Ok, "as many as wanted"),
            (Some(20_000), Level::Ok, "up to 20000"),
            (Some(1_024), Level::Warn, "about 960 clients"),
            (Some(32), Level::Fail, "only 32"),
        ] {
            let check = judge(limit, 10_000);
            assert_eq!(check.level, level, "{check:?}");
            assert!(check.finding.contains(words), "{check:?}");
        }
    }
}
