//! The stacks of a function's instances, linked through the instances themselves.
//!
//! Part of the pool in `ledger`: a live instance is in exactly one stack of its function,
//! and is taken out and put in here and nowhere else.

use crate::pool::function::{Function, Stack};
use crate::pool::instance::{NONE, State};
use crate::pool::ledger::Pool;

impl Pool {
    pub(super) fn walk(&self, from: u32) -> impl Iterator<Item = u32> + '_ {
        let first = (from != NONE).then_some(from);
        std::iter::successors(first, |&slot| {
            let above = self.instances[slot as usize].above;
            (above != NONE).then_some(above)
        })
    }

    pub(super) fn push(&mut self, slot: u32, stack: fn(&mut Function) -> &mut Stack) {
        let function = self.instances[slot as usize].function;
        let known = self.functions[function.index()].as_mut().expect("an instance has a function");
        let stack = stack(known);
        let top = std::mem::replace(&mut stack.top, slot);
        if top == NONE {
            stack.bottom = slot;
        } else {
            self.instances[top as usize].above = slot;
        }
        let instance = &mut self.instances[slot as usize];
        instance.below = top;
        instance.above = NONE;
    }

    pub(super) fn unlink(&mut self, slot: u32) {
        let instance = &mut self.instances[slot as usize];
        let (below, above) = (instance.below, instance.above);
        let (function, state) = (instance.function, instance.state);
        instance.below = NONE;
        instance.above = NONE;
        let known = self.functions[function.index()].as_mut().expect("an instance has a function");
        let stack = match state {
            State::Idle | State::PreWarmed => &mut known.idle,
            State::Busy if known.open.holds_end(slot) || !known.full.holds_end(slot) => {
                &mut known.open
            }
            State::Busy => &mut known.full,
            State::Paused => &mut known.paused,
            State::Starting => &mut known.starting,
        };
        if stack.bottom == slot {
            stack.bottom = above;
        }
        if stack.top == slot {
            stack.top = below;
        }
        if below != NONE {
            self.instances[below as usize].above = above;
        }
        if above != NONE {
            self.instances[above as usize].below = below;
        }
    }
}
