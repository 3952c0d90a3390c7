//! Calls that wait go with their function to another node: each once, and under its id.
//!
//! A call is first marked as leaving, on disk, and from then on not tried here; then it is sent;
//! and it is forgotten here once the other node has it on its disk. Passages of a call are
//! numbered, so one that comes twice is recognised, and one that was called back cannot arrive
//! late. So at no time do two nodes try a call, whoever dies in between.

use std::collections::BTreeSet;

use bytes::Bytes;
use uuid::Uuid;

use swell_api::invocation::InvocationState;

use crate::queue::calls::{Queue, unkept};
use crate::queue::entry::Entry;
use crate::queue::ledger::{Change, Step};
use crate::refusal::Refusal;

/// Calls that go together, and the bytes of their bodies beyond the first.
const CALLS_MAX: usize = 64;
const BYTES_MAX: u64 = 4 << 20;

/// A call with the body of its request.
pub(crate) type Parcel = (Entry, Bytes);

impl Queue {
    /// Some calls of functions that go to a site now, or are on their way there; none once all
    /// have gone. Calls that are being tried are left out.
    pub(crate) async fn leave_for(
        &self,
        functions: &[String],
        site: &str,
    ) -> Result<Vec<Parcel>, Refusal> {
        let goes = |entry: &Entry| {
            entry.state == InvocationState::Queued
                && functions.contains(&entry.function)
                && entry.leaving.as_deref().is_none_or(|to| to == site)
        };
        let (mut going, mut bytes) = (Vec::new(), 0);
        let see = |entry: Entry| {
            let has_room = going.is_empty() || bytes + entry.bytes <= BYTES_MAX;
            if goes(&entry) && going.len() < CALLS_MAX && has_room {
                bytes += entry.bytes;
                going.push(entry);
            }
        };
        self.ledger.load(see).map_err(|error| unkept(&error))?;
        let mut marked = Vec::new();
        going.retain_mut(|entry| {
            if entry.leaving.is_some() {
                return true;
            }
            if !self.state.lock().leave(entry) {
                return false;
            }
            let former = entry.clone();
            (entry.leaving, entry.handed) = (Some(site.to_string()), entry.handed + 1);
            marked.push((former, entry.clone()));
            true
        });
        if !marked.is_empty() {
            let change = |(_, entry): &(Entry, Entry)| changed(entry);
            let change = marked.iter().map(change).collect();
            let written = self.ledger.write(Step { change, ..Step::default() }).await;
            let mut state = self.state.lock();
            let stands = |(former, next): &(Entry, Entry)| {
                state.enter(if written.is_ok() { next } else { former });
            };
            marked.iter().for_each(stands);
            drop(state);
            written.map_err(|error| unkept(&error))?;
        }
        let mut parcels = Vec::with_capacity(going.len());
        for entry in going {
            let found = self.ledger.request(entry.id).map_err(|error| unkept(&error))?;
            parcels.extend(found);
        }
        Ok(parcels)
    }

    /// Calls that were sent to a site are on its disk: they are forgotten here.
    pub(crate) async fn gone(&self, sent: &[Parcel], site: &str) -> Result<(), Refusal> {
        let remove = sent.iter().map(|(entry, _)| entry.id).collect();
        let step = Step { remove, moved: Some(site.to_string()), ..Step::default() };
        self.ledger.write(step).await.map_err(|error| unkept(&error))?;
        let mut state = self.state.lock();
        sent.iter().for_each(|(entry, _)| state.uncount(entry));
        Ok(())
    }

    /// Calls that came from another node; those that came before are passed over. They are on
    /// the disk when this is done.
    pub(crate) async fn arrive(&self, mut parcels: Vec<Parcel>) -> Result<(), Refusal> {
        let mut former = Vec::new();
        for (entry, body) in &mut parcels {
            entry.leaving = None;
            entry.bytes = body.len() as u64;
            former.push(self.ledger.get(entry.id).map_err(|error| unkept(&error))?);
        }
        let entries: Vec<Entry> = parcels.iter().map(|(entry, _)| entry.clone()).collect();
        self.reserve(&entries)?;
        let written = self.ledger.write(Step { take: parcels, ..Step::default() }).await;
        let mut state = self.state.lock();
        let taken = written.map_err(|error| {
            entries.iter().for_each(|entry| state.uncount(entry));
            unkept(&error)
        })?;
        for ((entry, former), taken) in entries.iter().zip(former).zip(taken) {
            if taken.is_err() {
                state.uncount(entry);
                continue;
            }
            // It was on its way from here, and comes back.
            former.iter().for_each(|former| state.uncount(former));
            state.line_up(entry);
        }
        drop(state);
        self.stirred.notify_one();
        Ok(())
    }

    /// Passages that are on their way from here to a site, of calls of these functions.
    pub(crate) fn under_way(
        &self,
        functions: &[String],
        site: &str,
    ) -> Result<Vec<(Uuid, u32)>, Refusal> {
        let mut found = Vec::new();
        let see = |entry: Entry| {
            if functions.contains(&entry.function) && entry.leaving.as_deref() == Some(site) {
                found.push((entry.id, entry.handed));
            }
        };
        self.ledger.load(see).map_err(|error| unkept(&error))?;
        Ok(found)
    }

    /// The sites that calls are on their way to.
    pub(crate) fn destinations(&self) -> Result<BTreeSet<String>, Refusal> {
        let mut found = BTreeSet::new();
        if self.state.lock().waiting > 0 {
            let see = |entry: Entry| found.extend(entry.leaving);
            self.ledger.load(see).map_err(|error| unkept(&error))?;
        }
        Ok(found)
    }

    /// Another node calls passages back: those that have not arrived here never will, and are
    /// given as the answer.
    pub(crate) async fn bar(&self, passages: Vec<(Uuid, u32)>) -> Result<Vec<Uuid>, Refusal> {
        let ids: Vec<Uuid> = passages.iter().map(|(id, _)| *id).collect();
        let step = Step { bar: passages, ..Step::default() };
        let barred = self.ledger.write(step).await.map_err(|error| unkept(&error))?;
        Ok(ids.into_iter().zip(barred).filter_map(|(id, of)| of.is_ok().then_some(id)).collect())
    }

    /// Passages that will not arrive: their calls wait here again.
    pub(crate) async fn stay(&self, ids: Vec<Uuid>) -> Result<(), Refusal> {
        let mut change = Vec::new();
        let mut stood = Vec::new();
        for id in ids.into_iter().collect::<BTreeSet<_>>() {
            let found = self.ledger.get(id).map_err(|error| unkept(&error))?;
            let Some(former) = found.filter(|entry| entry.leaving.is_some()) else { continue };
            let entry = Entry { leaving: None, ..former.clone() };
            change.push(changed(&entry));
            stood.push((former, entry));
        }
        let written = self.ledger.write(Step { change, ..Step::default() }).await;
        written.map_err(|error| unkept(&error))?;
        let mut state = self.state.lock();
        for (former, entry) in stood {
            state.uncount(&former);
            state.enter(&entry);
        }
        drop(state);
        self.stirred.notify_one();
        Ok(())
    }

    /// Whether any call of these functions waits here or is being tried.
    pub(crate) fn has_open(&self, functions: &[String]) -> Result<bool, Refusal> {
        let mut has_open = false;
        let see = |entry: Entry| {
            has_open |= !entry.ended() && functions.contains(&entry.function);
        };
        self.ledger.load(see).map_err(|error| unkept(&error))?;
        Ok(has_open)
    }
}

fn changed(entry: &Entry) -> Change {
    Change { entry: entry.clone(), answer: None, drop_request: false }
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::{Duration, Instant};

    use http::Request;

    use super::*;
    use crate::api::context::Queued;
    use crate::later::Deferred;
    use crate::observe::function_metrics::TriggerKind;
    use crate::settings::QueueSettings;

    fn open(folder: &Path) -> Queue {
        let settings = QueueSettings {
            workers: 2,
            entries_max: 100,
            bytes_max: swell_core::units::Bytes::new(1 << 20),
            keep: Duration::from_secs(60),
            dead_max: 10,
            callbacks: Vec::new(),
        };
        let deadline = Instant::now() + Duration::from_secs(60);
        loop {
            match Queue::open(folder, settings.clone()) {
                Ok(queue) => return queue,
                // Whoever had it before lets go of it on a thread of its own.
                Err(error) => assert!(Instant::now() < deadline, "{error}"),
            }
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn mail() -> Vec<String> {
        vec!["mail".to_string()]
    }

    async fn accept(queue: &Queue, body: &str) -> Uuid {
        let call = Deferred {
            function: "mail".to_string(),
            trigger: TriggerKind::Http,
            request: Request::new(Bytes::from(body.to_string())),
            callback: None,
            retry: Default::default(),
            key: Some(body.to_string()),
        };
        queue.accept_all(vec![call], None).await.expect("there is room")[0]
    }

    fn ids(parcels: &[Parcel]) -> Vec<Uuid> {
        parcels.iter().map(|(entry, _)| entry.id).collect()
    }

    fn waiting(queue: &Queue) -> u64 {
        queue.state.lock().waiting
    }

    #[tokio::test]
    async fn calls_go_once_whoever_dies_in_between() {
        let [here, there] = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
        let (oslo, lima) = (open(here.path()), open(there.path()));
        let (one, two) = (accept(&oslo, "one").await, accept(&oslo, "two").await);
        let sent = oslo.leave_for(&mail(), "lima").await.expect("it is read");
        assert_eq!(ids(&sent), [one, two]);
        assert_eq!(oslo.state.lock().turns.next_due_ms(), None, "nobody tries them here");
        lima.arrive(sent).await.expect("there is room");
        // Oslo dies before it hears of it, and sends them again.
        drop(oslo);
        let oslo = open(here.path());
        assert_eq!(oslo.state.lock().turns.next_due_ms(), None, "nor after a restart");
        let again = oslo.leave_for(&mail(), "lima").await.expect("it is read");
        assert_eq!(ids(&again), [one, two]);
        lima.arrive(again.clone()).await.expect("there is room");
        oslo.gone(&again, "lima").await.expect("it is written");
        assert_eq!((waiting(&oslo), waiting(&lima)), (0, 2));
        assert!(!oslo.has_open(&mail()).expect("it is read"));
        let told = oslo.get(&one.to_string()).expect_err("it went");
        assert!(told.title.contains("site `lima`"), "{told:?}");
        // The same key is the same call there, too.
        assert_eq!(accept(&lima, "one").await, one);
        let back = lima.leave_for(&mail(), "oslo").await.expect("it is read");
        oslo.arrive(back.clone()).await.expect("there is room");
        lima.gone(&back, "oslo").await.expect("it is written");
        assert_eq!((waiting(&oslo), waiting(&lima)), (2, 0));
        let (_, body) = oslo.ledger.request(two).expect("it is read").expect("it is back");
        assert_eq!(&body[..], b"two");
    }

    #[tokio::test]
    async fn what_was_called_back_never_arrives() {
        let [here, there] = [(); 2].map(|()| tempfile::tempdir().expect("a folder"));
        let (oslo, lima) = (open(here.path()), open(there.path()));
        let (one, two) = (accept(&oslo, "one").await, accept(&oslo, "two").await);
        let sent = oslo.leave_for(&mail(), "lima").await.expect("it is read");
        lima.arrive(sent[..1].to_vec()).await.expect("there is room");
        assert_eq!(oslo.destinations().expect("it is read"), ["lima".to_string()].into());
        assert!(lima.destinations().expect("it is read").is_empty());
        let passages = oslo.under_way(&mail(), "lima").expect("it is read");
        let missed = lima.bar(passages).await.expect("it is written");
        assert_eq!(missed, [two]);
        oslo.stay(missed).await.expect("it is written");
        lima.arrive(sent[1..].to_vec()).await.expect("it is late");
        assert_eq!(waiting(&lima), 1, "the second stays where it is");
        assert!(oslo.state.lock().turns.next_due_ms().is_some());
        let left = oslo.under_way(&mail(), "lima").expect("it is read");
        assert_eq!(left.iter().map(|(id, _)| *id).collect::<Vec<_>>(), [one]);
        let back = lima.leave_for(&mail(), "oslo").await.expect("it is read");
        oslo.arrive(back.clone()).await.expect("there is room");
        lima.gone(&back, "oslo").await.expect("it is written");
        assert_eq!((waiting(&oslo), waiting(&lima)), (2, 0));
    }
}
