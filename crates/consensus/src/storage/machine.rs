//! The council's state machine as openraft feeds it, and its snapshots.

use std::io;
use std::sync::Arc;

use futures_util::{Stream, TryStreamExt};
use openraft::storage::{EntryResponder, RaftStateMachine};
use openraft::{EntryPayload, OptionalSend, RaftSnapshotBuilder};
use parking_lot::Mutex;
use redb::ReadableDatabase;
use swell_core::council::image::{restore, save};

use crate::replica::Replica;
use crate::storage::damage::Damage;
use crate::storage::log_store::LogStore;
use crate::storage::tables::{MARKS, Mark, mark};
use crate::types::{LogId, Snapshot, SnapshotMeta, StoredMembers, Types};

/// The council's state at a site, with its place in the log.
#[derive(Debug, Clone)]
pub struct Machine {
    replica: Arc<Replica>,
    store: LogStore,
    place: Arc<Mutex<Place>>,
}

/// Up to where the log was applied.
#[derive(Debug, Default, Clone)]
struct Place {
    last: Option<LogId>,
    members: StoredMembers,
}

/// A snapshot to be written.
#[derive(Debug)]
pub struct Builder {
    meta: SnapshotMeta,
    image: Vec<u8>,
    store: LogStore,
}

impl Machine {
    /// The state of a site whose log was opened; nothing has been applied to it yet.
    pub fn new(replica: Arc<Replica>, store: LogStore) -> Self {
        Self { replica, store, place: Arc::default() }
    }

    fn stored(&self) -> Result<Option<(SnapshotMeta, Vec<u8>)>, Damage> {
        let reading = self.store.database().begin_read().map_err(Damage::of)?;
        let marks = reading.open_table(MARKS).map_err(Damage::of)?;
        let meta: Option<SnapshotMeta> = mark(&marks, Mark::SnapshotMeta)?;
        let image = marks.get(Mark::Snapshot as u8).map_err(Damage::of)?;
        Ok(meta.zip(image.map(|image| image.value().to_vec())))
    }
}

impl RaftSnapshotBuilder<Types> for Builder {
    type SnapshotData = Vec<u8>;

    async fn build_snapshot(&mut self) -> Result<Snapshot, io::Error> {
        self.store.keep(&self.meta, self.image.clone()).await?;
        Ok(Snapshot { meta: self.meta.clone(), snapshot: self.image.clone() })
    }
}

impl RaftStateMachine<Types> for Machine {
    type SnapshotData = Vec<u8>;
    type SnapshotBuilder = Builder;

    async fn applied_state(&mut self) -> Result<(Option<LogId>, StoredMembers), io::Error> {
        let place = self.place.lock();
        Ok((place.last, place.members.clone()))
    }

    async fn apply<S>(&mut self, mut entries: S) -> Result<(), io::Error>
    where
        S: Stream<Item = Result<EntryResponder<Types>, io::Error>> + Unpin + OptionalSend,
    {
        while let Some((entry, responder)) = entries.try_next().await? {
            if let EntryPayload::Normal(said) = &entry.payload {
                self.replica.check_known(&said.0).map_err(io::Error::other)?;
            }
            let mut place = self.place.lock();
            place.last = Some(entry.log_id);
            match entry.payload {
                EntryPayload::Blank => {}
                EntryPayload::Normal(said) => {
                    self.replica.apply(said.0);
                }
                EntryPayload::Membership(members) => {
                    place.members = StoredMembers::new(Some(entry.log_id), members);
                }
            }
            drop(place);
            if let Some(responder) = responder {
                responder.send(());
            }
        }
        Ok(())
    }

    async fn get_snapshot_builder(&mut self) -> Builder {
        let place = self.place.lock();
        let meta = SnapshotMeta { last_log_id: place.last, last_membership: place.members.clone() };
        Builder { meta, image: self.replica.read(save), store: self.store.clone() }
    }

    async fn install_snapshot(
        &mut self,
        meta: &SnapshotMeta,
        image: Vec<u8>,
    ) -> Result<(), io::Error> {
        let state = restore(&image).map_err(io::Error::other)?;
        self.store.keep(meta, image).await?;
        let mut place = self.place.lock();
        *place = Place { last: meta.last_log_id, members: meta.last_membership.clone() };
        self.replica.replace(state);
        Ok(())
    }

    async fn get_current_snapshot(&mut self) -> Result<Option<Snapshot>, io::Error> {
        let stored = self.stored().map_err(io::Error::other)?;
        Ok(stored.map(|(meta, snapshot)| Snapshot { meta, snapshot }))
    }
}
