//! Serving a call with a command: the request on its standard input, the answer on its
//! standard output, what is known of the request in its environment as CGI has it (RFC
//! 3875, section 4.1).

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderValue};
use http::{Response, request::Parts};
use http_body_util::BodyExt;
use wasmtime::{InstancePre, Store};
use wasmtime_wasi::I32Exit;
use wasmtime_wasi::p2::bindings::CommandPre;
use wasmtime_wasi::p2::pipe::{MemoryInputPipe, MemoryOutputPipe};

use crate::body::{Body, full};
use crate::call::{Call, CallError, End, EndSignal, Outcome};
use crate::flow::CallFlows;
use crate::log::{LogSink, Silence};
use crate::wasm::failure;
use crate::wasm::guest::{Given, Guest, Pipes};
use crate::wasm::limiter::Account;
use crate::wasm::loaded::START;
use crate::wasm::ticker::Ticker;

/// The longest answer of a command.
const ANSWER_BYTES_MAX: usize = 64 << 20;

/// A command of one of the two kinds.
#[derive(Clone)]
pub(crate) enum Command {
    Component(CommandPre<Guest>),
    Module(InstancePre<Guest>),
}

/// What a guest is given for one call.
type PerCall = (Arc<dyn LogSink>, Option<Arc<dyn CallFlows>>);

/// An instance of a command. Each call is a run of its own, whatever isolation was asked
/// for: a command that has ended cannot go on.
pub(crate) struct CommandInstance {
    pub(crate) command: Command,
    pub(crate) given: Arc<Given>,
    pub(crate) account: Arc<Account>,
    pub(crate) ticker: Arc<Ticker>,
}

impl CommandInstance {
    /// Serves a call.
    pub(crate) async fn serve(self: Arc<Self>, call: Call) -> Result<Response<Body>, CallError> {
        let Call { request, log, flows, end } = call;
        let (parts, body) = request.into_parts();
        match whole(body, self.given.body).await {
            Ok(body) => self.run(&parts, body, (log, flows), end).await,
            Err(error) => {
                end.tell(ended(Outcome::Failed, None));
                Err(error)
            }
        }
    }

    /// Makes a guest, which takes all that a call needs but the call, and lets it go.
    pub(crate) async fn probe(&self) -> Result<(), CallError> {
        let (stdin, stdout) = (MemoryInputPipe::new(Bytes::new()), MemoryOutputPipe::new(0));
        let pipes = Pipes { stdin, stdout, variables: Vec::new() };
        let _running = self.ticker.run();
        let mut store = self.store(&pipes, Silence::shared());
        let making = async {
            match (&mut store, &self.command) {
                (Ok(store), Command::Component(pre)) => {
                    pre.instantiate_async(store).await.map(drop)
                }
                (Ok(store), Command::Module(pre)) => pre.instantiate_async(store).await.map(drop),
                (Err(_), _) => Ok(()),
            }
        };
        let made = self.given.time.of(making).await;
        let denied = store.as_ref().is_ok_and(|store| store.data().limiter.denied);
        let made = store.and(made);
        made.map_err(|error| failure::of(&error, &self.given, denied))
    }

    fn store(&self, pipes: &Pipes, log: Arc<dyn LogSink>) -> wasmtime::Result<Store<Guest>> {
        let core = matches!(self.command, Command::Module(_));
        let engine = match &self.command {
            Command::Component(pre) => pre.engine(),
            Command::Module(pre) => pre.module().engine(),
        };
        Guest::store(engine, &self.given, self.account.clone(), log, Some(pipes), core)
    }

    async fn run(
        &self,
        parts: &Parts,
        body: Bytes,
        given: PerCall,
        end: EndSignal,
    ) -> Result<Response<Body>, CallError> {
        let variables = variables(parts, body.len());
        let stdout = MemoryOutputPipe::new(ANSWER_BYTES_MAX);
        let pipes = Pipes { stdin: MemoryInputPipe::new(body), stdout: stdout.clone(), variables };
        let _running = self.ticker.run();
        let (ran, memory, denied) = self.execute(&pipes, given).await;
        let exit = match ran {
            Ok(success) => Ok(i32::from(!success)),
            Err(error) => match error.downcast_ref::<I32Exit>() {
                Some(exit) => Ok(exit.0),
                None => Err(failure::of(&error, &self.given, denied)),
            },
        };
        let result = exit.and_then(|code| match code {
            0 => Ok(answer(stdout.contents())),
            code => Err(CallError::NoAnswer(format!("it ended with the exit code {code}"))),
        });
        let outcome = if result.is_ok() { Outcome::Answered } else { Outcome::Failed };
        end.tell(ended(outcome, memory));
        result
    }

    /// Runs it to its end; tells whether it says that it succeeded.
    async fn execute(
        &self,
        pipes: &Pipes,
        (log, flows): PerCall,
    ) -> (wasmtime::Result<bool>, Option<u64>, bool) {
        let mut store = match self.store(pipes, log) {
            Ok(store) => store,
            Err(error) => return (Err(error), None, false),
        };
        store.data_mut().begin(flows);
        let running = async {
            match &self.command {
                Command::Component(pre) => {
                    let command = pre.instantiate_async(&mut store).await?;
                    let ran = command.wasi_cli_run().call_run(&mut store).await?;
                    Ok(ran.is_ok())
                }
                Command::Module(pre) => {
                    let instance = pre.instantiate_async(&mut store).await?;
                    let start = instance.get_typed_func::<(), ()>(&mut store, START)?;
                    start.call_async(&mut store, ()).await?;
                    Ok(true)
                }
            }
        };
        let ran = self.given.time.of(running).await;
        let limiter = &store.data().limiter;
        (ran, Some(limiter.held()), limiter.denied)
    }
}

/// All of a body, if it is not longer than `most`.
async fn whole(mut body: Body, most: u64) -> Result<Bytes, CallError> {
    let mut whole = BytesMut::new();
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| CallError::Request(error.to_string()))?;
        let Ok(data) = frame.into_data() else { continue };
        if (whole.len() + data.len()) as u64 > most {
            return Err(CallError::TooLarge { limit: most });
        }
        whole.extend_from_slice(&data);
    }
    Ok(whole.freeze())
}

fn answer(bytes: Bytes) -> Response<Body> {
    let mut response = Response::new(full(bytes));
    let plain = HeaderValue::from_static("text/plain; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, plain);
    response
}

fn ended(outcome: Outcome, memory: Option<u64>) -> End {
    End { outcome, instance_lost: false, memory }
}

fn variables(parts: &Parts, length: usize) -> Vec<(String, String)> {
    let mut variables = vec![
        ("GATEWAY_INTERFACE".to_string(), "CGI/1.1".to_string()),
        ("REQUEST_METHOD".to_string(), parts.method.to_string()),
        ("PATH_INFO".to_string(), parts.uri.path().to_string()),
        ("QUERY_STRING".to_string(), parts.uri.query().unwrap_or("").to_string()),
        ("CONTENT_LENGTH".to_string(), length.to_string()),
    ];
    for (name, value) in &parts.headers {
        let Ok(value) = value.to_str() else { continue };
        if name == CONTENT_TYPE {
            variables.push(("CONTENT_TYPE".to_string(), value.to_string()));
        } else if name != CONTENT_LENGTH {
            let name = name.as_str().to_ascii_uppercase().replace('-', "_");
            variables.push((format!("HTTP_{name}"), value.to_string()));
        }
    }
    variables
}
