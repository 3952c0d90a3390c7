//! The clock: whether it can be right, and in which time zone people read it.

use std::path::Path;
use std::time::{Duration, SystemTime};

use crate::doctor::check::Check;
use crate::figure::moment;

const NAME: &str = "clock";

/// Clocks of machines that build programs differ a little.
const LENIENCE: Duration = Duration::from_secs(24 * 3600);

/// Where the system keeps its time zones.
const ZONES: &str = "/usr/share/zoneinfo";

/// Looks at the clock; `data` is the folder whose journals tell when a node ran before.
pub fn look(data: &Path) -> Check {
    let program = std::env::current_exe().and_then(|path| path.metadata()?.modified()).ok();
    let zone = std::env::var("TZ").ok().filter(|zone| !zone.is_empty());
    let unknown = zone.filter(|zone| !is_known(zone));
    judge(SystemTime::now(), program, last_run(data), unknown.as_deref())
}

/// When the newest run began, by the names of the journals.
fn last_run(data: &Path) -> Option<SystemTime> {
    let journals = std::fs::read_dir(data.join("journal")).ok()?;
    let begun = journals.flatten().filter_map(|file| {
        let path = file.path();
        path.file_stem()?.to_str()?.parse::<u64>().ok()
    });
    begun.max().map(|ms| SystemTime::UNIX_EPOCH + Duration::from_millis(ms))
}

fn is_known(zone: &str) -> bool {
    let name = zone.trim_start_matches(':');
    // `UTC0`, `CET-1CEST` and the like explain themselves.
    name.contains(|letter: char| letter.is_ascii_digit()) || Path::new(ZONES).join(name).exists()
}

/// What that means: the time, when the program was made, when a node ran last, and the name
/// of a time zone that nobody knows.
pub fn judge(
    now: SystemTime,
    program: Option<SystemTime>,
    last: Option<SystemTime>,
    unknown: Option<&str>,
) -> Check {
    let since = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    let shown = moment(u64::try_from(since.as_millis()).unwrap_or(u64::MAX));
    let set = "set it, such as with `timedatectl set-ntp true`";
    if program.is_some_and(|program| now + LENIENCE < program) {
        let finding = format!("{shown}, which is before this program was made");
        return Check::fail(NAME, finding, set);
    }
    if last.is_some_and(|last| now < last) {
        let finding = format!("{shown}, which is before the last node began here");
        return Check::warn(NAME, finding, format!("{set}; ages and schedules go by it"));
    }
    if let Some(zone) = unknown {
        let finding = format!("{shown}; the time zone `{zone}` in `TZ` is not known here");
        return Check::warn(NAME, finding, format!("name one below {ZONES}, such as `TZ=UTC`"));
    }
    Check::ok(NAME, shown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Level;

    #[test]
    fn clocks_are_judged() {
        let day = |number: u64| SystemTime::UNIX_EPOCH + LENIENCE * number as u32;
        for (now, program, last, unknown, level) in [
            (10, Some(9), Some(10), None, Level::Ok),
            (10, None, None, None, Level::Ok),
            (10, Some(12), None, None, Level::Fail),
            (10, Some(9), Some(11), None, Level::Warn),
            (10, Some(9), None, Some("Mars/Olympus"), Level::Warn),
        ] {
            let check = judge(day(now), program.map(day), last.map(day), unknown);
            assert_eq!(check.level, level, "{check:?}");
        }
        assert!(is_known("UTC0") && is_known(":CET-1CEST") && !is_known("Mars/Olympus"));
    }
}
