//! What other nodes send on to a flow that is here.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use swell_fifo::refusal::PushError;

use crate::flow::arriving::Refused;
use crate::flow::end::PutError;
use crate::flow::flows::Flows;
use crate::flow::lane::Lane;
use crate::flow::line::Line;
use crate::flow::wire::{Chunk, ChunkHead, ELSEWHERE, NOT_UP, Next, OUT_OF_TURN, text};

/// How long a request waits for room at most.
const WAIT_MAX: Duration = Duration::from_secs(10);

impl Flows {
    /// How a lane stands that `peer` feeds.
    pub(crate) fn next_of(&self, peer: &str, head: &ChunkHead) -> Result<Next, Refused> {
        let (_, lane) = self.lane_of(peer, head)?;
        Ok(next(&lane))
    }

    /// Items that `peer` sends on.
    pub(crate) async fn take_in(
        self: &Arc<Self>,
        peer: &str,
        chunk: &Chunk,
    ) -> Result<Next, Refused> {
        let (line, lane) = self.lane_of(peer, &chunk.head)?;
        if chunk.head.born != lane.born() {
            return Err(out_of_turn(&lane));
        }
        let wait = Duration::from_millis(chunk.head.wait_ms).min(WAIT_MAX);
        let until = Some(Instant::now() + wait);
        let (put, result) =
            lane.put_numbered(chunk.first, &chunk.items, until, &self.stop, &line.stir).await;
        let stands = Next {
            born: lane.born(),
            next: chunk.first + u64::from(put.count - put.dropped),
            dropped: put.dropped,
            is_full: matches!(result, Err(PutError::Full)),
        };
        match result {
            Ok(()) | Err(PutError::Full) => Ok(stands),
            Err(PutError::OutOfTurn) => Err(out_of_turn(&lane)),
            Err(PutError::Ring(PushError::TooLarge { max, .. })) => {
                Err((400, format!("an item of the flow may have up to {max} bytes")))
            }
            Err(PutError::Disk(error)) => Err((507, format!("it could not be kept: {error}"))),
            // Where none of them is in, the sender may know.
            Err(error) => {
                let status = if put.count == 0 { NOT_UP } else { 500 };
                Err((status, format!("the flow is not up just now: {error:?}")))
            }
        }
    }

    fn lane_of(&self, peer: &str, head: &ChunkHead) -> Result<(Arc<Line>, Arc<Lane>), Refused> {
        let name = &head.flow;
        let up = self.get(name).ok_or_else(|| (404, format!("no flow `{name}` is here")))?;
        if let Some(away) = &up.away {
            let elsewhere = String::from_utf8(text(&away.to())).expect("JSON is text");
            return Err((ELSEWHERE, elsewhere));
        }
        let feeds = head.lane.strip_suffix(peer).is_some_and(|rest| rest.ends_with('@'));
        if !feeds {
            return Err((403, format!("`{peer}` does not feed the lane `{}`", head.lane)));
        }
        let line = up.line.as_ref().map_err(|why| (NOT_UP, why.to_string()))?;
        let lane = line.lanes.iter().find(|lane| *lane.from == *head.lane);
        let lane = lane.ok_or_else(|| (404, format!("`{name}` has no lane `{}`", head.lane)))?;
        Ok((line.clone(), lane.clone()))
    }
}

fn next(lane: &Lane) -> Next {
    Next { born: lane.born(), next: lane.due(), dropped: 0, is_full: false }
}

fn out_of_turn(lane: &Lane) -> Refused {
    (OUT_OF_TURN, String::from_utf8(text(&next(lane))).expect("JSON is text"))
}
