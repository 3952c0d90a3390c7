//! The contents of a node with what it knows of workloads: those of its functions have some.

use std::sync::Arc;

use swell_content::answer::ContentError;
use swell_content::contents::Contents;
use swell_content::naming::ContentName;

use crate::grouping::groups::Grouping;
use crate::refusal::{Reason, Refusal};
use crate::registry::Registry;

/// The contents of a node.
pub struct Gate {
    /// The contents.
    pub contents: Arc<Contents>,
    /// The functions, which name workloads.
    pub registry: Arc<Registry>,
    /// Which groups the node is in, and where calls go.
    pub grouping: Arc<Grouping>,
}

impl Gate {
    /// The content of that name, if it can be one and its workload is known.
    pub async fn name(&self, workload: &str, name: &str) -> Result<ContentName, Refusal> {
        let name = ContentName::new(workload, name)
            .map_err(|error| Refusal::new(Reason::BadRequest, error.to_string()))?;
        self.check(workload).await?;
        Ok(name)
    }

    /// Refuses a workload that nobody has heard of.
    pub async fn check(&self, workload: &str) -> Result<(), Refusal> {
        // What is known without a look at all functions comes first: reads pass here.
        if self.contents.is_at_hand(workload)
            || self.is_of_a_function(workload)
            || self.contents.knows(workload).await.map_err(refusal)?
        {
            return Ok(());
        }
        let title = format!("there is no workload `{workload}`");
        let hint = "name it as `workload` of a function, or in the setting `cache.workloads`";
        Err(Refusal::new(Reason::NotFound, title).hint(hint))
    }

    fn is_of_a_function(&self, workload: &str) -> bool {
        let mut is_found = false;
        self.registry.visit(|function| {
            is_found |= function.newest().spec.workload.as_deref() == Some(workload);
        });
        is_found
    }
}

/// Why a caller does not get what it wanted.
pub fn refusal(error: ContentError) -> Refusal {
    let title = error.to_string();
    match error {
        ContentError::NotFound => Refusal::new(Reason::NotFound, title),
        ContentError::Precondition(_) => {
            let hint = "read it again, and make the new version from what it is now";
            Refusal::new(Reason::PreconditionFailed, title).hint(hint)
        }
        ContentError::Conflict => {
            Refusal::new(Reason::Conflict, title).hint("read it again, then write")
        }
        ContentError::Busy => {
            let hint = "try again in a moment, or read at the level `any`";
            Refusal::new(Reason::Busy, title).hint(hint).retry_after(PAUSE)
        }
        ContentError::Unavailable(_) => {
            let hint = "reads at the level `any` and writes acknowledged as `pending=1` \
                        go on without the data store";
            Refusal::new(Reason::Unavailable, title).hint(hint).retry_after(PAUSE)
        }
        ContentError::Full(_) => {
            let hint = "make room where the data store is, or remove contents";
            Refusal::new(Reason::Storage, title).hint(hint)
        }
        ContentError::Undecided(token) => {
            let hint = format!(
                "it is written if the `ETag` of a strict read is `\"{token}\"` or a later one"
            );
            Refusal::new(Reason::Undecided, title).hint(hint)
        }
    }
}

/// After which time another try makes sense.
const PAUSE: std::time::Duration = std::time::Duration::from_secs(1);
