//! Requests one after another over one connection, timed.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{Method, Request};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::{Builder, Runtime};

/// An answer.
#[derive(Debug, Clone)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// How the request met its instance, where the server says so.
    pub start: Option<String>,
    /// Its body.
    pub body: Bytes,
    /// From the first byte sent to the last received.
    pub took: Duration,
}

/// A connection that stays open.
pub struct Client {
    runtime: Runtime,
    sender: SendRequest<Full<Bytes>>,
}

impl Client {
    /// Connects to this machine.
    pub fn connect(port: u16) -> Result<Self, String> {
        let runtime = Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|error| error.to_string())?;
        let sender = runtime.block_on(async {
            let stream = TcpStream::connect(("127.0.0.1", port)).await?;
            stream.set_nodelay(true)?;
            let (sender, connection) =
                handshake(TokioIo::new(stream)).await.map_err(std::io::Error::other)?;
            // It ends with the client.
            tokio::spawn(connection);
            Ok::<_, std::io::Error>(sender)
        });
        Ok(Self { runtime, sender: sender.map_err(|error| error.to_string())? })
    }

    /// Sends a request and reads all of the answer.
    pub fn send(
        &mut self,
        method: Method,
        path: &str,
        body: impl Into<Bytes>,
    ) -> Result<Answer, String> {
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header("host", "127.0.0.1")
            .body(Full::new(body.into()))
            .map_err(|error| error.to_string())?;
        let Self { runtime, sender } = self;
        runtime.block_on(async {
            sender.ready().await.map_err(|error| error.to_string())?;
            let begun = Instant::now();
            let answer = sender.send_request(request).await.map_err(|error| error.to_string())?;
            let status = answer.status().as_u16();
            let start = answer.headers().get("x-swell-start");
            let start = start.and_then(|start| start.to_str().ok()).map(str::to_string);
            let body = answer.into_body().collect().await.map_err(|error| error.to_string())?;
            let took = begun.elapsed();
            Ok(Answer { status, start, body: body.to_bytes(), took })
        })
    }
}

/// One request over a connection of its own.
pub fn get(port: u16, path: &str) -> Result<Answer, String> {
    Client::connect(port)?.send(Method::GET, path, "")
}
