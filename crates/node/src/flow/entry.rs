//! The entry of a flow: payloads of a function become items of its lane, whether they are
//! answers or were put in by a call that runs.

use std::sync::atomic::Ordering;

use tokio::time::Instant;

use swell_fifo::envelope::Envelope;
use swell_fifo::refusal::PushError;

use crate::flow::end::PutError;
use crate::flow::flows::Flows;
use crate::flow::lane::Put;
use crate::flow::meter::now_us;
use crate::flow::up::{Down, Up};

/// What comes with items.
pub(crate) struct Sent<'a> {
    /// Flows that led to whoever sends them.
    pub(crate) hops: u32,
    /// The media type of their payload.
    pub(crate) media_type: &'a str,
}

/// Puts items of a function into a flow that is up, in this order: what it was done with by
/// the end, and why it went no further. It comes to nothing if one of them cannot be an item.
pub(crate) async fn put<T: AsRef<[u8]>>(
    flows: &Flows,
    up: &Up,
    from: &str,
    sent: &Sent<'_>,
    payloads: &[T],
    deadline: Option<Instant>,
) -> Result<(Put, Result<(), PutError>), PutError> {
    let (hops_max, item_bytes_max) = {
        let spec = &up.spec;
        (spec.hops_max, spec.item_bytes)
    };
    let all = Put { count: payloads.len() as u32, ..Put::default() };
    let hops = sent.hops.saturating_add(1);
    if hops_max.is_some_and(|most| hops > most) {
        if let Ok(line) = &up.line {
            line.meter.ended.fetch_add(payloads.len() as u64, Ordering::Relaxed);
        }
        return Ok((all, Ok(())));
    }
    let longest = payloads.iter().map(|payload| payload.as_ref().len()).max().unwrap_or(0);
    if longest as u64 > item_bytes_max {
        let max = item_bytes_max;
        return Err(PutError::Ring(PushError::TooLarge { length: longest, max }));
    }
    let envelope = Envelope {
        put_us: now_us(),
        hops: u16::try_from(hops).unwrap_or(u16::MAX),
        media_type: sent.media_type,
    };
    let items: Vec<_> = payloads.iter().map(|payload| envelope.wrap(payload.as_ref())).collect();
    if let Some(away) = &up.away {
        return Ok(away.put(from, &items, (deadline, &flows.stop)).await);
    }
    let line = match &up.line {
        Ok(line) => line,
        Err(Down::Changing) => return Err(PutError::Closed),
        Err(Down::Away(_) | Down::Broken(_)) => return Err(PutError::Down),
    };
    let Some(lane) = line.lanes.iter().find(|lane| *lane.from == *from) else {
        return Ok((all, Ok(())));
    };
    Ok(lane.put(&items, deadline, &flows.stop, &line.stir).await)
}
