//! Brings the contents of a node up, by its settings.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use swell_content::carrier::{Carrier, Nobody};
use swell_content::circle::Circle;
use swell_content::contents::Contents;
use swell_content::copies::CopiesSettings;
use swell_content::objects::open::Place;
use swell_content::peers::{Links, listen};
use swell_content::settings::ContentSettings;
use swell_core::cachegroup::prefetch::prefetcher::Terms;
use swell_core::units::Bytes;
use swell_link::client::Address;
use swell_link::identity::Identity;
use swell_link::purpose::Purpose;

use crate::content::gate::Gate;
use crate::observe::gauges::ContentGauges;
use crate::observe::metrics::Metrics;
use crate::registry::Registry;
use crate::settings::{CacheSettings, NodeSettings, PeerSettings};

/// The folder of the data store and of copies, in the data folder.
const STORE: &str = "contents";
const COPIES: &str = "copies";
/// Beside copies, one part in so many of their memory is for what was fetched ahead.
const ROOM_SHARE: u64 = 8;

/// Opens the contents of a node, and listens to its peers until `stop`; none if its settings
/// want none. Why not, for who started it.
pub async fn open(
    settings: &NodeSettings,
    registry: Arc<Registry>,
    metrics: &Metrics,
    stop: &CancellationToken,
) -> Result<Option<Arc<Gate>>, String> {
    let cache = &settings.cache;
    let Some(store) = &cache.store else { return Ok(None) };
    let store = match store.as_str() {
        "" => Place::Folder(settings.data.join(STORE)),
        place => Place::parse(place)?,
    };
    if cache.peers.is_some() && cache.store.as_deref() == Some("") {
        return Err("nodes with `cache.peers` share a data store: set `cache.store` to a bucket \
                    or a folder that all of them have"
            .to_string());
    }
    let usual = ContentSettings::in_folder(&settings.data);
    let contents = ContentSettings {
        store,
        copies: CopiesSettings {
            memory: cache.memory.get(),
            disk: Some((settings.data.join(COPIES), cache.disk.get())),
        },
        body_bytes_max: cache.content_max.get(),
        workloads: cache.workloads.clone(),
        prefetch: Terms {
            layers: cache.prefetch,
            room: Bytes::new((cache.memory.get() / ROOM_SHARE).min(usual.prefetch.room.get())),
            ..usual.prefetch
        },
        ..usual
    };
    let contents = match &cache.peers {
        None => {
            let circle = Circle::new(&cache.name, [])?;
            Arc::new(Contents::open(contents, circle, Arc::new(Nobody)).await?)
        }
        Some(peers) => with_peers(cache, peers, contents, stop).await?,
    };
    // Their leaders are there before the first caller.
    registry.visit(|function| {
        if let Some(workload) = &function.newest().spec.workload {
            contents.join(workload);
        }
    });
    let counted = Arc::downgrade(&contents);
    metrics.on_scrape(move |gauges| {
        gauges.contents = counted.upgrade().map(|contents| figures(&contents));
    });
    Ok(Some(Arc::new(Gate { contents, registry })))
}

fn figures(contents: &Contents) -> ContentGauges {
    let count = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
    let groups = contents.groups();
    let led = groups.iter().filter(|group| group.leads).count() as u64;
    let own = contents.figures();
    let failed = count(&own.store_failures);
    ContentGauges {
        reads: [count(&own.local), count(&own.group), count(&own.store)],
        read_bytes: count(&own.read_bytes),
        operations: [count(&own.writes), count(&own.failures)],
        messages: [count(&own.sent), count(&own.received)],
        store_requests: [count(&own.store_requests).saturating_sub(failed), failed],
        groups: [led, groups.len() as u64 - led],
        copies: groups.iter().map(|group| group.copies).sum(),
        memory_bytes: contents.memory_used(),
        ahead: contents.fetched_ahead(),
        is_store_up: contents.trouble().is_none(),
    }
}

async fn with_peers(
    cache: &CacheSettings,
    peers: &PeerSettings,
    settings: ContentSettings,
    stop: &CancellationToken,
) -> Result<Arc<Contents>, String> {
    let read = |path: &std::path::Path| {
        std::fs::read_to_string(path)
            .map_err(|error| format!("cannot read `{}`: {error}", path.display()))
    };
    let [authority, certificate, key] = [&peers.authority, &peers.certificate, &peers.key];
    let identity = Identity::of_pem(&read(authority)?, &read(certificate)?, &read(key)?)
        .map_err(|error| error.to_string())?;
    if identity.purpose() != Purpose::Content || identity.name() != cache.name {
        let (purpose, name) = (identity.purpose().word(), identity.name());
        return Err(format!(
            "`{}` certifies the node `{name}` for `{purpose}`; this node is `{}` and needs \
             `content`",
            peers.certificate.display(),
            cache.name
        ));
    }
    let all: Vec<Address> = peers.all.iter().map(|(name, at)| address(name, at)).collect();
    let circle = Circle::new(&cache.name, all.iter().map(|peer| peer.name.as_str()))?;
    let listener = TcpListener::bind(peers.listen)
        .await
        .map_err(|error| format!("cannot listen to peers on {}: {error}", peers.listen))?;
    let links: Arc<Links> = Links::open(&identity, &all);
    let carrier: Arc<dyn Carrier> = links;
    let contents = Arc::new(Contents::open(settings, circle, carrier).await?);
    let (heard, stop) = (contents.clone(), stop.clone());
    tokio::spawn(async move { listen(listener, identity, &heard, stop).await });
    Ok(contents)
}

fn address(name: &str, at: &str) -> Address {
    Address { name: name.to_string(), at: at.to_string() }
}
