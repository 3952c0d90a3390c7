//! What another node's answers mean for items that are sent on to it.

use swell_api::flow::Full;
use swell_link::error::LinkError;

use crate::flow::wire::{CHUNK_BYTES, ELSEWHERE, Elsewhere, NOT_UP, Next, parse};

/// How many of these items go together. Where some may be dropped each goes alone, as its
/// number would else be another's.
pub(crate) fn chunk(items: &[Vec<u8>], full: Full) -> usize {
    if full == Full::DropNewest {
        return 1;
    }
    let mut bytes = 0;
    let fits = |item: &&Vec<u8>| {
        bytes += item.len();
        bytes <= CHUNK_BYTES
    };
    items.iter().take_while(fits).count().max(1)
}

/// How the lane stands, as the node said. Of an answer that makes no sense nobody knows what was
/// done before it.
pub(crate) fn read(from: &Elsewhere, bytes: &[u8]) -> Result<Next, LinkError> {
    parse(bytes).map_err(|error| LinkError::Broken {
        peer: from.node.clone(),
        reason: format!("the answer makes no sense: {error}"),
    })
}

/// What a refusal with this status says.
pub(crate) fn answer<T: serde::de::DeserializeOwned>(error: &LinkError, wanted: u16) -> Option<T> {
    match error {
        LinkError::Refused { status, reason, .. } if *status == wanted => {
            parse(reason.as_bytes()).ok()
        }
        _ => None,
    }
}

/// Whether it would be refused again, and was refused before anything was done.
pub(crate) fn is_final(error: &LinkError) -> bool {
    matches!(error, LinkError::Refused { status: 400 | 403 | 404, .. } | LinkError::Unusable(_))
}

/// Whether nothing of what was sent was surely taken: it did not leave this node, or was refused
/// before anything was done.
pub(crate) fn is_untaken(error: &LinkError) -> bool {
    let went_on = || answer::<Elsewhere>(error, ELSEWHERE).is_some();
    let is_changing = matches!(error, LinkError::Refused { status: NOT_UP, .. });
    error.is_harmless() || is_final(error) || is_changing || went_on()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_surely_was_not_taken_is_told_from_what_may_have_been() {
        let (peer, reason) = ("oslo".to_string(), String::new());
        let refused = |status, reason: &str| LinkError::Refused {
            peer: "oslo".to_string(),
            status,
            reason: reason.to_string(),
        };
        let unreachable = LinkError::Unreachable {
            peer: peer.clone(),
            address: "127.0.0.1:1".to_string(),
            reason: reason.clone(),
        };
        let senseless = read(&Elsewhere { node: peer.clone(), at: String::new() }, b"?");
        for (error, expected) in [
            (unreachable, true),
            (refused(404, ""), true),
            (refused(ELSEWHERE, r#"{"node":"rome","at":"127.0.0.1:1"}"#), true),
            (refused(NOT_UP, ""), true),
            (refused(500, ""), false),
            (refused(507, ""), false),
            (LinkError::Late(peer.clone()), false),
            (LinkError::Broken { peer, reason }, false),
            (senseless.expect_err("it is no answer"), false),
        ] {
            assert_eq!(is_untaken(&error), expected, "{error}");
        }
    }
}
