//! What the mind makes of the forecast of a function, in the words of the API.

use std::time::Duration;

use swell_api::forecast::CloneProspect;
use swell_core::prospect::{Prospect, Why};
use swell_core::settings::CloningMode;
use swell_core::time::Instant;

use crate::foresight::ground::Ground;
use crate::registry::Function;

/// The clones of each version that gets calls; `is_known` if a schedule makes calls of it sure.
pub fn clones(ground: &Ground, function: &Function, is_known: bool) -> Vec<CloneProspect> {
    let called = function.traffic.iter().filter(|share| share.percent > 0);
    let versions = called.filter_map(|share| function.version(share.version));
    let told = versions.filter_map(|version| {
        let (now, prospect) = ground.parts.live.prospect(version.id)?;
        let left = |at: Instant| ground.parts.live.clock.real(at.since(now));
        let mode = ground.mode(version.spec.forecast);
        let Prospect { live, clones, wanted, enough, .. } = prospect;
        Some(CloneProspect {
            version: version.version,
            mode,
            instances: live,
            clones,
            wanted,
            enough: enough.map(|chance| f64::from(chance) / 1e3),
            reason: word(prospect.why).to_string(),
            text: text(&prospect, is_known, left),
        })
    });
    told.collect()
}

fn word(why: Why) -> &'static str {
    match why {
        Why::Off => "off",
        Why::Unforeseen => "unforeseen",
        Why::Unworthy => "unworthy",
        Why::Fulfilled => "fulfilled",
        Why::Outranked => "outranked",
        Why::Later(_) => "later",
        Why::There => "there",
        Why::Failing(_) => "failing",
        Why::CallsFail(..) => "calls-fail",
        Why::Capped(_) => "capped",
        Why::CallsWait => "calls-wait",
        Why::Unpaid => "unpaid",
        Why::ShareUsed => "share-used",
        Why::OwnShareUsed => "own-share-used",
        Why::NoRoom => "no-room",
        Why::Due => "due",
    }
}

fn text(prospect: &Prospect, is_known: bool, left: impl Fn(Instant) -> Duration) -> String {
    let Prospect { mode, live, clones, wanted, enough, why, .. } = *prospect;
    let in_all = match wanted {
        0 => "no clone is made".to_string(),
        1 => "1 instance is wanted".to_string(),
        many => format!("{many} instances are wanted"),
    };
    let least = match enough {
        None => "not even a certain call would be".to_string(),
        Some(enough) => format!("it takes {} %", (f64::from(enough) / 10.0).round()),
    };
    let count = |live: u32| match live {
        0 => "is none".to_string(),
        1 => "is 1".to_string(),
        many => format!("are {many}"),
    };
    let soon = |at: Instant| format!("in {:.1} s", left(at).as_secs_f64());
    let because = match why {
        Why::Off => return "clones of it are not made: `forecast` is off for it".to_string(),
        Why::Unforeseen => "nothing is expected of this moment".to_string(),
        Why::Unworthy if is_known => {
            "the next call of its schedule is not due yet, and others are too unlikely to be worth a start"
                .to_string()
        }
        Why::Unworthy => {
            format!("the chance of a call is too small to be worth a start: {least}")
        }
        Why::Fulfilled => "as many calls came as were expected, so habit decides".to_string(),
        Why::Outranked => "others are worth more of the memory that clones may hold".to_string(),
        Why::Later(at) => format!("there is time to begin {}", soon(at)),
        Why::There if clones > 0 => {
            format!("there {}, {clones} of them a clone that waits", count(live))
        }
        Why::There => format!("there {}", count(live)),
        Why::Failing(at) => format!("clones failed, and the next may begin {}", soon(at)),
        Why::CallsFail(failed, at) => format!(
            "its last {failed} calls had no answer, so that one clone at most waits, and the next may \
             begin {}",
            soon(at)
        ),
        Why::Capped(at) => {
            format!("the cap on starts was reached, and the next may begin {}", soon(at))
        }
        Why::CallsWait => "a call waits for memory and comes first".to_string(),
        Why::Unpaid => {
            "clones have cost more starts of late than they were worth, and this one is not certain \
             to be used"
                .to_string()
        }
        Why::ShareUsed => "clones hold all the memory that they may".to_string(),
        Why::OwnShareUsed => "clones of it hold all the memory that they may".to_string(),
        Why::NoRoom => "no memory is free, and nothing that rests is worth less".to_string(),
        Why::Due => format!("there {}, and the next is about to begin", count(live)),
    };
    let told = format!("{in_all}: {because}");
    if mode == CloningMode::Shadow { format!("with clones, {told}") } else { told }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_is_told() {
        let at = Instant::from_millis(1_500);
        let prospect = Prospect {
            mode: CloningMode::On,
            live: 2,
            clones: 1,
            wanted: 0,
            beyond: 0,
            until: None,
            enough: Some(404),
            why: Why::Unworthy,
        };
        let there = Prospect { wanted: 2, why: Why::There, ..prospect };
        let never = Prospect { enough: None, ..prospect };
        let shadow = Prospect { mode: CloningMode::Shadow, why: Why::Outranked, ..prospect };
        let capped = Prospect { wanted: 3, why: Why::Capped(at), ..prospect };
        let left = |at: Instant| Duration::from_nanos(at.nanos());
        for (prospect, expected) in [
            (
                prospect,
                "no clone is made: the chance of a call is too small to be worth a start: it takes 40 %",
            ),
            (
                never,
                "no clone is made: the chance of a call is too small to be worth a start: not even a certain call would be",
            ),
            (there, "2 instances are wanted: there are 2, 1 of them a clone that waits"),
            (
                shadow,
                "with clones, no clone is made: others are worth more of the memory that clones may hold",
            ),
            (
                capped,
                "3 instances are wanted: the cap on starts was reached, and the next may begin in 1.5 s",
            ),
        ] {
            assert_eq!(text(&prospect, false, left), expected);
        }
        let scheduled = text(&never, true, left);
        assert!(scheduled.contains("next call of its schedule is not due yet"), "{scheduled}");
        assert_eq!(text(&there, true, left), text(&there, false, left));
    }
}
