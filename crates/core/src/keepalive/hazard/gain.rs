//! Is a start worth what has to go for it?
//!
//! A start is an expense: it holds memory for its length before it serves anyone, and what
//! goes for it would have served others meanwhile. When memory is far too small, most
//! starts cost more calls than they serve (the storm of cold starts), and no order of
//! eviction can help that. So an instance that is yet to be made is held against its
//! victims in their own terms, uses per second: by the same index, but for the time that
//! the start and the first call take before the gap begins. The request at hand counts as
//! less than a warm call, since it is served late.

/// An instance that will be used so much that it is worth so many times what has to go for
/// it is started at once, however precious that is.
const INVESTMENT_FACTOR: f64 = 2.0;

/// What an instance that is yet to be made is worth, in uses per second of holding it.
#[derive(Debug, Clone, Copy)]
pub struct Gain {
    /// By its later uses alone.
    pub later: f64,
    /// With what it is worth to serve the request at hand.
    pub with_request: f64,
}

impl Gain {
    /// The same where each use counts as so much.
    pub fn times(self, cost: f64) -> Self {
        Self { later: self.later * cost, with_request: self.with_request * cost }
    }

    /// Whether to start it at the loss of idle instances that are worth `lost` together.
    /// While the request can wait and what would go is precious, only if later uses alone
    /// are well worth it.
    pub fn is_worth(self, lost: f64, patient: bool) -> bool {
        self.later >= INVESTMENT_FACTOR * lost || (!patient && self.with_request >= lost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_waits_pays_by_later_uses_alone() {
        for (later, with_request, lost, at_once, patiently) in [
            (0.0, 0.0, 0.0, true, true),
            (0.0, 0.3, 0.2, true, false),
            (0.0, 0.3, 0.4, false, false),
            (0.3, 0.6, 0.2, true, false),
            (0.4, 0.6, 0.2, true, true),
        ] {
            let gain = Gain { later, with_request };
            assert_eq!(gain.is_worth(lost, false), at_once, "{gain:?} at {lost}");
            assert_eq!(gain.is_worth(lost, true), patiently, "{gain:?} at {lost}, patiently");
        }
    }
}
