//! Counts the visits of each path in the key-value store `visits`, which outlives calls,
//! versions and restarts of the node.

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

use bindings::wasi::keyvalue::{atomics, store};

/// Bindings to what `wit/` asks for.
mod bindings {
    wit_bindgen::generate!({ path: "wit", world: "visits", generate_all });
}

struct Visits;

wasip2::http::proxy::export!(Visits);

impl Guest for Visits {
    fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        let path = request.path_with_query().unwrap_or_default();
        let path = path.split('?').next().unwrap_or_default();
        let (status, text) = match count(path) {
            Ok(1) => (200, format!("The first visit of {path}.\n")),
            Ok(number) => (200, format!("Visit {number} of {path}.\n")),
            Err(error) => (500, format!("The visit could not be counted: {error:?}.\n")),
        };
        answer(response_out, status, &text);
    }
}

/// Counts one more visit, in one step however many are under way.
fn count(path: &str) -> Result<u64, store::Error> {
    let visits = store::open("visits")?;
    atomics::increment(&visits, path, 1)
}

fn answer(out: ResponseOutparam, status: u16, text: &str) {
    let headers = Fields::new();
    headers.append("content-type", b"text/plain").expect("it is a good header");
    let response = OutgoingResponse::new(headers);
    response.set_status_code(status).expect("it is a good status");
    let body = response.body().expect("it is taken once");
    ResponseOutparam::set(out, Ok(response));
    let stream = body.write().expect("it is taken once");
    for piece in text.as_bytes().chunks(4096) {
        // Whoever has left needs no answer any more.
        let _ = stream.blocking_write_and_flush(piece);
    }
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}
