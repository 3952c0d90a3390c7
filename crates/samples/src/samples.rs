//! The samples, as bytes that can be deployed. Their texts lie in `wat/`, with what each
//! does in its first line.

/// Greets whom the body names.
pub const HELLO: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/hello.wasm"));
/// Answers with what it is sent, piece by piece.
pub const ECHO: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/echo.wasm"));
/// Works as long as it is told: `/?m=20` lets 20 ms pass, `/?k=500` counts to 500,000.
pub const WORK: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/work.wasm"));
/// Never comes to an end.
pub const SPIN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/spin.wasm"));
/// Dies.
pub const TRAP: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/trap.wasm"));
/// Takes memory until it gets no more.
pub const HOG: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/hog.wasm"));
/// Ends without an answer.
pub const SILENT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/silent.wasm"));
/// Counts the calls its guest has served.
pub const COUNTER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/counter.wasm"));
/// Sends server-sent events: `/?n=3&m=10` is three, 10 ms apart.
pub const EVENTS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/events.wasm"));
/// Counts its visits in the key-value store `visits`.
pub const VISITS: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/visits.wasm"));
/// Sends a request to the host that the body names, and tells what came of it.
pub const FETCH: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/fetch.wasm"));
/// A plain WASI command that writes its input in capitals.
pub const SHOUT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/shout.wasm"));
/// A plain WASI command that says it is fine, and dies where its environment says `bad`.
pub const MOODY: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/moody.wasm"));
/// Appends what it is sent to a list in the key-value store `seen`; sent nothing, tells it.
pub const COLLECT: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/collect.wasm"));
/// Keeps what it is sent in the container `album` under the path; sent nothing, answers with what
/// is there, or with several objects (`/a+b`).
pub const ALBUM: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/album.wasm"));
/// Puts each line it is sent into the flow `frames`.
pub const SCATTER: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/scatter.wasm"));
/// Takes all that is in the flow `frames` at a time, and keeps it as `COLLECT` does.
pub const DRAIN: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/drain.wasm"));
/// As `COLLECT`, but keeps the first eight bytes only.
pub const NOTE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/note.wasm"));
