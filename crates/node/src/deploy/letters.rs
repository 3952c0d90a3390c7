//! What people are told when a deployment or a change does not come about.

use crate::deploy::bounds::short;
use crate::deploy::prepare::Failure;
use crate::refusal::{Reason, Refusal};
use crate::store::error::StoreError;

/// One letter for all problems of a specification.
pub(crate) fn refuse(name: &str, mut problems: Vec<String>) -> Result<(), Refusal> {
    let name = short(name);
    match problems.len() {
        0 => Ok(()),
        1 => Err(Refusal::new(
            Reason::BadRequest,
            format!("`{name}` cannot be deployed: {}", problems.remove(0)),
        )),
        many => Err(Refusal::new(
            Reason::BadRequest,
            format!("`{name}` cannot be deployed: its specification has {many} problems"),
        )
        .detail(problems.join("\n"))),
    }
}

/// That code could not be made ready.
pub(crate) fn unprepared(name: &str, failure: &Failure) -> Refusal {
    let title = format!("`{name}` was not deployed: its code could not be made ready");
    let reason = if failure.lasting { Reason::BadRequest } else { Reason::Internal };
    let hint = "a version that served before goes on serving";
    Refusal::new(reason, title).detail(&failure.why).hint(hint)
}

/// What a store that does not keep means for who asked.
pub(crate) fn unkept(error: &StoreError) -> Refusal {
    Refusal::new(Reason::Storage, "the node could not write it down, so nothing was changed")
        .detail(error.to_string())
}

/// That work inside the node ended by itself.
pub(crate) fn broke(error: &tokio::task::JoinError) -> Refusal {
    Refusal::new(Reason::Internal, format!("the work broke off: {error}"))
}

/// That there is no such function.
pub fn unknown(name: &str) -> Refusal {
    let title = format!("there is no function `{}`", short(name));
    Refusal::new(Reason::NotFound, title).hint("`GET /v1/functions` lists those that are here")
}
