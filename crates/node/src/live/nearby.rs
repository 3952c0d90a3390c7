//! Clones that this node asks others for, and those that others ask for here.

use std::sync::Arc;
use std::time::Duration;

use swell_core::event::Event;
use swell_core::ids::FunctionId;
use swell_core::nearby::{COUNT_MAX, LASTING_MAX, NearId, NearNode, Request};
use swell_core::units::Bytes;

use crate::live::ask::Ask;
use crate::live::world::Live;
use crate::registry::Version;

impl Live {
    /// The mind wants others to be asked; where nobody carries that, all refuse.
    pub(crate) fn send(self: &Arc<Self>, node: NearId, request: &Request, version: Arc<Version>) {
        let lasting = self.clock.real(request.lasting);
        let Request { count, worth, bid, function, .. } = *request;
        let ask = Ask { node, version, count, lasting, worth, bid };
        let is_sent = self.asks.get().is_some_and(|asks| asks.try_send(ask).is_ok());
        if !is_sent {
            self.tell(Event::ClonesPromised { node, function, count: 0 });
        }
    }

    /// What came of it.
    pub(crate) fn promised(self: &Arc<Self>, ask: &Ask, count: u32) {
        let (node, function) = (ask.node, ask.version.id);
        self.tell(Event::ClonesPromised { node, function, count });
    }

    /// Another node asks for clones; how many there are or are being made.
    pub(crate) fn asked(
        self: &Arc<Self>,
        function: FunctionId,
        count: u32,
        lasting: Duration,
        (worth, bid): (u64, u64),
    ) -> u32 {
        if !self.makes_clones(function) {
            return 0;
        }
        let count = count.min(COUNT_MAX);
        let lasting = self.clock.span(lasting).min(LASTING_MAX);
        let request = Request { function, count, lasting, worth, bid };
        self.tell(Event::ClonesAsked { request });
        let counts = self.counts(function);
        count.min(counts.idle + counts.starting)
    }

    /// How nodes nearby are.
    pub(crate) fn tell_nearby(self: &Arc<Self>, nodes: Vec<NearNode>) {
        self.tell(Event::NearbyTold { nodes });
    }

    /// Memory that clones may still take here, as far as what rests is worth less.
    pub(crate) fn room_for_clones(&self) -> Bytes {
        self.mind.lock().site.room_for_clones()
    }

    /// Whether clones of a function are made here.
    pub(crate) fn makes_clones(&self, function: FunctionId) -> bool {
        self.mind.lock().site.clones(function)
    }

    /// Nodes that were asked for clones of a function, while none rests here; and how long a call
    /// would wait for a start here.
    pub(crate) fn cloned_elsewhere(&self, function: FunctionId) -> Option<(Vec<NearId>, Duration)> {
        let mind = self.mind.lock();
        let (site, now) = (&mind.site, self.clock.now());
        let known = site.pool().function(function)?;
        let asked = site.asked_nearby(now, function);
        let start = self.clock.real(site.pool().start_time(function));
        (known.idle() == 0 && !asked.is_empty()).then_some((asked, start))
    }
}
