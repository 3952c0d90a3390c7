//! One guest: a clone of a template with its store, and what it is worth keeping it.

use std::sync::Arc;

use wasmtime::Store;
use wasmtime_wasi_http::p2::bindings::{Proxy, ProxyPre};

use crate::log::Silence;
use crate::wasm::guest::{Given, Guest};
use crate::wasm::limiter::Account;

/// A guest that answers `wasi:http`, between calls.
pub(crate) struct Lane {
    pub(crate) store: Store<Guest>,
    pub(crate) proxy: Proxy,
    /// Calls it has served.
    pub(crate) served: u64,
}

impl Lane {
    /// Makes a guest.
    pub(crate) async fn clone_of(
        pre: &ProxyPre<Guest>,
        given: &Arc<Given>,
        account: Arc<Account>,
    ) -> Result<Self, (wasmtime::Error, bool)> {
        let making = async {
            let log = Silence::shared();
            let store = Guest::store(pre.engine(), given, account, log, None, false);
            let mut store = store.map_err(|error| (error, false))?;
            match pre.instantiate_async(&mut store).await {
                Ok(proxy) => Ok(Self { store, proxy, served: 0 }),
                Err(error) => Err((error, store.data().limiter.denied)),
            }
        };
        given.time.of(making).await
    }

    /// Readies it for the next call.
    pub(crate) fn refresh(&mut self, given: &Given) -> wasmtime::Result<()> {
        let guest = self.store.data_mut();
        guest.ticks = 0;
        guest.limiter.denied = false;
        self.store.set_epoch_deadline(1);
        if let Some(fuel) = given.fuel {
            self.store.set_fuel(fuel)?;
        }
        Ok(())
    }
}
