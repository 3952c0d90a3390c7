//! The way of one lane to a flow that is at another node, and what is not known of it.

use swell_api::flow::is_native;

use crate::flow::end::PutError;

/// The way of one lane.
#[derive(Default)]
pub(crate) struct Way {
    /// The life of the lane there, and the number of the item that is due.
    pub(crate) known: Option<(u64, u64)>,
    /// Items that may have been sent under the next numbers, and of which nothing was heard.
    pub(crate) doubtful: Vec<Vec<u8>>,
}

impl Way {
    /// What `error` means for items of `from` that were sent by this way.
    pub(crate) fn doubt(&self, from: &str, called: &str, error: PutError) -> PutError {
        let Some((_, next)) = self.known.filter(|_| !self.doubtful.is_empty()) else {
            return error;
        };
        let item = format!("{called}/{next}");
        match error {
            PutError::Unreached(why) => PutError::InDoubt { item, why },
            // A process asks what became of its items when it connects again.
            PutError::Closed if !is_native(from) => {
                PutError::InDoubt { item, why: "this node is going down".to_string() }
            }
            error => error,
        }
    }
}
