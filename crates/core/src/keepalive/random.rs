//! Any idle instance, each as likely as the other: the floor every order must beat.

use crate::ids::FunctionId;
use crate::keepalive::keeper::{KeepAlive, Left};
use crate::keepalive::plan::Plan;
use crate::pool::instance::NONE;
use crate::pool::ledger::Pool;
use crate::rng::{self, Rng};
use crate::time::Instant;
use crate::wanted::Wanted;

/// The policy `random`.
#[derive(Debug)]
pub struct Random {
    idle: Vec<u32>,
    place: Vec<u32>,
    rng: Rng,
}

impl Random {
    /// A policy with dice of its own.
    pub fn new(rng: Rng) -> Self {
        Self { idle: Vec::new(), place: Vec::new(), rng }
    }

    fn swap(&mut self, a: usize, b: usize) {
        self.idle.swap(a, b);
        self.place[self.idle[a] as usize] = a as u32;
        self.place[self.idle[b] as usize] = b as u32;
    }
}

impl KeepAlive for Random {
    fn on_idle(&mut self, _now: Instant, slot: u32, _pool: &Pool, _wanted: &mut Wanted) {
        let index = slot as usize;
        if index >= self.place.len() {
            self.place.resize(index + 1, NONE);
        }
        self.place[index] = self.idle.len() as u32;
        self.idle.push(slot);
    }

    fn on_unidle(&mut self, _: Instant, _: FunctionId, slot: u32, _: Left, _: &Pool) {
        let place = self.place[slot as usize] as usize;
        self.swap(place, self.idle.len() - 1);
        self.idle.pop();
        self.place[slot as usize] = NONE;
    }

    /// A Fisher-Yates shuffle, only as far as victims are needed. The order of the idle
    /// ones carries no meaning, so leaving it shuffled changes nothing.
    fn offer(&mut self, _now: Instant, pool: &Pool, plan: &mut Plan) {
        for drawn in 0..self.idle.len() {
            let left = (self.idle.len() - drawn) as u64;
            let other = drawn + rng::below(&mut self.rng, left) as usize;
            self.swap(drawn, other);
            if plan.offer(self.idle[drawn], pool) {
                return;
            }
        }
    }
}
