//! Greets whom the body of the request names, or the world.

use std::io::Read;

use wasip2::exports::http::incoming_handler::Guest;
use wasip2::http::types::{
    Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam,
};

/// The most that may be written at once.
const PIECE: usize = 4096;

struct Hello;

wasip2::http::proxy::export!(Hello);

impl Guest for Hello {
    fn handle(request: IncomingRequest, response_out: ResponseOutparam) {
        let name = read(&request);
        let name = match name.trim() {
            "" => "world",
            name => name,
        };
        answer(response_out, 200, "text/plain", format!("Hello, {name}, from Rust!\n").as_bytes());
    }
}

/// The whole body of a request, as text.
fn read(request: &IncomingRequest) -> String {
    let body = request.consume().expect("nobody else reads it");
    let mut bytes = Vec::new();
    let mut stream = body.stream().expect("nobody else reads it");
    // A client that leaves early gets no answer anyway.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Sends the head of an answer, then its body.
fn answer(out: ResponseOutparam, status: u16, kind: &str, content: &[u8]) {
    let headers = Fields::new();
    headers.append("content-type", kind.as_bytes()).expect("it is a good header");
    let response = OutgoingResponse::new(headers);
    response.set_status_code(status).expect("it is a good status");
    let body = response.body().expect("it is taken once");
    ResponseOutparam::set(out, Ok(response));
    let stream = body.write().expect("it is taken once");
    for piece in content.chunks(PIECE) {
        // Whoever has left needs no answer any more.
        let _ = stream.blocking_write_and_flush(piece);
    }
    drop(stream);
    let _ = OutgoingBody::finish(body, None);
}
