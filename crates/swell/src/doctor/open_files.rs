//! How many files and sockets a node may have open.

use rustix::process::{Resource, getrlimit};

use crate::doctor::check::Check;

const NAME: &str = "open files";

/// What a node has open besides its connections.
const OWN: u64 = 64;

/// Looks at the limit of this process, which a node started from here would have.
pub fn look(requests_max: u32) -> Check {
    let limit = getrlimit(Resource::Nofile);
    judge(limit.current, limit.maximum, requests_max)
}

/// What that means: the limit, how far this user may raise it, and how many requests the
/// node would work on at a time. None is no limit.
pub fn judge(soft: Option<u64>, hard: Option<u64>, requests_max: u32) -> Check {
    let needed = u64::from(requests_max) + OWN;
    let Some(soft) = soft else { return Check::ok(NAME, "as many as wanted") };
    if soft >= needed {
        return Check::ok(NAME, format!("up to {soft}"));
    }
    let advice = match hard {
        Some(hard) if hard < needed => format!(
            "raise it before the start (`ulimit -n {hard}`; for more, `LimitNOFILE={needed}` in \
             the service or `nofile` in /etc/security/limits.conf)"
        ),
        _ => format!("raise it before the start (`ulimit -n {needed}`)"),
    };
    if soft < 2 * OWN {
        return Check::fail(NAME, format!("only {soft}, too few for a node"), advice);
    }
    let clients = soft - OWN;
    let finding = format!(
        "up to {soft}: about {clients} clients at a time, fewer than `node.requests-max` \
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
        for (soft, hard, level, advice) in [
            (None, None, Level::Ok, ""),
            (Some(20_000), None, Level::Ok, ""),
            (Some(1_024), Some(4_096), Level::Warn, "`ulimit -n 4096`"),
            (Some(1_024), None, Level::Warn, "`ulimit -n 10064`"),
            (Some(32), Some(20_000), Level::Fail, "`ulimit -n 10064`"),
        ] {
            let check = judge(soft, hard, 10_000);
            assert_eq!(check.level, level, "{check:?}");
            assert!(check.advice.clone().unwrap_or_default().contains(advice), "{check:?}");
        }
    }
}
