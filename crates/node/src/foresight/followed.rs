//! Other series that demand may follow, such as the length of a queue, fetched from a
//! Prometheus beside the calls.
//!
//! A server that is away costs nothing but its series: what was fetched goes stale, and
//! forecasts are made without it.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt, Empty, Limited};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use parking_lot::Mutex;
use swell_api::forecast::FollowedSeries;
use swell_forecast::calendar::grid::Grid;
use swell_forecast::regressor::paging::pages;
use swell_forecast::regressor::prometheus::{BYTES_MAX, PrometheusError, read};
use swell_forecast::regressor::series::{Meaning, Regressor, on_grid};
use tokio_util::sync::CancellationToken;

use crate::clock::wall_ms;
use crate::settings::Follow;

/// How long an answer may take.
const ANSWER_MAX: Duration = Duration::from_secs(20);
/// How often is asked at most.
const EVERY_LEAST: Duration = Duration::from_secs(5);

/// Series by name, each with its values by time.
type Points = BTreeMap<String, BTreeMap<u64, f64>>;

/// The series.
pub struct Followed {
    server: String,
    follows: Vec<Follow>,
    client: Client<HttpsConnector<HttpConnector>, Empty<Bytes>>,
    points: Mutex<Points>,
    /// Why the last fetch of a series failed, by name.
    problems: Mutex<BTreeMap<String, String>>,
}

impl Followed {
    /// Series of a server at an address such as `http://127.0.0.1:9090`.
    pub fn new(server: &str, follows: Vec<Follow>) -> Self {
        let https = HttpsConnectorBuilder::new()
            .with_provider_and_webpki_roots(rustls::crypto::ring::default_provider())
            .expect("the provider has what its own versions need")
            .https_or_http()
            .enable_http1()
            .build();
        let client = Client::builder(TokioExecutor::new()).build(https);
        let server = server.trim_end_matches('/').to_string();
        let (points, problems) = (Mutex::default(), Mutex::default());
        Self { server, follows, client, points, problems }
    }

    /// Their names.
    pub fn names(&self) -> Vec<&str> {
        self.follows.iter().map(|follow| follow.name.as_str()).collect()
    }

    /// The series on the first `len` steps of a grid.
    pub fn on(&self, grid: Grid, len: usize) -> Vec<Regressor> {
        let points = self.points.lock();
        let each = self.follows.iter().map(|follow| {
            let points = points.get(&follow.name).into_iter().flatten();
            let points: Vec<(u64, f64)> = points.map(|(&ms, &value)| (ms, value)).collect();
            let values = on_grid(&points, Meaning::Gauge, grid, len);
            Regressor { name: follow.name.clone(), values, is_planned: false }
        });
        each.collect()
    }

    /// Fetches what is new at each step, and at first what the last `steps` had, until told to
    /// stop.
    pub async fn run(&self, step_ms: u64, steps: u64, stop: CancellationToken) {
        let every = Duration::from_millis(step_ms).max(EVERY_LEAST);
        loop {
            let now_ms = wall_ms();
            let oldest = now_ms.saturating_sub(step_ms * steps);
            for follow in &self.follows {
                let known = self.newest(&follow.name).map(|newest| newest + 1);
                let from = known.unwrap_or(oldest).max(oldest);
                let fetched = self.fetch(follow, from, now_ms, step_ms).await;
                let mut problems = self.problems.lock();
                match fetched {
                    Ok(()) => drop(problems.remove(&follow.name)),
                    // What goes on failing is told once.
                    Err(why) => {
                        if problems.insert(follow.name.clone(), why.clone()).is_none() {
                            tracing::warn!(series = %follow.name, %why, "a series is not followed for now");
                        }
                    }
                }
            }
            self.forget(oldest);
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(every) => {}
            }
        }
    }

    /// How each series stands.
    pub fn told(&self) -> Vec<FollowedSeries> {
        let problems = self.problems.lock();
        let told = |follow: &Follow| FollowedSeries {
            name: follow.name.clone(),
            query: follow.query.clone(),
            newest_at_ms: self.latest(&follow.name).map(|(at_ms, _)| at_ms),
            newest: self.latest(&follow.name).map(|(_, value)| value),
            problem: problems.get(&follow.name).cloned(),
        };
        self.follows.iter().map(told).collect()
    }

    /// The latest value of a series, with its time in milliseconds since 1970, if any was fetched.
    pub fn latest(&self, name: &str) -> Option<(u64, f64)> {
        self.points.lock().get(name)?.last_key_value().map(|(&ms, &value)| (ms, value))
    }

    fn newest(&self, name: &str) -> Option<u64> {
        self.points.lock().get(name)?.last_key_value().map(|(&ms, _)| ms)
    }

    fn forget(&self, before_ms: u64) {
        for points in self.points.lock().values_mut() {
            *points = points.split_off(&before_ms);
        }
    }

    /// Fetches the values of a time, page by page.
    async fn fetch(
        &self,
        follow: &Follow,
        from_ms: u64,
        to_ms: u64,
        step_ms: u64,
    ) -> Result<(), String> {
        // Prometheus counts in seconds, of which a step has at least one.
        let step = step_ms.max(1_000);
        for page in pages(from_ms, to_ms, step) {
            let (start, end) = (*page.start() as f64 / 1e3, *page.end() as f64 / 1e3);
            let query = escaped(&follow.query);
            let uri = format!(
                "{}/api/v1/query_range?query={query}&start={start}&end={end}&step={}",
                self.server,
                step as f64 / 1e3
            );
            let uri: Uri = uri.parse().map_err(|_| "its address is no URL".to_string())?;
            let asked = tokio::time::timeout(ANSWER_MAX, self.get(uri)).await;
            let (status, bytes) = asked.map_err(|_| "it did not answer in time".to_string())??;
            let samples = read(&bytes).map_err(|error| unread(status, &error))?;
            let mut sums: BTreeMap<u64, f64> = BTreeMap::new();
            for (ms, value) in samples.iter().flat_map(|samples| &samples.points) {
                *sums.entry(*ms).or_insert(0.0) += value;
            }
            self.points.lock().entry(follow.name.clone()).or_default().extend(sums);
        }
        Ok(())
    }

    async fn get(&self, uri: Uri) -> Result<(StatusCode, Bytes), String> {
        let mut request = Request::new(Empty::new());
        *request.uri_mut() = uri;
        let response = self.client.request(request).await.map_err(|error| error.to_string())?;
        let status = response.status();
        // A refusal has its reason in its body, which the reader of answers tells.
        let body = Limited::new(response.into_body(), BYTES_MAX).collect().await;
        body.map(|body| (status, body.to_bytes())).map_err(|error| error.to_string())
    }
}

/// Why an answer could not be read: of a server that failed there is no more to tell than its status.
fn unread(status: StatusCode, error: &PrometheusError) -> String {
    match error {
        PrometheusError::Foreign(_) if !status.is_success() => {
            format!("it answered {status}; look at the address and at the server")
        }
        _ => error.to_string(),
    }
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() * 2);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => {
                out.push(char::from(byte));
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use axum::Router;
    use axum::extract::RawQuery;
    use axum::routing::get;

    use super::*;

    #[tokio::test]
    async fn a_series_is_fetched_and_laid_on_steps() {
        let answer = |RawQuery(query): RawQuery| async move {
            let query = query.unwrap_or_default();
            assert!(query.contains("query=sum%28queue%5Blength%5D%29"), "{query}");
            assert!(query.contains("start=60&end=180&step=60"), "{query}");
            r#"{"status":"success","data":{"resultType":"matrix","result":[
                {"metric":{"a":"1"},"values":[[60,"1"],[120,"2"],[180,"4"]]},
                {"metric":{"a":"2"},"values":[[60,"1"],[180,"6"]]}]}}"#
        };
        let app = Router::new().route("/api/v1/query_range", get(answer));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = listener.local_addr().expect("it listens");
        tokio::spawn(async move { axum::serve(listener, app).await });
        let follow = Follow { name: "queue".to_string(), query: "sum(queue[length])".to_string() };
        let followed = Followed::new(&format!("http://{address}/"), vec![follow.clone()]);
        followed.fetch(&follow, 60_000, 180_000, 60_000).await.expect("it answers");
        let grid = Grid { first_ms: 60_000, step_ms: 60_000 };
        let [queue] = &followed.on(grid, 4)[..] else { panic!("one series") };
        assert_eq!(queue.values[..3], [2.0, 2.0, 10.0]);
        assert!(queue.values[3].is_nan(), "it is not known yet");
        assert_eq!(
            (followed.latest("queue"), followed.latest("other")),
            (Some((180_000, 10.0)), None)
        );
        let told = &followed.told()[0];
        assert_eq!((told.newest_at_ms, told.newest), (Some(180_000), Some(10.0)));
        followed.forget(150_000);
        assert_eq!(followed.newest("queue"), Some(180_000));
        let away = Followed::new("http://127.0.0.1:1", vec![follow.clone()]);
        assert!(away.fetch(&follow, 60_000, 180_000, 60_000).await.is_err());
    }

    #[test]
    fn a_server_that_fails_is_told_by_its_status() {
        let foreign = PrometheusError::Foreign("expected value".to_string());
        let (kind, message) = ("bad_data".to_string(), "no such function".to_string());
        let refused = PrometheusError::Refused { kind, message };
        for (status, error, words) in [
            (StatusCode::INTERNAL_SERVER_ERROR, &foreign, "it answered 500 Internal Server Error"),
            (StatusCode::OK, &foreign, "no answer of Prometheus"),
            (StatusCode::BAD_REQUEST, &refused, "no such function"),
        ] {
            assert!(unread(status, error).contains(words), "{}", unread(status, error));
        }
    }
}
