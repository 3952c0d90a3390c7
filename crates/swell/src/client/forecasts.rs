//! What a node expects, what was announced to it, and what clones came to.

use std::io::Read;

use swell_api::calendar::{Imported, Occasion};
use swell_api::forecast::{Anomaly, Forecasts, FunctionForecast};
use swell_api::receipt::Receipt;
use ureq::SendBody;
use ureq::http::{Method, Request};

use crate::client::failure::{is_fine, refused};
use crate::client::node::{NodeClient, escaped, query};
use crate::error::Letter;

impl NodeClient {
    /// What is expected of all functions.
    pub fn forecasts(&self) -> Result<Forecasts, Letter> {
        self.get("forecasts", "/v1/forecasts")
    }

    /// What is expected of one.
    pub fn forecast(&self, name: &str) -> Result<FunctionForecast, Letter> {
        self.get("the forecast", &format!("/v1/forecasts/{}", escaped(name)))
    }

    /// What was out of the ordinary, newest first.
    pub fn anomalies(&self, function: Option<&str>, limit: usize) -> Result<Vec<Anomaly>, Letter> {
        let function = function.map(escaped);
        let query = query(&[("function", function), ("limit", Some(limit.to_string()))]);
        self.get("anomalies", &format!("/v1/anomalies{query}"))
    }

    /// What is announced.
    pub fn calendar(&self) -> Result<Vec<Occasion>, Letter> {
        self.get("the calendar", "/v1/calendar")
    }

    /// Announces an event.
    pub fn announce(&self, occasion: &Occasion) -> Result<Occasion, Letter> {
        self.send("the event", Method::POST, "/v1/calendar", occasion)
    }

    /// Has a calendar taken in; `kind` is the type of its text.
    pub fn import(
        &self,
        text: &[u8],
        kind: &str,
        defaults: &[(&str, Option<String>)],
    ) -> Result<Imported, Letter> {
        let defaults: Vec<_> =
            defaults.iter().map(|(key, text)| (*key, text.as_deref().map(escaped))).collect();
        let path = format!("/v1/calendar/import{}", query(&defaults));
        let mut text = text;
        let request = Request::post(self.uri(&path)?)
            .header("content-type", kind)
            .header("content-length", text.len());
        let answer = self.run(self.request(request, SendBody::from_reader(&mut text))?)?;
        if !is_fine(answer.status()) {
            return Err(refused(answer));
        }
        self.read("the calendar", answer)
    }

    /// Takes an event back.
    pub fn withdraw(&self, id: &str) -> Result<(), Letter> {
        self.delete(&format!("/v1/calendar/{}", escaped(id)))
    }

    /// Forecasts of the last hours, and what came.
    pub fn record(&self) -> Result<impl Read + use<>, Letter> {
        let request = Request::get(self.uri("/v1/forecast-record")?);
        let answer = self.run(self.request(request, SendBody::none())?)?;
        if !is_fine(answer.status()) {
            return Err(refused(answer));
        }
        Ok(answer.into_body().into_with_config().limit(u64::MAX).reader())
    }

    /// What clones saved and cost.
    pub fn receipt(&self, since: &str) -> Result<Receipt, Letter> {
        let query = query(&[("since", Some(escaped(since)))]);
        self.get("the receipt", &format!("/v1/receipt{query}"))
    }
}
