//! Which functions are here, in which versions, and which version a request gets.
//!
//! Reading is on the path of every request and takes one short shared lock. Versions are
//! immutable; what changes is which exist and how traffic is shared among them.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64};

use parking_lot::RwLock;

use swell_api::function::Share;
use swell_api::spec::{FunctionSpec, Route};
use swell_core::ids::FunctionId;
use swell_sandbox::backend::Template;

use crate::observe::observed::Observed;
use crate::observe::usage::Usage;

/// One version of a function, as it stands on this node.
pub struct Version {
    /// The name it has in the mind.
    pub id: FunctionId,
    /// The function.
    pub name: Arc<str>,
    /// Its number, from 1.
    pub version: u32,
    /// When it was deployed, in milliseconds since 1970.
    pub deployed_at_ms: u64,
    /// What was deployed.
    pub spec: FunctionSpec,
    /// Its code made ready, or why that failed; nothing while it is being prepared.
    pub template: OnceLock<Result<Arc<dyn Template>, String>>,
    /// What of its settings may change while it stands.
    pub scale: RwLock<Scale>,
    /// Whether an instance is kept for as long as its function moves between sites, whatever it
    /// says itself.
    pub held: AtomicBool,
    /// Instances that an announced event holds now.
    pub floor: AtomicU32,
    /// What its calls came to.
    pub counts: Counts,
    /// What its calls used, but for processor time.
    pub usage: Usage,
    /// Requests that wait for an instance.
    pub waiting: AtomicU32,
    /// Requests that instances work on.
    pub running: AtomicU32,
    /// Who watches its calls, from the first call on.
    pub observed: OnceLock<Arc<Observed>>,
    /// Why its last start failed.
    pub last_start_failure: RwLock<Option<String>>,
}

impl Version {
    /// A version as it was deployed, with its code not yet made ready.
    pub fn new(
        id: FunctionId,
        name: Arc<str>,
        version: u32,
        deployed_at_ms: u64,
        spec: FunctionSpec,
    ) -> Self {
        let scale = Scale::of(&spec);
        Self {
            id,
            name,
            version,
            deployed_at_ms,
            spec,
            template: OnceLock::new(),
            scale: RwLock::new(scale),
            held: AtomicBool::new(false),
            floor: AtomicU32::new(0),
            counts: Counts::default(),
            usage: Usage::default(),
            waiting: AtomicU32::new(0),
            running: AtomicU32::new(0),
            observed: OnceLock::new(),
            last_start_failure: RwLock::new(None),
        }
    }
}

/// What of a version's settings may change while it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Scale {
    /// Whether it has a share of the traffic and its function is not paused. A version
    /// that has none keeps no instances warm and none pinned.
    pub serving: bool,
    /// Instances kept at all times.
    pub min_warm: u32,
    /// Instances allowed at a time; none is as many as fit.
    pub max_instances: Option<u32>,
}

impl Scale {
    /// What was deployed, with a share of the traffic.
    pub fn of(spec: &FunctionSpec) -> Self {
        Self { serving: true, min_warm: spec.min_warm, max_instances: spec.max_instances }
    }
}

/// What calls came to, since the node came up.
#[derive(Debug, Default)]
pub struct Counts {
    /// All that arrived.
    pub total: AtomicU64,
    /// Those that waited for a new instance.
    pub cold: AtomicU64,
    /// Those that were refused.
    pub refused: AtomicU64,
    /// Those that were served, and failed.
    pub failed: AtomicU64,
}

/// A function: its versions and their shares.
#[derive(Clone)]
pub struct Function {
    /// Its name.
    pub name: Arc<str>,
    /// All versions kept, oldest first; at least one.
    pub versions: Vec<Arc<Version>>,
    /// Shares of traffic; their percents sum to 100.
    pub traffic: Vec<Share>,
    /// Whether a person paused it.
    pub paused: bool,
}

impl Function {
    /// The newest version.
    pub fn newest(&self) -> &Arc<Version> {
        self.versions.last().expect("a function has at least one version")
    }

    /// A version by its number.
    pub fn version(&self, number: u32) -> Option<&Arc<Version>> {
        self.versions.iter().find(|version| version.version == number)
    }

    /// The version with the greatest share, the newer among equals: its routes and triggers
    /// are those that count.
    pub fn leading(&self) -> &Arc<Version> {
        let most = self.traffic.iter().max_by_key(|share| (share.percent, share.version));
        most.and_then(|share| self.version(share.version)).unwrap_or_else(|| self.newest())
    }

    /// The percent of the traffic that a version gets.
    pub fn percent(&self, number: u32) -> u8 {
        let shares = self.traffic.iter().filter(|share| share.version == number);
        shares.map(|share| share.percent).sum()
    }

    /// The version that a client gets: always the same for the same `client`, so that
    /// nobody goes to and fro between versions while shares stand.
    pub fn pick(&self, client: &[u8]) -> &Arc<Version> {
        let [_, _, ..] = self.traffic[..] else {
            let only = self.traffic.first().and_then(|share| self.version(share.version));
            return only.unwrap_or_else(|| self.newest());
        };
        let mut ticket = ticket(&self.name, client);
        for share in &self.traffic {
            match ticket.checked_sub(u64::from(share.percent)) {
                Some(rest) => ticket = rest,
                None => return self.version(share.version).unwrap_or_else(|| self.newest()),
            }
        }
        self.newest()
    }
}

/// A number below 100, spread evenly over clients and independent between functions.
fn ticket(function: &str, client: &[u8]) -> u64 {
    use std::hash::{BuildHasherDefault, DefaultHasher};
    BuildHasherDefault::<DefaultHasher>::default().hash_one((function, client)) % 100
}

/// All functions of a node.
#[derive(Default)]
pub struct Registry {
    tables: RwLock<Tables>,
}

#[derive(Default)]
struct Tables {
    functions: HashMap<Arc<str>, Arc<Function>>,
    /// Most specific first.
    routes: Vec<RouteEntry>,
}

struct RouteEntry {
    host: Option<String>,
    path: String,
    function: Arc<str>,
}

/// Where a request goes by its host and path.
pub struct Routed {
    /// The function.
    pub function: Arc<Function>,
    /// The part of the path that the route took, to be left off before the function sees it.
    pub prefix: usize,
}

impl Registry {
    /// The function of that name.
    pub fn get(&self, name: &str) -> Option<Arc<Function>> {
        self.tables.read().functions.get(name).cloned()
    }

    /// All functions, by name.
    pub fn all(&self) -> Vec<Arc<Function>> {
        let mut all: Vec<_> = self.tables.read().functions.values().cloned().collect();
        all.sort_by(|one, other| one.name.cmp(&other.name));
        all
    }

    /// How many functions there are.
    pub fn len(&self) -> usize {
        self.tables.read().functions.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Puts a function in, in place of the one of that name. Its leading version's routes
    /// are those that count.
    pub fn put(&self, function: Function) {
        self.put_all([function]);
    }

    /// Puts many functions in at once.
    pub fn put_all(&self, functions: impl IntoIterator<Item = Function>) {
        let mut tables = self.tables.write();
        let mut changed = false;
        for function in functions {
            changed |= tables.put(function);
        }
        if changed {
            tables.routes.sort_by_key(|entry| std::cmp::Reverse(entry.rank()));
        }
    }

    /// Shows every function, in no order, while nobody changes any.
    pub fn visit(&self, mut see: impl FnMut(&Function)) {
        self.tables.read().functions.values().for_each(|function| see(function));
    }

    /// The function that has this very route.
    pub fn owner(&self, route: &Route) -> Option<Arc<str>> {
        let tables = self.tables.read();
        let same = |entry: &&RouteEntry| entry.host == route.host && entry.path == route.path;
        tables.routes.iter().find(same).map(|entry| entry.function.clone())
    }

    /// Takes a function out.
    pub fn remove(&self, name: &str) -> Option<Arc<Function>> {
        let mut tables = self.tables.write();
        let removed = tables.functions.remove(name)?;
        tables.routes.retain(|entry| &*entry.function != name);
        Some(removed)
    }

    /// The function whose route fits best: a named host before a pattern before none, then
    /// the longest path.
    pub fn route(&self, host: &str, path: &str) -> Option<Routed> {
        let tables = self.tables.read();
        let entry = tables.routes.iter().find(|entry| entry.fits(host, path))?;
        let function = tables.functions.get(&entry.function)?.clone();
        Some(Routed { function, prefix: entry.path.trim_end_matches('/').len() })
    }
}

impl Tables {
    /// Puts a function in, its routes at the end; whether it has any.
    fn put(&mut self, function: Function) -> bool {
        let name = function.name.clone();
        let routes = function.leading().spec.routes.clone();
        let former = self.functions.insert(name.clone(), Arc::new(function));
        if former.is_some_and(|former| !former.leading().spec.routes.is_empty()) {
            self.routes.retain(|entry| entry.function != name);
        }
        let any = !routes.is_empty();
        self.routes.extend(routes.into_iter().map(|route| RouteEntry {
            host: route.host,
            path: route.path,
            function: name.clone(),
        }));
        any
    }
}

impl RouteEntry {
    fn rank(&self) -> (u8, usize, usize) {
        let (kind, length) = match &self.host {
            None => (0, 0),
            Some(host) if host.starts_with("*.") => (1, host.len()),
            Some(host) => (2, host.len()),
        };
        (kind, length, self.path.len())
    }

    fn fits(&self, host: &str, path: &str) -> bool {
        let host_fits = match &self.host {
            None => true,
            Some(pattern) => match pattern.strip_prefix('*') {
                Some(ending) => host.len() > ending.len() && ends_with(host, ending),
                None => host.eq_ignore_ascii_case(pattern),
            },
        };
        let below = self.path.trim_end_matches('/');
        let path_fits = path.strip_prefix(below);
        host_fits && path_fits.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

fn ends_with(host: &str, ending: &str) -> bool {
    let start = host.len() - ending.len();
    host.get(start..).is_some_and(|tail| tail.eq_ignore_ascii_case(ending))
}

#[cfg(test)]
mod tests {
    use swell_api::spec::BackendName;

    use super::*;

    fn version(name: &str, number: u32, routes: &[(Option<&str>, &str)]) -> Arc<Version> {
        let mut spec = FunctionSpec::plain(name, BackendName::Modelled);
        spec.routes = routes
            .iter()
            .map(|(host, path)| Route { host: host.map(str::to_string), path: path.to_string() })
            .collect();
        Arc::new(Version::new(FunctionId(0), name.into(), number, 0, spec))
    }

    fn function(name: &str, shares: &[(u32, u8)], routes: &[(Option<&str>, &str)]) -> Function {
        Function {
            name: name.into(),
            versions: (1..=3).map(|number| version(name, number, routes)).collect(),
            traffic: shares.iter().map(|&(version, percent)| Share { version, percent }).collect(),
            paused: false,
        }
    }

    #[test]
    fn shares_are_kept_and_clients_stay() {
        let function = function("hello", &[(1, 90), (3, 10)], &[]);
        let mut third = 0;
        for client in 0..10_000u32 {
            let picked = function.pick(&client.to_le_bytes()).version;
            assert_eq!(function.pick(&client.to_le_bytes()).version, picked);
            third += u32::from(picked == 3);
        }
        assert!((900..1100).contains(&third), "{third}");
    }

    #[test]
    fn the_best_route_wins() {
        let registry = Registry::default();
        registry.put(function("any", &[(3, 100)], &[(None, "/")]));
        registry.put(function("api", &[(3, 100)], &[(None, "/api"), (None, "/old")]));
        registry.put(function("shop", &[(3, 100)], &[(Some("*.shop.example"), "/")]));
        registry.put(function("main", &[(3, 100)], &[(Some("www.shop.example"), "/")]));
        for (host, path, expected, prefix) in [
            ("box", "/", "any", 0),
            ("box", "/api", "api", 4),
            ("box", "/api/users", "api", 4),
            ("box", "/apis", "any", 0),
            ("a.shop.example", "/api", "shop", 0),
            ("WWW.shop.example", "/x", "main", 0),
            ("shop.example", "/x", "any", 0),
        ] {
            let routed = registry.route(host, path).expect("something fits");
            assert_eq!(&*routed.function.name, expected, "{host}{path}");
            assert_eq!(routed.prefix, prefix, "{host}{path}");
        }
        registry.put(function("api", &[(3, 100)], &[]));
        registry.remove("any");
        assert!(registry.route("box", "/api").is_none());
    }
}
