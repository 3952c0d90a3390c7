//! What became of a call that waits at another site, asked over the resource channel of all that are
//! there: ids do not tell where a call waits, and its function may have moved meanwhile.

use std::sync::Weak;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};
use serde::{Deserialize, Serialize};
use swell_api::invocation::Invocation;
use swell_link::client::Client;
use swell_site::site::Site;
use tokio::runtime::Handle;
use tokio::task::JoinSet;
use uuid::Uuid;

use crate::queue::afar::Afar;
use crate::queue::calls::Queue;
use crate::refusal::Refusal;
use crate::sites::contact::resource_of;

/// Where that is asked.
pub const QUEUED: &str = "/v1/queued";
/// The longest answer: one that a function gave, and its head.
const ANSWER_MAX: usize = 64 << 20;
/// How long a site may take.
const ANSWER_IN: Duration = Duration::from_secs(5);

/// What is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sought {
    /// How a call stands.
    Call(Uuid),
    /// What it was answered.
    Answer(Uuid),
}

/// The head of an answer; its body follows after a line feed.
#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Head {
    status: u16,
    headers: Vec<(String, Vec<u8>)>,
}

/// What this node says to that; empty where it does not know. May wait for the disk.
pub fn found(queue: &Queue, sought: Sought) -> Result<Vec<u8>, Refusal> {
    let said = match sought {
        Sought::Call(id) => queue.call_here(id)?.and_then(|call| serde_json::to_vec(&call).ok()),
        Sought::Answer(id) => queue.answer_here(id)?.map(|answer| packed(&answer)),
    };
    Ok(said.unwrap_or_default())
}

fn packed(answer: &Response<Bytes>) -> Vec<u8> {
    let headers = answer.headers().iter();
    let headers = headers.map(|(name, value)| (name.to_string(), value.as_bytes().to_vec()));
    let head = Head { status: answer.status().as_u16(), headers: headers.collect() };
    let mut said = serde_json::to_vec(&head).unwrap_or_default();
    said.push(b'\n');
    said.extend_from_slice(answer.body());
    said
}

fn unpacked(said: &Bytes) -> Option<Response<Bytes>> {
    let end = said.iter().position(|byte| *byte == b'\n')?;
    let head: Head = serde_json::from_slice(&said[..end]).ok()?;
    let mut answer = Response::new(said.slice(end + 1..));
    *answer.status_mut() = StatusCode::from_u16(head.status).ok()?;
    for (name, value) in head.headers {
        let name = HeaderName::try_from(name).ok()?;
        answer.headers_mut().append(name, HeaderValue::from_bytes(&value).ok()?);
    }
    Some(answer)
}

/// The queues of the other sites of one.
pub struct Queues {
    site: Weak<Site>,
    client: Client,
    runtime: Handle,
}

impl Queues {
    /// Those of this site.
    pub fn new(site: Weak<Site>, client: Client) -> Self {
        Self { site, client, runtime: Handle::current() }
    }

    /// What the first site says that knows.
    fn ask<T: Send + 'static>(&self, sought: Sought, read: fn(&Bytes) -> Option<T>) -> Option<T> {
        let site = self.site.upgrade()?;
        let asked = Bytes::from(serde_json::to_vec(&sought).ok()?);
        let mut asking = JoinSet::new();
        for (id, contact) in site.contacts() {
            if id == site.me() || !site.is_reached(id) {
                continue;
            }
            let (client, asked) = (self.client.clone(), asked.clone());
            let to = resource_of(&contact);
            let ask = async move { client.post(&to, QUEUED, asked, ANSWER_MAX, ANSWER_IN).await };
            asking.spawn_on(ask, &self.runtime);
        }
        self.runtime.block_on(async move {
            while let Some(said) = asking.join_next().await {
                if let Some(found) = said.ok().and_then(Result::ok).as_ref().and_then(read) {
                    return Some(found);
                }
            }
            None
        })
    }
}

impl Afar for Queues {
    fn call(&self, id: Uuid) -> Option<Invocation> {
        self.ask(Sought::Call(id), |said| serde_json::from_slice(said).ok())
    }

    fn answer(&self, id: Uuid) -> Option<Response<Bytes>> {
        self.ask(Sought::Answer(id), unpacked)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_comes_over_as_it_is() {
        let answer = Response::builder().status(418).header("x-a", "1").header("x-a", "2");
        let answer = answer.body(Bytes::from_static(b"{}\n\nno")).expect("it is an answer");
        let came = unpacked(&packed(&answer).into()).expect("it is one");
        assert_eq!((came.status(), came.headers()), (answer.status(), answer.headers()));
        assert_eq!(came.body(), answer.body());
        assert!(unpacked(&Bytes::new()).is_none(), "who does not know says nothing");
    }
}
