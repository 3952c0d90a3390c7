//! How a call that was made for items of a flow asks for more of them while it runs.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use swell_sandbox::flow::{FlowError, FlowItem};

/// Where to ask; an extension of the call's request.
#[derive(Debug, Clone)]
pub struct Inlet {
    /// The flow that the call was made for.
    pub flow: Arc<str>,
    /// Heard as long as the call runs.
    pub asks: mpsc::Sender<Ask>,
}

/// What may be asked.
#[derive(Debug)]
pub enum Ask {
    /// More items.
    Pop {
        /// How many at most.
        most: u32,
        /// How long to wait for the first.
        wait: Duration,
        /// Takes them.
        answer: oneshot::Sender<Result<Vec<FlowItem>, FlowError>>,
    },
    /// To forget what was given out so far.
    Done {
        /// Hears when it is forgotten.
        answer: oneshot::Sender<Result<(), FlowError>>,
    },
}

impl Inlet {
    /// Asks, and waits for the answer.
    pub async fn ask<T>(
        &self,
        ask: impl FnOnce(oneshot::Sender<Result<T, FlowError>>) -> Ask,
    ) -> Result<T, FlowError> {
        let (answer, heard) = oneshot::channel();
        // Whoever made the call is gone where nobody hears: so are its items.
        self.asks.send(ask(answer)).await.map_err(|_| FlowError::Moved)?;
        heard.await.map_err(|_| FlowError::Moved)?
    }
}
