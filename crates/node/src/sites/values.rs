//! The way to stores of other sites, over the resource channel.

use std::sync::Weak;
use std::time::Duration;

use bytes::Bytes;
use serde::{Deserialize, Serialize};
use swell_link::client::Client;
use swell_outlook::naming::site_id;
use swell_site::site::Site;
use tokio::runtime::Handle;

use crate::key_value::place::{Answer, Ask, Part};
use crate::key_value::roaming::Far;
use crate::sites::contact::resource_of;

/// Where values are asked for.
pub const VALUES: &str = "/v1/values";
/// Where parts of stores are sent.
pub const STORE: &str = "/v1/store";
/// The longest answer: a value, or as many keys as are asked for at a time.
const ANSWER_MAX: usize = 16 << 20;
/// How long a site may take.
const ANSWER_IN: Duration = Duration::from_secs(10);

/// What is asked of a store.
#[derive(Debug, Serialize, Deserialize)]
pub struct Asked {
    /// Which.
    pub store: String,
    /// Of where the asker thinks it is.
    pub term: u32,
    /// What.
    pub ask: Ask,
}

/// A part of a store.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sent {
    /// Which.
    pub store: String,
    /// Of its move.
    pub term: u32,
    /// The part.
    pub part: Part,
}

/// The way of one site.
pub struct Values {
    name: String,
    site: Weak<Site>,
    client: Client,
    runtime: Handle,
}

impl Values {
    /// The way of the site of that name.
    pub fn new(name: String, site: Weak<Site>, client: Client) -> Self {
        Self { name, site, client, runtime: Handle::current() }
    }

    fn post(&self, site: &str, path: &str, body: Vec<u8>) -> Result<Bytes, String> {
        let own = self.site.upgrade().ok_or("this node is no site any more")?;
        let contact = own.contacts().get(&site_id(site)).cloned();
        let to = resource_of(&contact.ok_or("it is not known where that site is")?);
        let posted = self.client.post(&to, path, body.into(), ANSWER_MAX, ANSWER_IN);
        self.runtime.block_on(posted).map_err(|error| error.to_string())
    }
}

impl Far for Values {
    fn me(&self) -> String {
        self.name.clone()
    }

    fn ask(&self, site: &str, store: &str, term: u32, ask: &Ask) -> Result<Answer, String> {
        let asked = Asked { store: store.to_string(), term, ask: ask.clone() };
        let body = postcard::to_stdvec(&asked).map_err(|error| error.to_string())?;
        let answer = self.post(site, VALUES, body)?;
        postcard::from_bytes(&answer).map_err(|error| error.to_string())
    }

    fn send(&self, site: &str, store: &str, term: u32, part: &Part) -> Result<(), String> {
        let sent = Sent { store: store.to_string(), term, part: part.clone() };
        let body = postcard::to_stdvec(&sent).map_err(|error| error.to_string())?;
        self.post(site, STORE, body).map(drop)
    }
}
