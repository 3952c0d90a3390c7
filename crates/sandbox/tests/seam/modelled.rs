//! The backend that pretends: it takes the time it is told, and no more.

use std::time::Duration;

use http::Request;
use tokio::time::Instant;

use swell_sandbox::backend::Backend;
use swell_sandbox::body::full;
use swell_sandbox::call::{Call, EndSignal, Outcome};
use swell_sandbox::code::Source;
use swell_sandbox::log::Silence;
use swell_sandbox::modelled::{Modelled, RUN};

use crate::stage::code;

#[tokio::test(start_paused = true)]
async fn time_passes_as_told_and_as_fast_as_told() {
    let backend = Modelled::new(10.0);
    let (start, run) = (Duration::from_secs(10), Duration::from_secs(20));
    let template = backend.prepare(code(Source::Modelled { start, run })).await.expect("a model");
    let begun = Instant::now();
    let instance = template.start().await.expect("it starts");
    assert_eq!(begun.elapsed(), Duration::from_secs(1));
    for (header, seconds) in [(None, 2), (Some("30000000"), 3)] {
        let mut request = Request::get("/").header("host", "test");
        if let Some(header) = header {
            request = request.header(RUN, header);
        }
        let (tell, end) = tokio::sync::oneshot::channel();
        let call = Call {
            request: request.body(full("")).expect("it is a request"),
            log: Silence::shared(),
            flows: None,
            end: EndSignal::new(move |end| drop(tell.send(end))),
        };
        let begun = Instant::now();
        instance.clone().invoke(call).await.expect("it answers");
        assert_eq!(begun.elapsed(), Duration::from_secs(seconds));
        assert_eq!(end.await.expect("it is told").outcome, Outcome::Answered);
    }
    assert_eq!(template.processor_time(), Duration::from_secs(5), "it pretends to compute");
}

#[tokio::test]
async fn it_runs_no_code() {
    let source = Source::File { path: "x".into(), digest: "x".to_string() };
    assert!(Modelled::new(1.0).prepare(code(source)).await.is_err());
}
