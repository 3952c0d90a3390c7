//! Network namespaces, one per site, on a bridge in one of their own.
//!
//! Cables are pulled by taking a port of the bridge down; one direction goes by a route that
//! leads nowhere.

use std::process::Command;

/// Sites in namespaces.
pub(crate) struct Namespaces {
    hub: String,
    sites: Vec<String>,
}

impl Namespaces {
    /// So many sites, or why this machine cannot have them.
    pub(crate) fn new(sites: u32) -> Result<Self, String> {
        let id = std::process::id();
        let names = (0..sites).map(|site| format!("swell-{id}-{site}")).collect();
        let all = Self { hub: format!("swell-{id}-hub"), sites: names };
        all.lay()?;
        Ok(all)
    }

    fn lay(&self) -> Result<(), String> {
        let hub = self.hub.as_str();
        ip(&["netns", "add", hub])?;
        ip(&["-n", hub, "link", "add", "bridge0", "type", "bridge"])?;
        ip(&["-n", hub, "link", "set", "bridge0", "up"])?;
        for (number, site) in self.sites.iter().enumerate() {
            let (port, own) = (format!("port{number}"), format!("{}/24", address(number)));
            ip(&["netns", "add", site])?;
            let peer = ["peer", "name", "eth0", "netns", site];
            ip(&[&["-n", hub, "link", "add", &port, "type", "veth"][..], &peer].concat())?;
            ip(&["-n", hub, "link", "set", &port, "master", "bridge0", "up"])?;
            ip(&["-n", site, "addr", "add", &own, "dev", "eth0"])?;
            ip(&["-n", site, "link", "set", "eth0", "up"])?;
            ip(&["-n", site, "link", "set", "lo", "up"])?;
        }
        Ok(())
    }

    /// Where the sites are reached.
    pub(crate) fn addresses(&self) -> Vec<String> {
        (0..self.sites.len()).map(|site| format!("{}:7946", address(site))).collect()
    }

    /// The name of a site's namespace.
    pub(crate) fn name(&self, site: u32) -> String {
        self.sites[site as usize].clone()
    }

    /// Pulls a site's cable, or puts it back.
    pub(crate) fn cable(&self, site: u32, is_in: bool) {
        let port = format!("port{site}");
        let state = if is_in { "up" } else { "down" };
        ip(&["-n", &self.hub, "link", "set", &port, state]).expect("it worked before");
    }

    /// Nothing gets from one site to another any more, or again; the other way is as it was.
    pub(crate) fn way(&self, from: u32, to: u32, is_open: bool) {
        let verb = if is_open { "del" } else { "add" };
        let (from, to) = (self.name(from), format!("{}/32", address(to as usize)));
        ip(&["-n", &from, "route", verb, "blackhole", &to]).expect("it worked before");
    }
}

impl Drop for Namespaces {
    fn drop(&mut self) {
        for name in self.sites.iter().chain([&self.hub]) {
            let _ = ip(&["netns", "del", name]);
        }
    }
}

fn address(site: usize) -> String {
    format!("10.77.0.{}", site + 1)
}

fn ip(arguments: &[&str]) -> Result<(), String> {
    let done = Command::new("ip").args(arguments).output();
    let done = done.map_err(|error| format!("`ip` cannot be run: {error}"))?;
    if done.status.success() {
        return Ok(());
    }
    let why = String::from_utf8_lossy(&done.stderr).trim().to_owned();
    Err(format!("`ip {}`: {why}", arguments.join(" ")))
}
