//! How a call stands and what it was answered, at this node and, where it is not known, at others.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use swell_api::invocation::Invocation;
use uuid::Uuid;

use crate::queue::afar::Afar;
use crate::queue::calls::{Queue, unkept};
use crate::queue::entry::Entry;
use crate::refusal::Refusal;

impl Queue {
    /// From now on others are asked for what is not known here, or nobody is.
    pub fn reach(&self, afar: Option<Arc<dyn Afar>>) {
        *self.afar.write() = afar;
    }

    pub(crate) fn afar(&self) -> Option<Arc<dyn Afar>> {
        self.afar.read().clone()
    }

    /// A call, if it is in the queue of this node.
    pub fn call_here(&self, id: Uuid) -> Result<Option<Invocation>, Refusal> {
        let found = self.ledger.get(id).map_err(|error| unkept(&error))?;
        Ok(found.as_ref().map(Entry::shown))
    }

    /// The answer that a call of this node's queue got.
    pub fn answer_here(&self, id: Uuid) -> Result<Option<Response<Bytes>>, Refusal> {
        let found = self.ledger.answer(id).map_err(|error| unkept(&error))?;
        Ok(found.and_then(|(entry, body)| Some(entry.answer?.with(body))))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::api::context::Queued;
    use crate::settings::QueueSettings;

    struct There(Uuid);

    impl Afar for There {
        fn call(&self, id: Uuid) -> Option<Invocation> {
            let call = serde_json::json!({
                "id": id, "function": "shop", "state": "done", "attempts": 1,
                "accepted_at_ms": 1, "trigger": "http",
            });
            (id == self.0).then(|| serde_json::from_value(call).expect("it is a call"))
        }

        fn answer(&self, id: Uuid) -> Option<Response<Bytes>> {
            (id == self.0).then(|| Response::new(Bytes::from_static(b"17")))
        }
    }

    #[test]
    fn what_waits_at_another_site_is_asked_for_there() {
        let folder = tempfile::tempdir().expect("a folder");
        let settings = QueueSettings {
            workers: 2,
            entries_max: 100,
            bytes_max: swell_core::units::Bytes::new(1 << 20),
            keep: Duration::from_secs(60),
            dead_max: 10,
            callbacks: Vec::new(),
        };
        let queue = Queue::open(folder.path(), settings).expect("it is empty");
        let (id, other) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let get = |id: Uuid| queue.get(&id.to_string()).expect("the disk works");
        let result = |id: Uuid| queue.result(&id.to_string()).expect("the disk works");
        assert!(get(id).is_none() && result(id).is_none(), "nobody is asked");
        queue.reach(Some(Arc::new(There(id))));
        assert_eq!(get(id).map(|call| call.function).as_deref(), Some("shop"));
        assert_eq!(result(id).map(|answer| answer.into_body()).as_deref(), Some(&b"17"[..]));
        assert!(get(other).is_none() && result(other).is_none(), "nobody knows it");
        assert!(queue.call_here(id).expect("the disk works").is_none(), "it is not here");
        assert!(queue.get("no id").expect("the disk works").is_none());
    }
}
