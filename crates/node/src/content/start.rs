//! Brings the contents of a node up, by its settings.

use std::net::{Ipv4Addr, SocketAddr};
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
use swell_core::cachegroup::prefetch::prefetcher;
use swell_core::units::Bytes;
use swell_link::client::{Address, Client};
use swell_link::identity::Identity;
use swell_link::purpose::Purpose;

use crate::clock::wall_ms;
use crate::content::gate::Gate;
use crate::content::stores::Stores;
use crate::grouping::answering::{ask, routes};
use crate::grouping::gossip::Gossip;
use crate::grouping::groups::{Grouping, Parts, Terms};
use crate::live::world::Live;
use crate::observe::gauges::ContentGauges;
use crate::observe::metrics::Metrics;
use crate::registry::Registry;
use crate::settings::{CacheSettings, NodeSettings, PeerSettings};

/// The folder of the data store and of copies, in the data folder.
const STORE: &str = "contents";
const COPIES: &str = "copies";
/// Beside copies, one part in so many of their memory is for what was fetched ahead.
const ROOM_SHARE: u64 = 8;

/// The node around its contents.
pub struct Around {
    /// The functions.
    pub registry: Arc<Registry>,
    /// What runs.
    pub live: Arc<Live>,
    /// What guests store, of which some is in contents.
    pub stores: Arc<Stores>,
}

/// Where processes of this machine find contents over HTTP, if there are any.
pub fn url(cache: &CacheSettings, address: SocketAddr, is_tls: bool) -> Option<String> {
    cache.store.as_ref()?;
    let mut reached = address;
    if address.ip().is_unspecified() {
        reached.set_ip(Ipv4Addr::LOCALHOST.into());
    }
    let scheme = if is_tls { "https" } else { "http" };
    Some(format!("{scheme}://{reached}/v1/content"))
}

/// Opens the contents of a node, and listens to its peers until `stop`; none if its settings
/// want none. Why not, for who started it.
pub async fn open(
    settings: &NodeSettings,
    around: Around,
    metrics: &Metrics,
    stop: &CancellationToken,
) -> Result<Option<Arc<Gate>>, String> {
    let registry = around.registry.clone();
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
        prefetch: prefetcher::Terms {
            layers: cache.prefetch,
            room: Bytes::new((cache.memory.get() / ROOM_SHARE).min(usual.prefetch.room.get())),
            ..usual.prefetch
        },
        ..usual
    };
    let grouping = match &cache.peers {
        None => {
            let circle = Circle::new(&cache.name, [])?;
            let contents = Arc::new(Contents::open(contents, circle, Arc::new(Nobody)).await?);
            Grouping::new(parts(cache, around, contents, None), Vec::new())
        }
        Some(peers) => with_peers(cache, peers, contents, around, stop).await?,
    };
    let contents = grouping.contents().clone();
    // Their leaders are there before the first caller.
    registry.visit(|function| {
        if let Some(workload) = &function.newest().spec.workload {
            contents.join(workload);
        }
    });
    let counted = Arc::downgrade(&grouping);
    metrics.on_scrape(move |gauges| {
        gauges.contents = counted.upgrade().map(|grouping| figures(&grouping));
    });
    Ok(Some(Arc::new(Gate { contents, registry, grouping })))
}

fn parts(
    cache: &CacheSettings,
    around: Around,
    contents: Arc<Contents>,
    client: Option<Client>,
) -> Parts {
    let terms = Terms {
        name: cache.name.clone(),
        workloads: cache.workloads.clone(),
        is_placing: cache.placement,
        has_affinity: cache.prefetch.affinity,
        power: f64::from(cache.power_per_mille) / 1e3,
        bandwidth: cache.bandwidth.get() as f64,
    };
    let Around { registry, live, stores } = around;
    stores.found(contents.clone());
    let history = stores.history().clone();
    Parts { terms, registry, live, contents, history, client }
}

fn figures(grouping: &Grouping) -> ContentGauges {
    let contents = grouping.contents();
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
        groups_differing: groups.iter().filter(|group| group.by_settings.is_some()).count() as u64,
        copies: groups.iter().map(|group| group.copies).sum(),
        memory_bytes: contents.memory_used(),
        ahead: contents.fetched_ahead(),
        is_store_up: contents.trouble().is_none(),
        placements: grouping.tally.read(),
    }
}

async fn with_peers(
    cache: &CacheSettings,
    peers: &PeerSettings,
    settings: ContentSettings,
    around: Around,
    stop: &CancellationToken,
) -> Result<Arc<Grouping>, String> {
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
    let links = Links::open(&identity, &all);
    let carrier: Arc<dyn Carrier> = links.clone();
    let contents = Arc::new(Contents::open(settings, circle, carrier).await?);
    let client = Client::new(identity.clone());
    let parts = parts(cache, around, contents.clone(), Some(client.clone()));
    let me = all.iter().find(|peer| peer.name == cache.name).cloned();
    let me = me.or_else(|| peers.advertise.as_ref().map(|at| address(&cache.name, at)));
    let me = me.ok_or_else(|| {
        format!(
            "`{}` is not in `cache.peers`: set `cache.advertise` to where the others reach it",
            cache.name
        )
    })?;
    let (gossip, heard_of) = Gossip::new(client.clone(), &me, wall_ms(), &all);
    let gossip_routes = gossip.routes();
    let grouping = Grouping::new(parts, all);
    let (near, known) = (Arc::downgrade(&grouping), contents.clone());
    let met = Arc::new(move |there: Vec<Address>| {
        known.meet(there.iter().map(|one| one.name.as_str()));
        there.iter().for_each(|one| links.meet(one));
        if let Some(grouping) = near.upgrade() {
            grouping.meet(there);
        }
    });
    tokio::spawn(gossip.talk(heard_of, met, stop.clone()));
    grouping.carry(client.clone(), stop.clone());
    tokio::spawn(ask(Arc::downgrade(&grouping), client, stop.clone()));
    let routes = routes(&grouping).merge(gossip_routes);
    let (heard, stop) = (contents.clone(), stop.clone());
    tokio::spawn(async move { listen(listener, identity, &heard, routes, stop).await });
    Ok(grouping)
}

fn address(name: &str, at: &str) -> Address {
    Address { name: name.to_string(), at: at.to_string() }
}
