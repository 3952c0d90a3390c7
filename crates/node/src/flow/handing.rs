//! How a flow changes hands: between functions, which the daemon's own consumer calls, and
//! native processes, which take the items themselves.
//!
//! A native owner gets a page of its own for its epoch, which only the daemon reads; what it
//! says there is held against the records and copied to the page that everybody else goes by
//! (see [`attending`](crate::flow::attending)). So whoever comes next begins from what is known
//! to be right, and a process that is frozen, gone or hostile is left behind by raising the
//! epoch.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use swell_api::flow::is_native;
use swell_core::flow::affinity::Place;
use swell_fifo::fault::Fault;
use swell_fifo::handshake::{REGIONS_PER_MESSAGE, Refused, Told};
use swell_fifo::layout::page;
use swell_fifo::mapping::Mapping;
use swell_fifo::mirror::Mirror;
use swell_fifo::owner::Heir;
use swell_fifo::shared::Shared;
use swell_fifo::template::Segment;

use crate::flow::attending::{self, Before, Period};
use crate::flow::letters::LineError;
use crate::flow::line::{Line, Ring, memories, number};
use crate::flow::natives::{Native, keeping};

impl Line {
    /// Lets another owner have the flow, from the next item on; not if it has it already. A
    /// native process that is not connected gets it once it is: until then its items wait. `why`
    /// says whose doing it is, and `because` what it was decided by.
    pub(crate) fn hand_over(
        self: &Arc<Self>,
        place: usize,
        (why, because): (&'static str, &str),
    ) -> Result<bool, LineError> {
        let native = self.natives.consumer(self.owner_name(place));
        let heir = native.as_ref().map(|native| native.number);
        let page = Segment::page(self.sharing).map_err(LineError::Memory)?;
        let theirs = native.as_ref().map(|_| Segment::page(self.sharing)).transpose();
        let theirs = theirs.map_err(LineError::Memory)?;
        let change = self.change(place);
        let mut ring = self.ring.lock();
        let mut hands = self.hands.lock();
        if (hands.owner(), hands.native()) == (place, heir) {
            return Ok(false);
        }
        let epoch = self.prepare(&mut ring, &page)?;
        if let (Some(native), Some(theirs)) = (native, theirs) {
            Mirror::prepare(&page.memory, &theirs.memory)?;
            ring.is_shown = true;
            if !self.brief(&ring, &native, epoch, &theirs) {
                let why = "it does not take what it is sent".to_string();
                native.evict(Refused::Nonsense, why);
                return Err(LineError::Unheard(native.name.clone()));
            }
            let (line, own) = (self.clone(), page.memory.clone());
            attending::begin(Period { line, native, epoch, own, theirs: theirs.memory })
                .map_err(LineError::Memory)?;
        }
        ring.pages.push((epoch, page));
        hands.asked((place, heir), (why, because), change);
        self.is_owned_by(place);
        ring.fifo.raise(number(place));
        self.stir.notify_one();
        Ok(true)
    }

    /// Lets its consumer work elsewhere, from the next item on. While a native process has the
    /// flow it does nothing, and sits down there when it is its turn.
    pub(crate) fn reseat(&self, seat: Place) -> Result<(), LineError> {
        let page = Segment::page(self.sharing).map_err(LineError::Memory)?;
        self.sit(seat);
        let change = self.change(self.owner());
        let mut ring = self.ring.lock();
        let mut hands = self.hands.lock();
        let place = hands.owner();
        if self.is_native(place) {
            return Ok(());
        }
        let epoch = self.prepare(&mut ring, &page)?;
        ring.pages.push((epoch, page));
        hands.asked((place, None), ("core", ""), change);
        ring.fifo.raise(number(place));
        self.stir.notify_one();
        Ok(())
    }

    /// Takes the flow back from a native process, for the daemon to save its items.
    pub(crate) fn reclaim(&self) -> Result<(), LineError> {
        let page = Segment::page(self.sharing).map_err(LineError::Memory)?;
        let mut ring = self.ring.lock();
        let epoch = self.prepare(&mut ring, &page)?;
        ring.pages.push((epoch, page));
        self.hands.lock().reclaimed();
        ring.fifo.raise(number(0));
        Ok(())
    }

    fn prepare(&self, ring: &mut Ring, page: &Segment) -> Result<u32, Fault> {
        let epoch = ring.fifo.prepare(page.memory.clone());
        for lane in &self.lanes {
            lane.announce(page.memory.clone())?;
        }
        Ok(epoch)
    }

    /// Hands a process all that it needs to own the flow; whether it took that.
    fn brief(&self, ring: &Ring, native: &Native, epoch: u32, theirs: &Segment) -> bool {
        let regions: Vec<(u16, &OwnedFd)> = ring
            .lanes
            .iter()
            .zip(0u16..)
            .flat_map(|(lane, number)| lane.iter().map(move |(_, one)| (number, one.reader())))
            .collect();
        let own = Told::Own {
            epoch,
            lanes: self.called.clone(),
            messages: regions.chunks(REGIONS_PER_MESSAGE).count() as u32,
            keeping: keeping(&self.spec),
        };
        native.tell(&own, &[ring.control.reader(), theirs.writer()])
            && regions.chunks(REGIONS_PER_MESSAGE).all(|part| {
                let (lanes, descriptors): (Vec<u16>, Vec<&OwnedFd>) = part.iter().copied().unzip();
                native.tell(&Told::Regions { lanes }, &descriptors)
            })
    }

    /// Shows the native owner a region that a lane will go on in.
    pub(crate) fn show_region(&self, lane: usize, region: &Segment) {
        let owner = self.native_owner();
        let Some(native) = owner.and_then(|number| self.natives.get(number)) else { return };
        let lanes = vec![u16::try_from(lane).expect("a flow has few lanes")];
        if !native.tell(&Told::Regions { lanes }, &[region.reader()]) {
            native.evict(Refused::Nonsense, "it does not take what it is sent".to_string());
        }
    }

    /// Whether the owner at this place is a native process, connected or not.
    pub(crate) fn is_native(&self, place: usize) -> bool {
        is_native(self.owner_name(place))
    }

    /// The number of the native process that owns the flow.
    pub(crate) fn native_owner(&self) -> Option<u64> {
        self.hands.lock().native()
    }

    /// Where the flow goes when a native owner leaves: to another process that stands by, else to
    /// the first function among its owners, else it waits for `to`.
    pub(crate) fn fallback(&self) -> usize {
        let process = self.owners().position(|name| self.natives.consumer(name).is_some());
        let function = || self.owners().position(|name| !is_native(name));
        process.or_else(function).unwrap_or(0)
    }

    /// A native process has left, or is to: the flow goes on without it.
    pub(crate) fn leave(self: &Arc<Self>, number: u64) {
        if let Some(native) = self.natives.get(number) {
            native.over.cancel();
        }
        if self.native_owner() != Some(number) {
            return;
        }
        if let Err(error) =
            self.hand_over(self.fallback(), ("left", "the process that had it is gone"))
        {
            let flow = &self.spec.name;
            tracing::error!(%flow, %error, "a flow waits for an owner");
            self.set_trouble(Some(error.to_string()));
        }
    }

    /// Who is to own the flow now, with all it needs to begin.
    pub(crate) fn heir(&self) -> Result<(usize, Heir<Mapping>), Fault> {
        let mut ring = self.ring.lock();
        let want = ring.fifo.want();
        let before = before(&ring).map(|(_, page)| page.memory.clone());
        if before.is_none() {
            // Nobody has begun since the positions were given last, so they hold.
            ring.fifo.take_over()?;
        }
        let (_, page) = ring.pages.last().expect("a flow has an epoch");
        let lanes = ring.lanes.iter().map(|lane| memories(lane)).collect();
        let (control, page) = (ring.control.memory.clone(), page.memory.clone());
        let place = (want.owner as usize).saturating_sub(1);
        Ok((place, Heir::new(control, page, before, lanes)?))
    }

    /// Whether the owner before this epoch has let go.
    pub(crate) fn before(&self, epoch: u32) -> Before {
        let ring = self.ring.lock();
        if ring.fifo.want().epoch != epoch {
            return Before::Over;
        }
        let has_let_go = before(&ring).is_none_or(|(known, page)| {
            page.memory.load(page::RELEASED, Ordering::Acquire) == u64::from(*known)
        });
        if has_let_go { Before::Gone } else { Before::There }
    }

    /// Gives a native owner the positions it starts from, once the owner before has let go.
    /// Nothing if a later epoch was raised meanwhile.
    pub(crate) fn give(
        &self,
        epoch: u32,
        own: Mapping,
        theirs: Mapping,
    ) -> Result<Option<Mirror<Mapping>>, Fault> {
        let mut ring = self.ring.lock();
        if ring.fifo.want().epoch != epoch {
            return Ok(None);
        }
        ring.fifo.take_over()?;
        let lanes = ring.lanes.iter().map(|lane| memories(lane)).collect();
        let mirror = Mirror::give(ring.control.memory.clone(), theirs, own, lanes)?;
        // Before any later epoch can be raised: a process that is done with an item, and was not
        // told to let go before it said so, is believed.
        mirror.open();
        Ok(Some(mirror))
    }

    /// The owner of before let go.
    pub(crate) fn released(&self) {
        self.hands.lock().released();
    }
}

/// The newest epoch before the present one that anybody has begun.
fn before(ring: &Ring) -> Option<&(u32, Segment)> {
    let newest = ring.pages.len().saturating_sub(1);
    ring.pages[..newest].iter().rev().find(|(epoch, page)| {
        page.memory.load(page::OPENED, Ordering::Acquire) == u64::from(*epoch)
    })
}
