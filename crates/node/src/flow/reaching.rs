//! Whether the node that has a flow is reached, before anything is put into others for the same answer.

use tokio::time::Instant;

use crate::flow::away::Away;
use crate::flow::end::PutError;

impl Away {
    /// Whether the other node answers: one that has not for a while is asked once more.
    pub(crate) async fn answers(&self, from: &str) -> Result<(), PutError> {
        if !self.silence.is_long(Instant::now()) {
            return Ok(());
        }
        match self.ask_next(from).await {
            Err(error) if error.is_harmless() => Err(PutError::Unreached(error.to_string())),
            _ => Ok(()),
        }
    }
}
