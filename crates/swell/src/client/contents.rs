//! Contents of cache groups, by way of a node.

use std::io::Read;

use swell_api::cache::{
    CacheState, CacheVoters, CachedContent, ContentMove, PlacedFunction, VotersChange,
};
use swell_api::content::{ContentEntry, ContentList};
use ureq::SendBody;
use ureq::http::{Method, Request, Response};

use crate::client::failure::{is_fine, refused};
use crate::client::node::{NodeClient, escaped, query};
use crate::error::Letter;

/// Contents in one answer.
const PAGE: usize = 1000;

/// What a node says of a content.
pub struct ContentNote {
    /// Its version.
    pub version: String,
    /// Where it came from, or how safe it is.
    pub how: String,
}

fn path(name: &str) -> String {
    format!("/v1/content/{}", parts(name))
}

fn parts(name: &str) -> String {
    name.split('/').map(escaped).collect::<Vec<_>>().join("/")
}

fn note(answer: &Response<ureq::Body>, how: &str) -> ContentNote {
    let header = |name: &str| {
        let value = answer.headers().get(name).and_then(|value| value.to_str().ok());
        value.unwrap_or("?").trim_matches('"').to_string()
    };
    ContentNote { version: header("etag"), how: header(how) }
}

impl NodeClient {
    /// Reads a content.
    pub fn content(
        &self,
        name: &str,
        level: &str,
    ) -> Result<(ContentNote, impl Read + use<>), Letter> {
        let request = Request::get(self.uri(&path(name))?).header("x-swell-read", level);
        let answer = self.run(self.request(request, SendBody::none())?)?;
        if !is_fine(answer.status()) {
            return Err(refused(answer));
        }
        let note = note(&answer, "x-swell-source");
        Ok((note, answer.into_body().into_with_config().limit(u64::MAX).reader()))
    }

    /// Writes a content.
    pub fn put_content(
        &self,
        name: &str,
        body: &[u8],
        headers: &[(&str, String)],
    ) -> Result<ContentNote, Letter> {
        let mut request = Request::put(self.uri(&path(name))?).header("content-length", body.len());
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        let mut body = body;
        let answer = self.run(self.request(request, SendBody::from_reader(&mut body))?)?;
        if !is_fine(answer.status()) {
            return Err(refused(answer));
        }
        Ok(note(&answer, "x-swell-acknowledged"))
    }

    /// Where a call of a function would go, and why.
    pub fn placement(&self, function: &str) -> Result<PlacedFunction, Letter> {
        self.get("where calls go", &format!("/v1/placement/{}", parts(function)))
    }

    /// The cache groups of the node.
    pub fn caches(&self) -> Result<CacheState, Letter> {
        self.get("cache groups", "/v1/cache")
    }

    /// Who votes in the group of a workload.
    pub fn voters(&self, workload: &str) -> Result<CacheVoters, Letter> {
        self.get("who votes", &format!("/v1/voters/{}", escaped(workload)))
    }

    /// Makes others vote there.
    pub fn change_voters(
        &self,
        workload: &str,
        change: &VotersChange,
    ) -> Result<CacheVoters, Letter> {
        let path = format!("/v1/voters/{}", escaped(workload));
        self.send("who votes", Method::PUT, &path, change)
    }

    /// How a content stands there.
    pub fn cached(&self, name: &str) -> Result<CachedContent, Letter> {
        self.get("the content", &format!("/v1/cache/{}", parts(name)))
    }

    /// Has a content led by the group of another workload; how it stands then.
    pub fn move_content(&self, name: &str, group: &str) -> Result<CachedContent, Letter> {
        let order = ContentMove { group: group.to_string() };
        self.send("the content", Method::POST, &format!("/v1/cache/{}", parts(name)), &order)
    }

    /// Deletes a content.
    pub fn remove_content(&self, name: &str) -> Result<(), Letter> {
        self.delete(&path(name))
    }

    /// All contents of a workload whose names begin with `prefix`.
    pub fn contents(&self, workload: &str, prefix: &str) -> Result<Vec<ContentEntry>, Letter> {
        let (mut all, mut after) = (Vec::new(), None);
        loop {
            let query = query(&[
                ("prefix", Some(escaped(prefix))),
                ("after", after.as_deref().map(escaped)),
                ("limit", Some(PAGE.to_string())),
            ]);
            let path = format!("/v1/content/{}{query}", escaped(workload));
            let ContentList { contents, next } = self.get("contents", &path)?;
            all.extend(contents);
            match next {
                Some(next) => after = Some(next),
                None => return Ok(all),
            }
        }
    }
}
