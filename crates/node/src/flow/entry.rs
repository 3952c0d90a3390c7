//! The entry of a flow: payloads of a function become items of its lane, whether they are
//! answers or were put in by a call that runs.

use std::sync::atomic::Ordering;

use tokio::time::Instant;

use swell_fifo::envelope::Envelope;
use swell_fifo::refusal::PushError;

use crate::flow::end::PutError;
use crate::flow::flows::Flows;
use crate::flow::lane::Put;
use crate::flow::line::Line;
use crate::flow::meter::now_us;
use crate::flow::up::{Down, Up};

/// What comes with items.
pub(crate) struct Sent<'a> {
    /// Flows that led to whoever sends them.
    pub(crate) hops: u32,
    /// The media type of their payload.
    pub(crate) media_type: &'a str,
}

impl Sent<'_> {
    /// Flows that lead to an item of it, this one included.
    fn hops(&self) -> u32 {
        self.hops.saturating_add(1)
    }

    /// Whether an item of it ends where it would go into this flow, as too many led to it.
    fn ends_at(&self, up: &Up) -> bool {
        up.spec.hops_max.is_some_and(|most| self.hops() > most)
    }

    fn envelope(&self) -> Envelope<'_> {
        Envelope {
            put_us: now_us(),
            hops: u16::try_from(self.hops()).unwrap_or(u16::MAX),
            media_type: self.media_type,
        }
    }
}

fn check_length(up: &Up, length: usize) -> Result<(), PutError> {
    let max = up.spec.item_bytes;
    if length as u64 > max {
        return Err(PutError::Ring(PushError::TooLarge { length, max }));
    }
    Ok(())
}

fn line_of(up: &Up) -> Result<&Line, PutError> {
    match &up.line {
        Ok(line) => Ok(line),
        Err(Down::Changing) => Err(PutError::Closed),
        Err(Down::Away(_) | Down::Broken(_)) => Err(PutError::Down),
    }
}

/// Whether a flow that is up would take an item of a function, once there is room where it would
/// wait for some. Of one that is at another node that is not known before it is put in, but for one
/// that has not answered for a while: that one is asked.
pub(crate) async fn would_take(
    flows: &Flows,
    up: &Up,
    from: &str,
    sent: &Sent<'_>,
    payload: &[u8],
    deadline: Option<Instant>,
) -> Result<(), PutError> {
    if sent.ends_at(up) {
        return Ok(());
    }
    check_length(up, payload.len())?;
    if let Some(away) = &up.away {
        return match deadline {
            Some(_) => away.answers(from).await,
            // Nobody can be told: it waits.
            None => Ok(()),
        };
    }
    let line = line_of(up)?;
    let Some(lane) = line.lanes.iter().find(|lane| *lane.from == *from) else { return Ok(()) };
    let length = sent.envelope().wrap(&[]).len() + payload.len();
    lane.would_take(length, deadline, &flows.stop, &line.stir).await
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
    let all = Put { count: payloads.len() as u32, ..Put::default() };
    if sent.ends_at(up) {
        if let Ok(line) = &up.line {
            line.meter.ended.fetch_add(payloads.len() as u64, Ordering::Relaxed);
        }
        return Ok((all, Ok(())));
    }
    let longest = payloads.iter().map(|payload| payload.as_ref().len()).max().unwrap_or(0);
    check_length(up, longest)?;
    let envelope = sent.envelope();
    let items: Vec<_> = payloads.iter().map(|payload| envelope.wrap(payload.as_ref())).collect();
    if let Some(away) = &up.away {
        return Ok(away.put(from, &items, (deadline, &flows.stop)).await);
    }
    let line = line_of(up)?;
    let Some(lane) = line.lanes.iter().find(|lane| *lane.from == *from) else {
        return Ok((all, Ok(())));
    };
    Ok(lane.put(&items, deadline, &flows.stop, &line.stir).await)
}
