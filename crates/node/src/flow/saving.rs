//! What an owner does besides taking items: it takes in regions that lanes went on in, it moves items
//! that lie on disk to where there is room by now, and it saves what lies in memory only when the node
//! goes down in order.

use swell_fifo::envelope::Envelope;
use swell_fifo::fault::Fault;
use swell_fifo::mapping::Mapping;
use swell_fifo::owner::{Next, Owner};

use crate::flow::batch::Taken;
use crate::flow::line::Line;
use crate::flow::tries::Work;

/// Saves items that were taken out, unless they are on disk or their one call was made.
pub(crate) fn save_work(line: &Line, work: &Work) {
    if work.attempts == 0 {
        save_taken(line, &work.items);
    }
}

/// Saves items that were taken out and given to nobody, unless they are on disk.
pub(crate) fn save_taken<'a>(line: &Line, items: impl IntoIterator<Item = &'a Taken>) {
    for Taken { lane, sequence, put_us, hops, media_type, payload, .. } in items {
        let envelope = Envelope { put_us: *put_us, hops: *hops, media_type };
        save_one(line, *lane, *sequence, &envelope.wrap(payload));
    }
}

/// Saves what nobody took out and lies in memory only, as the node goes down in order.
pub(crate) fn save(line: &Line, owner: &mut Owner<Mapping>) -> Result<(), Fault> {
    let mut bytes = Vec::new();
    loop {
        match owner.take()? {
            Next::Item(item) => {
                if item.copy_to(&mut bytes) {
                    save_one(line, item.lane(), item.sequence(), &bytes);
                }
            }
            Next::Revoked => break,
            Next::Empty => {
                if !found_regions(line, owner) {
                    break;
                }
            }
        }
    }
    for lane in &line.lanes {
        if let Err(error) = lane.settle() {
            let flow = &line.spec.name;
            tracing::warn!(%flow, %error, "what was saved may not survive a power cut");
        }
    }
    Ok(())
}

/// Moves items that lie on disk into their lanes, as far as there is room; how many.
pub(crate) fn pump(line: &Line) -> u64 {
    let pumped = line.lanes.iter().map(|lane| {
        lane.pump().unwrap_or_else(|error| {
            let flow = &line.spec.name;
            tracing::warn!(%flow, from = %lane.from, ?error, "items wait on disk");
            0
        })
    });
    pumped.sum()
}

/// Takes in regions that a lane went on in and that are newer than this owner; whether
/// there were any.
pub(crate) fn found_regions(line: &Line, owner: &mut Owner<Mapping>) -> bool {
    let Some(lane) = owner.lost_lane() else { return false };
    // The first is the one it is in, as it is retired only once it was left.
    for region in line.regions_of(lane).into_iter().skip(1) {
        owner.announce(lane, region);
    }
    true
}

/// Saves an item.
fn save_one(line: &Line, lane: usize, sequence: u64, item: &[u8]) {
    if let Err(error) = line.lanes[lane].save(sequence, item) {
        let flow = &line.spec.name;
        tracing::warn!(%flow, %error, "an item is lost, as the disk failed");
    }
}
