//! Regions that are ready before they are wanted: made, touched and sealed in advance.
//!
//! The first touch of a page costs thousands of times what a take from here costs, so it
//! is paid beforehand, by whoever calls [`Pool::refill`] at a time that suits; there is no
//! thread in here. A region that comes back is scrubbed before another tenant gets it, and
//! a tenant or the node can only hold so much. The kernel charges memory to whoever touches
//! it first, which is the daemon; this ledger is where it is charged to tenants.

use std::collections::BTreeMap;
use std::io;

use thiserror::Error;

use crate::class::{CLASSES, Class};
use crate::maker::{Chore, Done, Found, Maker, Taking};

/// One ready region of a class may take this part of the node's bytes: 1 / 16.
const SPARE_SHARE: u64 = 16;
/// Regions that are expected to be wanted may take this part of them: 1 / 4.
const EXPECTED_SHARE: u64 = 4;

/// Who is to see a region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sharing {
    /// Other processes, which get its descriptors.
    Processes,
    /// Nobody but this process, so it takes up no descriptors.
    Nobody,
}

/// Who pays for a region.
pub type Tenant = u64;

/// What may be held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// Bytes of data all regions of the node may have, pooled ones included.
    pub node: u64,
    /// Bytes of data the regions of one tenant may have.
    pub tenant: u64,
    /// Below so many free regions of a class, [`Pool::refill`] makes more. One is kept ready
    /// besides of a class that is in use, and of the class above, which its lanes may grow into,
    /// where it takes at most a sixteenth of the node's bytes.
    pub low_water: [usize; CLASSES],
    /// Up to so many.
    pub high_water: [usize; CLASSES],
}

/// Why there is no region. Nothing was taken.
#[derive(Debug, Error)]
pub enum PoolError {
    /// The tenant holds too much.
    #[error(
        "the FIFOs of this function hold {held} of {quota} bytes, and {wanted} more would be too many; use a smaller class or raise the quota"
    )]
    TenantQuota {
        /// Bytes it holds.
        held: u64,
        /// Bytes it may hold.
        quota: u64,
        /// Bytes it wanted besides.
        wanted: u64,
    },
    /// The node holds too much.
    #[error(
        "the FIFOs of this node hold {held} of {quota} bytes, and {wanted} more would be too many; end a flow or raise the quota"
    )]
    NodeQuota {
        /// Bytes it holds.
        held: u64,
        /// Bytes it may hold.
        quota: u64,
        /// Bytes it wanted besides.
        wanted: u64,
    },
    /// The kernel gave no memory.
    #[error("the kernel gave no memory for a FIFO")]
    Kernel(#[from] io::Error),
}

/// How the pool stands, for one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ClassCount {
    /// Regions ready to be taken.
    pub free: usize,
    /// Regions that came back and are not scrubbed yet.
    pub dirty: usize,
    /// Regions that tenants hold.
    pub used: usize,
    /// Takes that found none ready.
    pub misses: u64,
}

struct Shelf<R> {
    free: Vec<R>,
    dirty: Vec<R>,
    used: usize,
    /// How many will be wanted soon.
    expected: usize,
    misses: u64,
}

/// The pool of a node.
pub struct Pool<M: Maker> {
    maker: M,
    quotas: Quotas,
    shelves: [Shelf<M::Region>; CLASSES],
    tenants: BTreeMap<Tenant, u64>,
    held: u64,
}

impl<M: Maker> Pool<M> {
    /// An empty pool.
    pub fn new(maker: M, quotas: Quotas) -> Self {
        let shelf =
            || Shelf { free: Vec::new(), dirty: Vec::new(), used: 0, expected: 0, misses: 0 };
        let shelves = std::array::from_fn(|_| shelf());
        Self { maker, quotas, shelves, tenants: BTreeMap::new(), held: 0 }
    }

    /// Takes a region: a clean one, or one that is scrubbed now, or a new one. The first is a
    /// matter of a microsecond; for the others the pool is kept from everybody else, unless it is
    /// begun and finished apart.
    pub fn take(
        &mut self,
        tenant: Tenant,
        class: Class,
        sharing: Sharing,
    ) -> Result<M::Region, PoolError> {
        let taken = self.begin(tenant, class, sharing)?.finish(&self.maker);
        taken.map_err(|error| {
            self.abandon(tenant, class);
            PoolError::Kernel(error)
        })
    }

    /// Takes a region that may have to be made or scrubbed yet, which needs no pool. It is paid
    /// for from now on.
    pub fn begin(
        &mut self,
        tenant: Tenant,
        class: Class,
        sharing: Sharing,
    ) -> Result<Taking<M::Region>, PoolError> {
        let wanted = class.bytes();
        let held = self.held_by(tenant);
        if held.saturating_add(wanted) > self.quotas.tenant {
            return Err(PoolError::TenantQuota { held, quota: self.quotas.tenant, wanted });
        }
        let mut shed = Vec::new();
        let found = match self.ready(class, sharing) {
            Found::Nothing => {
                self.shelves[class.index()].misses += 1;
                self.shed(wanted, &mut shed);
                self.set_aside(class)?;
                Found::Nothing
            }
            found => found,
        };
        let shelf = &mut self.shelves[class.index()];
        shelf.used += 1;
        shelf.expected = shelf.expected.saturating_sub(1);
        *self.tenants.entry(tenant).or_default() += wanted;
        Ok(Taking { class, found, is_secluded: sharing == Sharing::Nobody, shed })
    }

    /// A region that was taken could not be made.
    pub fn abandon(&mut self, tenant: Tenant, class: Class) {
        self.pay_back(tenant, class);
        self.held -= class.bytes();
    }

    /// So many regions of each class will be wanted soon, smallest class first: they are made
    /// ready, up to a quarter of the node's bytes. Replaces what was expected before.
    pub fn expect(&mut self, regions: [usize; CLASSES]) {
        let mut left = self.quotas.node / EXPECTED_SHARE;
        for class in Class::all() {
            let fit = usize::try_from(left / class.bytes()).unwrap_or(usize::MAX);
            let expected = regions[class.index()].min(fit);
            left -= expected as u64 * class.bytes();
            self.shelves[class.index()].expected = expected;
        }
    }

    /// Takes a region back from its tenant, once no process of that tenant has it mapped any
    /// more: a mapping cannot be revoked. Its contents are gone before anybody gets it.
    pub fn give_back(&mut self, tenant: Tenant, class: Class, region: M::Region) {
        self.pay_back(tenant, class);
        self.shelves[class.index()].dirty.push(region);
    }

    /// A region goes that a process may still have mapped, so nobody else can ever have it: whoever
    /// had it lets it go by itself.
    pub fn discard(&mut self, tenant: Tenant, class: Class) {
        self.pay_back(tenant, class);
        self.held -= class.bytes();
    }

    /// Does one piece of work if there is any: scrubs a region, makes one where fewer than
    /// the low water are free, or lets one go where there are more than the high water.
    /// Tells whether there may be more to do.
    pub fn refill(&mut self) -> Result<bool, PoolError> {
        let Some(chore) = self.chore() else { return Ok(false) };
        let done = chore.work(&self.maker);
        self.done(done)?;
        Ok(true)
    }

    /// One piece of that work, to be done without the pool; nothing if there is none. There should
    /// be no more than one at a time.
    pub fn chore(&mut self) -> Option<Chore<M::Region>> {
        for class in Class::all() {
            let shelf = &mut self.shelves[class.index()];
            if let Some(region) = shelf.dirty.pop() {
                if shelf.free.len() < self.quotas.high_water[class.index()] {
                    return Some(Chore::Scrub(class, region));
                }
                self.held -= class.bytes();
                return Some(Chore::LetGo(region));
            }
        }
        for class in Class::all() {
            let wanted = self.low_water(class).max(self.shelves[class.index()].expected);
            if self.ready_count(class) < wanted && self.set_aside(class).is_ok() {
                return Some(Chore::Make(class));
            }
        }
        None
    }

    /// Whether fewer regions of some class are ready than should be, and the node has no room for
    /// another one.
    pub fn stays_low(&self) -> bool {
        let has_room = |class: Class| self.held.saturating_add(class.bytes()) <= self.quotas.node;
        Class::all().any(|class| {
            let is_clean = self.shelves[class.index()].dirty.is_empty();
            is_clean && self.ready_count(class) < self.low_water(class) && !has_room(class)
        })
    }

    /// How many are ready for whoever comes.
    fn ready_count(&self, class: Class) -> usize {
        // Secluded ones are of use to some only.
        let free = self.shelves[class.index()].free.iter();
        free.filter(|region| !self.maker.is_secluded(region)).count()
    }

    /// Takes in what came of a chore.
    pub fn done(&mut self, done: Done<M::Region>) -> Result<(), PoolError> {
        match done.0 {
            None => Ok(()),
            Some((class, Ok(region))) => {
                self.shelves[class.index()].free.push(region);
                Ok(())
            }
            Some((class, Err(error))) => {
                self.held -= class.bytes();
                Err(PoolError::Kernel(error))
            }
        }
    }

    /// How one class stands.
    pub fn count(&self, class: Class) -> ClassCount {
        let shelf = &self.shelves[class.index()];
        ClassCount {
            free: shelf.free.len(),
            dirty: shelf.dirty.len(),
            used: shelf.used,
            misses: shelf.misses,
        }
    }

    /// Bytes of all regions, pooled ones included.
    pub fn held(&self) -> u64 {
        self.held
    }

    /// Bytes of the regions of one tenant.
    pub fn held_by(&self, tenant: Tenant) -> u64 {
        self.tenants.get(&tenant).copied().unwrap_or(0)
    }

    fn ready(&mut self, class: Class, sharing: Sharing) -> Found<M::Region> {
        let shelf = &mut self.shelves[class.index()];
        let is_wanted =
            |region: &M::Region| self.maker.is_secluded(region) == (sharing == Sharing::Nobody);
        // Whoever needs no descriptors leaves those that have some to others, if possible.
        let any = |shelf: &Vec<M::Region>| match sharing {
            Sharing::Nobody => shelf.len().checked_sub(1),
            Sharing::Processes => None,
        };
        let find =
            |shelf: &Vec<M::Region>| shelf.iter().rposition(is_wanted).or_else(|| any(shelf));
        if let Some(at) = find(&shelf.free) {
            return Found::Ready(shelf.free.swap_remove(at));
        }
        match find(&shelf.dirty) {
            Some(at) => Found::Dirty(shelf.dirty.swap_remove(at)),
            None => Found::Nothing,
        }
    }

    /// How many free ones of a class there shall be now.
    fn low_water(&self, class: Class) -> usize {
        let low = self.quotas.low_water[class.index()];
        let is_used = |index: usize| self.shelves[index].used > 0;
        let near = is_used(class.index()) || class.index().checked_sub(1).is_some_and(is_used);
        let ahead = near && class.bytes() <= self.quotas.node / SPARE_SHARE;
        low.max(usize::from(ahead))
    }

    /// Sets the bytes of a region aside that is to be made.
    fn set_aside(&mut self, class: Class) -> Result<(), PoolError> {
        let (held, quota, wanted) = (self.held, self.quotas.node, class.bytes());
        if held.saturating_add(wanted) > quota {
            return Err(PoolError::NodeQuota { held, quota, wanted });
        }
        self.held += wanted;
        Ok(())
    }

    /// A tenant has a region no longer.
    fn pay_back(&mut self, tenant: Tenant, class: Class) {
        let held = self.tenants.get_mut(&tenant).expect("only what was taken is given back");
        *held = held.checked_sub(class.bytes()).expect("only what was taken is given back");
        if *held == 0 {
            self.tenants.remove(&tenant);
        }
        self.shelves[class.index()].used -= 1;
    }

    /// Lets regions go that nobody uses, the largest first, where one is wanted and the node is
    /// full: what is ready for later is worth less than what is wanted now.
    fn shed(&mut self, wanted: u64, gone: &mut Vec<M::Region>) {
        for class in Class::all().collect::<Vec<_>>().into_iter().rev() {
            let shelf = &mut self.shelves[class.index()];
            while self.held.saturating_add(wanted) > self.quotas.node
                && let Some(region) = shelf.dirty.pop().or_else(|| shelf.free.pop())
            {
                gone.push(region);
                self.held -= class.bytes();
            }
        }
    }
}
