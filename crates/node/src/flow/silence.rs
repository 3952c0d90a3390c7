//! Since when another node was not reached, so that nobody waits long to hear of it.

use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;

use swell_link::error::LinkError;

/// From then on whoever asks hears at once what the latest try came to: a node that is restarted
/// is back by then.
const LONG: Duration = Duration::from_secs(5);

/// The tries that reached nobody since one did.
#[derive(Default)]
pub(crate) struct Silence(Mutex<Option<Tries>>);

struct Tries {
    first: Instant,
    last: Instant,
    why: String,
    /// Whether somebody answered, who knows of no such flow.
    is_unknown: bool,
}

impl Silence {
    /// What a try came to: nothing, or an error. One that broke off, or took too long, tells
    /// neither.
    pub(crate) fn hear(&self, error: Option<&LinkError>, now: Instant) {
        let mut tries = self.0.lock();
        match error {
            Some(LinkError::Unreachable { .. } | LinkError::Refused { status: 404, .. }) => {
                let why = error.map(ToString::to_string).unwrap_or_default();
                let is_unknown = matches!(error, Some(LinkError::Refused { .. }));
                let before = tries.as_ref().filter(|tries| tries.is_unknown == is_unknown);
                let first = before.map_or(now, |tries| tries.first);
                *tries = Some(Tries { first, last: now, why, is_unknown });
            }
            None | Some(LinkError::Refused { .. } | LinkError::TooLong { .. }) => *tries = None,
            Some(LinkError::Unusable(_) | LinkError::Late(_) | LinkError::Broken { .. }) => {}
        }
    }

    /// Another node is asked from now on.
    pub(crate) fn end(&self) {
        *self.0.lock() = None;
    }

    /// Whether there is any.
    pub(crate) fn is_kept(&self) -> bool {
        self.0.lock().is_some()
    }

    /// Whether it lasts for so long that waiting makes no sense.
    pub(crate) fn is_long(&self, now: Instant) -> bool {
        let tries = self.0.lock();
        let silent = tries.as_ref().filter(|tries| !tries.is_unknown);
        silent.is_some_and(|tries| now.duration_since(tries.first) >= LONG)
    }

    /// What somebody should look after, in words.
    pub(crate) fn told(&self, now: Instant) -> Option<String> {
        self.0.lock().as_ref().map(|Tries { first, last, why, is_unknown }| {
            let ago = |then: Instant| now.duration_since(then).as_secs();
            if *is_unknown {
                return format!(
                    "the node that had this flow knows of none since {} s ago: {why}; remove it \
                     here as well, or deploy it anew at that node",
                    ago(*first)
                );
            }
            format!(
                "the node that has this flow does not answer since {} s ago (last tried {} s ago): \
                 {why}; start that node, or see whether the flow went further",
                ago(*first),
                ago(*last)
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_lasts_from_the_first_try_that_reached_nobody_until_one_did() {
        let start = Instant::now();
        let at = |seconds| start + Duration::from_secs(seconds);
        let unreachable = LinkError::Unreachable {
            peer: "oslo".to_string(),
            address: "127.0.0.1:1".to_string(),
            reason: "refused".to_string(),
        };
        let broken = LinkError::Broken { peer: "oslo".to_string(), reason: "reset".to_string() };
        let silence = Silence::default();
        silence.hear(Some(&broken), at(0));
        assert_eq!(silence.told(at(9)), None);
        silence.hear(Some(&unreachable), at(10));
        silence.hear(Some(&unreachable), at(14));
        silence.hear(Some(&broken), at(14));
        assert!(!silence.is_long(at(14)));
        assert!(silence.is_long(at(15)));
        let told = silence.told(at(16)).expect("it is silent");
        assert!(told.contains("since 6 s ago (last tried 2 s ago): cannot reach `oslo`"), "{told}");
        silence.hear(None, at(17));
        assert!(!silence.is_long(at(30)));
        assert_eq!(silence.told(at(30)), None);
        let reason = "no flow `frames` is here".to_string();
        let gone = LinkError::Refused { peer: "oslo".to_string(), status: 404, reason };
        silence.hear(Some(&gone), at(40));
        let told = silence.told(at(43)).expect("it is told");
        assert!(told.contains("knows of none since 3 s ago") && !silence.is_long(at(90)), "{told}");
    }
}
