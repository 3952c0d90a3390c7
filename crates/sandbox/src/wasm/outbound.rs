//! Where guests may send requests, and the hook that holds them to it.

use http_body_util::BodyExt;
use wasmtime_wasi_http::{Error, RequestOptions, WasiBody, WasiHttpHooks};

use crate::reach::Reach;

/// Chunks of an answer that a guest may have written and nobody read: so many that a
/// usual guest never has to wait for its reader.
const CHUNKS: usize = 16;

/// The longest such chunk.
const CHUNK_BYTES: usize = 64 << 10;

/// What the engine asks about a guest's requests.
pub(crate) struct Hooks {
    pub(crate) allowed: Reach,
}

impl WasiHttpHooks for Hooks {
    fn send_request(
        &mut self,
        request: http::Request<WasiBody>,
        options: Option<RequestOptions>,
        _written: Box<dyn Future<Output = Result<(), Error>> + Send>,
    ) -> Box<
        dyn Future<
                Output = Result<
                    (http::Response<WasiBody>, Box<dyn Future<Output = Result<(), Error>> + Send>),
                    Error,
                >,
            > + Send,
    > {
        let allowed = self.allowed.allows(request.uri());
        Box::new(async move {
            if !allowed {
                return Err(Error::HttpRequestDenied);
            }
            let sent = wasmtime_wasi_http::default_send_request(request, options).await;
            let (response, io) = sent?;
            let io: Box<dyn Future<Output = Result<(), Error>> + Send> = Box::new(io);
            Ok((response.map(BodyExt::boxed_unsync), io))
        })
    }

    fn p2_outgoing_body_buffer_chunks(&mut self) -> usize {
        CHUNKS
    }

    fn p2_outgoing_body_chunk_size(&mut self) -> usize {
        CHUNK_BYTES
    }
}
