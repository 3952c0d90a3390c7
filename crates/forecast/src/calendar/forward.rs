//! From where a rule may be unrolled as well as from its beginning.
//!
//! A rule that never counts can begin any number of its periods later, and comes true at the
//! same moments from there on; of periods shorter than a day as many are taken as make whole
//! days, since that is what clocks keep. So a rule of many years costs no more than one of
//! yesterday. Months and years are few, and differ in length.

use chrono::{DateTime, TimeDelta, TimeZone};
use chrono_tz::Tz;
use rrule::{Frequency, RRule};

const DAY_MS: u64 = 86_400_000;

/// The latest such beginning before a moment, in Unix milliseconds; the first one where there
/// is none.
pub fn forwarded(rule: &RRule, zone: Tz, first_ms: u64, before_ms: u64) -> u64 {
    let interval = u64::from(rule.get_interval()).max(1);
    let period = match rule.get_freq() {
        Frequency::Weekly => 7 * interval,
        Frequency::Daily => interval,
        Frequency::Hourly => interval / common(interval, 24),
        Frequency::Minutely => interval / common(interval, 24 * 60),
        Frequency::Secondly => interval / common(interval, 24 * 60 * 60),
        Frequency::Monthly | Frequency::Yearly => return first_ms,
    };
    let periods = before_ms.saturating_sub(first_ms) / (period * DAY_MS);
    if rule.get_count().is_some() || periods < 2 {
        return first_ms;
    }
    let later = |periods: u64| {
        let first = DateTime::from_timestamp_millis(i64::try_from(first_ms).ok()?)?;
        let days = i64::try_from(periods * period).ok().and_then(TimeDelta::try_days)?;
        let local = first.with_timezone(&zone).naive_local().checked_add_signed(days)?;
        // Not on a day on which clocks skip or repeat that hour: the rule would keep that.
        let moment = zone.from_local_datetime(&local).single()?;
        u64::try_from(moment.timestamp_millis()).ok().filter(|later| *later < before_ms)
    };
    (1..4).filter_map(|back| periods.checked_sub(back)).find_map(later).unwrap_or(first_ms)
}

/// The greatest common divisor.
fn common(a: u64, b: u64) -> u64 {
    if b == 0 { a } else { common(b, a % b) }
}
