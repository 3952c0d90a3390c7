//! Serving a call with a component that answers `wasi:http`.
//!
//! The guest's future is polled by whoever waits for the answer: no task is made for it.
//! A usual guest is done by the time its answer has a head; then the answer is only data.
//! One that is not moves into the body of its answer and runs on as that is read.

use std::future::poll_fn;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::Poll;

use http::{Request, Response};
use http_body_util::BodyExt;
use parking_lot::Mutex;
use tokio::sync::oneshot;
use wasmtime_wasi_http::p2::bindings::ProxyPre;
use wasmtime_wasi_http::p2::bindings::http::types::{ErrorCode, Scheme};
use wasmtime_wasi_http::p2::body::HyperOutgoingBody;
use wasmtime_wasi_http::{Error as HttpError, WasiBody, WasiHttpView};

use crate::body::Body;
use crate::call::{Call, CallError, End, EndSignal, Outcome};
use crate::limits::Isolation;
use crate::wasm::answer::{Run, Streaming};
use crate::wasm::failure;
use crate::wasm::guest::{Given, Guest};
use crate::wasm::lane::Lane;
use crate::wasm::limiter::Account;
use crate::wasm::ticker::Ticker;

/// An instance of such a component.
pub(crate) struct HttpInstance {
    pub(crate) pre: ProxyPre<Guest>,
    pub(crate) given: Arc<Given>,
    pub(crate) account: Arc<Account>,
    pub(crate) ticker: Arc<Ticker>,
    pub(crate) isolation: Isolation,
    /// Guests between calls: those that are reused, or one made ahead.
    pub(crate) lanes: Mutex<Vec<Lane>>,
    /// Whether a fresh guest is worth making ahead of the next call.
    pub(crate) ahead: bool,
}

/// What the host notices on the way.
#[derive(Default)]
struct Notes {
    answered: AtomicBool,
    broken: Mutex<Option<String>>,
}

type Head = Result<Response<HyperOutgoingBody>, ErrorCode>;

impl HttpInstance {
    /// Serves a call.
    pub(crate) async fn serve(self: Arc<Self>, call: Call) -> Result<Response<Body>, CallError> {
        let Call { request, log, flows, end } = call;
        let mut lane = match self.lane().await {
            Ok(lane) => lane,
            Err(error) => {
                end.tell(failed(None));
                return Err(error);
            }
        };
        lane.store.data().listener.set(log);
        lane.store.data_mut().begin(flows);
        let notes = Arc::new(Notes::default());
        let noted = notes.clone();
        let request = request.map(|body| {
            let body = body.map_err(move |error| {
                *noted.broken.lock() = Some(error.to_string());
                HttpError::HttpProtocolError
            });
            body.boxed_unsync()
        });
        let (tell, mut hear) = oneshot::channel();
        let mut run: Run = Box::pin(self.run(lane, request, tell, end, notes.clone()));
        let mut ended = None;
        let head = poll_fn(|context| {
            if ended.is_none()
                && let Poll::Ready(result) = run.as_mut().poll(context)
            {
                ended = Some(result);
            }
            match Pin::new(&mut hear).poll(context) {
                Poll::Ready(head) => Poll::Ready(head.ok()),
                // A task that did much at a time is told to wait for what is there already.
                Poll::Pending if ended.is_some() => Poll::Ready(hear.try_recv().ok()),
                Poll::Pending => Poll::Pending,
            }
        })
        .await;
        match head {
            // What a guest says about half a request is no answer.
            Some(Ok(response)) => match (ended, broken(&notes)) {
                (Some(Err(error @ CallError::Request(_))), _) | (_, Some(error)) => Err(error),
                (Some(_), None) => Ok(response.map(|body| body.map_err(Into::into).boxed_unsync())),
                (None, None) => Ok(response.map(|body| Streaming::new(body, run).boxed_unsync())),
            },
            Some(Err(code)) => Err(broken(&notes).unwrap_or_else(|| {
                CallError::NoAnswer(format!("it answered with the error {code:?}"))
            })),
            None => {
                let result = match ended {
                    Some(result) => result,
                    None => run.await,
                };
                let why = "it ended without a response".to_string();
                let error = result.err().unwrap_or(CallError::NoAnswer(why));
                Err(broken(&notes).unwrap_or(error))
            }
        }
    }

    /// Readies the guest that waits, or makes one where none does, and lets it wait on.
    pub(crate) async fn probe(&self) -> Result<(), CallError> {
        let lane = self.lane().await?;
        let mut lanes = self.lanes.lock();
        // A guest that is not to be kept showed by its making that one can be made.
        if lanes.is_empty() {
            lanes.push(lane);
        }
        Ok(())
    }

    /// A guest for a call.
    async fn lane(&self) -> Result<Lane, CallError> {
        let waiting = self.lanes.lock().pop();
        match waiting {
            Some(mut lane) => {
                lane.refresh(&self.given).map_err(|error| CallError::Backend(error.to_string()))?;
                Ok(lane)
            }
            None => self.clone_one().await,
        }
    }

    async fn clone_one(&self) -> Result<Lane, CallError> {
        let _running = self.ticker.run();
        let cloned = Lane::clone_of(&self.pre, &self.given, self.account.clone()).await;
        cloned.map_err(|(error, denied)| failure::of(&error, &self.given, denied))
    }

    async fn run(
        self: Arc<Self>,
        mut lane: Lane,
        request: Request<WasiBody>,
        tell: oneshot::Sender<Head>,
        end: EndSignal,
        notes: Arc<Notes>,
    ) -> Result<(), CallError> {
        let running = self.ticker.run();
        let called = self.given.time.of(call(&mut lane, request, tell, &notes)).await;
        drop(running);
        let memory = Some(lane.store.data().limiter.held());
        let denied = lane.store.data().limiter.denied;
        lane.served += 1;
        lane.store.data_mut().end();
        let answered = called.is_ok() && notes.answered.load(Ordering::Relaxed);
        self.keep_or_drop(lane, called.is_ok());
        end.tell(match answered {
            true => End { outcome: Outcome::Answered, instance_lost: false, memory },
            false => failed(memory),
        });
        self.make_ahead();
        if let Some(error) = broken(&notes) {
            return Err(error);
        }
        called.map_err(|error| failure::of(&error, &self.given, denied))
    }

    fn keep_or_drop(&self, lane: Lane, whole: bool) {
        let Isolation::Instance { reuse_max } = self.isolation else { return };
        if whole && reuse_max.is_none_or(|most| lane.served < most) {
            lane.store.data().listener.clear();
            self.lanes.lock().push(lane);
        }
    }

    /// Where a clone is dear, makes the next one while nobody waits for it.
    fn make_ahead(self: &Arc<Self>) {
        if !self.ahead || !self.lanes.lock().is_empty() {
            return;
        }
        let instance = self.clone();
        tokio::spawn(async move {
            // A failure here is met again, and told, by the next call.
            if let Ok(lane) = instance.clone_one().await {
                instance.lanes.lock().push(lane);
            }
        });
    }
}

async fn call(
    lane: &mut Lane,
    request: Request<WasiBody>,
    tell: oneshot::Sender<Head>,
    notes: &Arc<Notes>,
) -> wasmtime::Result<()> {
    let mut http = lane.store.data_mut().http();
    let request = http.new_incoming_request(Scheme::Http, request)?;
    let notes = notes.clone();
    let outparam = http.new_response_outparam_from_callback(move |head| {
        notes.answered.store(head.is_ok(), Ordering::Relaxed);
        // Who asked may have left.
        let _ = tell.send(head);
    })?;
    let handler = lane.proxy.wasi_http_incoming_handler();
    handler.call_handle(&mut lane.store, request, outparam).await
}

fn failed(memory: Option<u64>) -> End {
    End { outcome: Outcome::Failed, instance_lost: false, memory }
}

fn broken(notes: &Notes) -> Option<CallError> {
    notes.broken.lock().take().map(CallError::Request)
}
