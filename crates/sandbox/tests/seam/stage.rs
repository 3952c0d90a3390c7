//! A stage for functions: a backend, a template of a sample, and calls of it.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::BodyExt;
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::sync::oneshot;

use swell_sandbox::backend::{Backend, Instance, PrepareError, Template};
use swell_sandbox::body::{Body, full};
use swell_sandbox::call::{Call, CallError, End, EndSignal};
use swell_sandbox::code::{Code, Source};
use swell_sandbox::key_value::NoKeyValue;
use swell_sandbox::limits::{Isolation, Limits};
use swell_sandbox::log::{LogSink, Stream};
use swell_sandbox::wasm::backend::{Wasm, WasmSettings};

/// A backend in a folder of its own.
pub(crate) struct Stage {
    pub(crate) folder: TempDir,
    pub(crate) wasm: Wasm,
    next: AtomicU32,
}

impl Stage {
    pub(crate) fn new() -> Self {
        Self::in_folder(tempfile::tempdir().expect("a folder for the test"))
    }

    pub(crate) fn in_folder(folder: TempDir) -> Self {
        let cache = folder.path().join("cache");
        let settings = WasmSettings { cache, clones_max: None, copy_on_write: true };
        let wasm = Wasm::new(&settings).expect("the engine works here");
        Self { folder, wasm, next: AtomicU32::new(0) }
    }

    pub(crate) fn cache(&self) -> PathBuf {
        self.folder.path().join("cache")
    }

    /// Code of these bytes, with plain limits.
    pub(crate) fn code(&self, bytes: &[u8]) -> Code {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        let path = self.folder.path().join(format!("{number}.wasm"));
        std::fs::write(&path, bytes).expect("write the code");
        // Content names itself in caches; here its length and end are name enough.
        let digest =
            format!("{}-{:?}", bytes.len(), bytes.iter().rev().take(64).collect::<Vec<_>>());
        code(Source::File { path, digest })
    }

    pub(crate) async fn prepare(&self, code: Code) -> Result<Arc<dyn Template>, PrepareError> {
        self.wasm.prepare(code).await
    }

    /// An instance of a sample whose code is changed by `change`.
    pub(crate) async fn instance(
        &self,
        bytes: &[u8],
        change: impl Fn(&mut Code),
    ) -> Arc<dyn Instance> {
        let mut code = self.code(bytes);
        change(&mut code);
        let template = self.prepare(code).await.expect("it is prepared");
        template.start().await.expect("it starts")
    }
}

/// Code from a source, with plain limits.
pub(crate) fn code(source: Source) -> Code {
    Code {
        name: "sample".to_string(),
        source,
        limits: Limits {
            memory: 8 << 20,
            concurrency: 4,
            cpu: None,
            fuel: None,
            table_elements: 10_000,
            body: 1 << 20,
        },
        isolation: Isolation::Request,
        environment: Vec::new(),
        files: Vec::new(),
        outbound: Vec::new(),
        key_value: Vec::new(),
        store: NoKeyValue::shared(),
    }
}

/// What came of a call.
pub(crate) struct Made {
    pub(crate) answer: Result<Response<Body>, CallError>,
    pub(crate) end: oneshot::Receiver<End>,
    pub(crate) log: Arc<Lines>,
}

/// Makes a call.
pub(crate) async fn call(instance: &Arc<dyn Instance>, path: &str, body: Body) -> Made {
    let (tell, end) = oneshot::channel();
    let log = Arc::new(Lines::default());
    let request = Request::post(path).header("host", "test").body(body).expect("it is a request");
    // A test that failed listens no more.
    let end_signal = EndSignal::new(move |end| drop(tell.send(end)));
    let sink: Arc<dyn LogSink> = log.clone();
    let call = Call { request, log: sink, flows: None, end: end_signal };
    let answer = instance.clone().invoke(call).await;
    Made { answer, end, log }
}

/// The text of an answer to a text.
pub(crate) async fn ask(instance: &Arc<dyn Instance>, path: &str, text: &str) -> String {
    let made = call(instance, path, full(text.to_string())).await;
    let answer = made.answer.expect("it answers");
    let bytes = answer.into_body().collect().await.expect("the answer is whole").to_bytes();
    String::from_utf8(bytes.to_vec()).expect("it is text")
}

/// Why a call failed, and how it ended.
pub(crate) async fn fail(instance: &Arc<dyn Instance>, path: &str) -> (CallError, End) {
    let made = call(instance, path, full(Bytes::new())).await;
    let Err(error) = made.answer else { panic!("it must fail") };
    (error, made.end.await.expect("the end is told"))
}

/// What a guest wrote.
#[derive(Default)]
pub(crate) struct Lines(pub(crate) Mutex<Vec<(bool, String)>>);

impl LogSink for Lines {
    fn write(&self, stream: Stream, bytes: &[u8]) {
        let text = String::from_utf8_lossy(bytes).into_owned();
        self.0.lock().push((stream == Stream::Stderr, text));
    }
}

/// Long enough for anything that ends at all.
pub(crate) const LONG: Duration = Duration::from_secs(60);
