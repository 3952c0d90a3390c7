//! A site's end of the resource channel: a port, a certificate and threads of its own, with the
//! log on them.
//!
//! Nothing else runs on these threads, so that neither the requests of functions nor the gossip
//! of sites delays a decision; and the other way round.

use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use swell_core::ids::SiteId;
use swell_link::identity::Identity;
use swell_link::purpose::Purpose;
use swell_link::server::{Bounds, serve};
use tokio::runtime::{Builder, Runtime};
use tokio_util::sync::CancellationToken;

use crate::channel::intake::routes;
use crate::channel::link_carrier::LinkCarrier;
use crate::channel::names::name_of;
use crate::log::{Log, LogError};
use crate::raft::raft_log::RaftLog;
use crate::raft::settings::Settings;
use crate::storage::open::{Past, open_folder};
use crate::storage::writer::Run;

/// How many threads the channel has.
pub const THREADS: usize = 2;

/// What a site's end is made of.
pub struct Opening {
    /// Which site.
    pub site: SiteId,
    /// Where its log lies.
    pub folder: PathBuf,
    /// Whether it must be there.
    pub past: Past,
    /// Its certificate for [`Purpose::Resource`], under the name of
    /// [`name_of`](crate::channel::names::name_of).
    pub identity: Identity,
    /// Where others reach it.
    pub listener: TcpListener,
    /// What the log is told.
    pub settings: Settings,
    /// What else comes over the channel, such as orders to move workloads. Handlers find the
    /// [`Peer`](swell_link::peer::Peer) among a request's extensions.
    pub routes: Router,
}

/// A site's end of the channel.
pub struct ResourceChannel {
    runtime: Option<Runtime>,
    log: Arc<RaftLog>,
    stop: CancellationToken,
}

impl ResourceChannel {
    /// Opens it, with the log.
    pub async fn open(opening: Opening) -> Result<Self, LogError> {
        check(&opening)?;
        let stopped = |error: &dyn std::fmt::Display| LogError::Stopped(error.to_string());
        let threads = Builder::new_multi_thread()
            .worker_threads(THREADS)
            .thread_name("resource")
            .enable_all()
            .build();
        let runtime = threads.map_err(|error| stopped(&error))?;
        let carrier = Arc::new(LinkCarrier::new(&opening.identity));
        let stop = CancellationToken::new();
        let begun = runtime.spawn(begin(opening, carrier, stop.clone()));
        let log = begun.await.map_err(|error| stopped(&error))?;
        match log {
            Ok(log) => Ok(Self { runtime: Some(runtime), log, stop }),
            Err(error) => {
                runtime.shutdown_background();
                Err(error)
            }
        }
    }

    /// The log.
    pub fn log(&self) -> Arc<RaftLog> {
        Arc::clone(&self.log)
    }

    /// Closes the channel and the log.
    pub async fn close(self) -> Result<(), LogError> {
        let closed = self.log.close().await;
        self.stop.cancel();
        closed
    }
}

impl Drop for ResourceChannel {
    fn drop(&mut self) {
        self.stop.cancel();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn check(opening: &Opening) -> Result<(), LogError> {
    let (purpose, name) = (opening.identity.purpose(), opening.identity.name());
    if purpose != Purpose::Resource {
        let why = format!(
            "the certificate is for `{}`: the resource channel needs one for `{}`",
            purpose.word(),
            Purpose::Resource.word()
        );
        return Err(LogError::Refused(why));
    }
    let expected = name_of(opening.site);
    if name != expected {
        let why = format!("the certificate is of `{name}`, and this site is `{expected}`");
        return Err(LogError::Refused(why));
    }
    Ok(())
}

async fn begin(
    opening: Opening,
    carrier: Arc<LinkCarrier>,
    stop: CancellationToken,
) -> Result<Arc<RaftLog>, LogError> {
    let Opening { site, folder, past, identity, listener, settings, routes: others } = opening;
    let stopped = |error: &dyn std::fmt::Display| LogError::Stopped(error.to_string());
    listener.set_nonblocking(true).map_err(|error| stopped(&error))?;
    let listener = tokio::net::TcpListener::from_std(listener).map_err(|error| stopped(&error))?;
    let opened = tokio::task::spawn_blocking(move || open_folder(&folder, site, past)).await;
    let opened = opened.map_err(|error| stopped(&error))?.map_err(|damage| stopped(&damage))?;
    let log = RaftLog::start(site, opened, Run::Thread, &settings, carrier).await?;
    let router = routes(log.desk()).merge(others);
    tokio::spawn(async move {
        serve(listener, &identity, router, Bounds::default(), stop).await;
    });
    Ok(log)
}
