//! Openraft's conformance suite of storages, on a disk in memory.

use std::sync::Arc;

use openraft::StorageError;
use openraft::error::ErrorSource;
use openraft::impls::BoxedErrorSource;
use openraft::testing::log::{StoreBuilder, Suite};
use redb::backends::InMemoryBackend;
use swell_consensus::replica::Replica;
use swell_consensus::storage::log_store::LogStore;
use swell_consensus::storage::machine::Machine;
use swell_consensus::storage::open::open_disk;
use swell_consensus::storage::writer::Run;
use swell_consensus::types::Types;
use swell_core::council::rules::Rules;
use swell_core::council::state::State;
use swell_core::ids::SiteId;

struct InMemory;

impl StoreBuilder<Types, LogStore, Machine> for InMemory {
    async fn build(&self) -> Result<((), LogStore, Machine), StorageError<Types>> {
        let fell = |error: &dyn std::fmt::Display| {
            StorageError::write(BoxedErrorSource::from_string(error))
        };
        let opened =
            open_disk(InMemoryBackend::new(), SiteId(0), 0).map_err(|error| fell(&error))?;
        let store = LogStore::new(opened, Run::Thread).map_err(|error| fell(&error))?;
        let replica = Replica::new(SiteId(0), State::new(Rules::default()));
        let machine = Machine::new(Arc::clone(&replica), store.clone());
        Ok(((), store, machine))
    }
}

#[tokio::test]
async fn the_store_does_what_openraft_relies_on() {
    Suite::test_all(InMemory).await.expect("every case passes");
}
