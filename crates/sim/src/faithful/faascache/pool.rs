//! Which containers does FaasCache's node hold, and how much memory do they take?
//!
//! The pool keeps the containers in the list of a heap (see `heap`); whoever changes
//! priorities says when the list is rebuilt, because the original rebuilds at fixed
//! points and each rebuild may reorder equals.

use crate::faithful::faascache::heap::{self, Entry};
use crate::faithful::input::Function;

/// A container, idle or running.
#[derive(Debug, Clone, Copy)]
pub struct Container {
    /// Start of its last call, or its birth, in ms.
    pub last_access_ms: f64,
    /// Calls it has served (`frequency`).
    pub uses: u64,
    /// Whether it serves a call now.
    pub running: bool,
}

/// All containers of a node.
///
/// Invariant: the memory used is the sum of the sizes of the containers in the list.
#[derive(Debug)]
pub struct Pool<'a> {
    functions: &'a [Function],
    memory_mb: u64,
    used_mb: u64,
    list: Vec<Entry>,
    /// By number; numbers of removed containers are given again.
    containers: Vec<Container>,
    spare: Vec<usize>,
    /// Calls served by the present containers of each function.
    uses: Vec<u64>,
}

impl<'a> Pool<'a> {
    /// An empty node of `memory_mb`.
    pub fn new(functions: &'a [Function], memory_mb: u64) -> Self {
        Self {
            functions,
            memory_mb,
            used_mb: 0,
            list: Vec::new(),
            containers: Vec::new(),
            spare: Vec::new(),
            uses: vec![0; functions.len()],
        }
    }

    /// The containers in list order.
    pub fn list(&self) -> &[Entry] {
        &self.list
    }

    /// The container with this number.
    pub fn container(&self, container: usize) -> &Container {
        &self.containers[container]
    }

    /// Calls served by the present containers of `function`.
    pub fn uses(&self, function: usize) -> u64 {
        self.uses[function]
    }

    /// Whether one more container of `function` fits.
    pub fn fits(&self, function: usize) -> bool {
        self.used_mb + self.mem_mb(function) <= self.memory_mb
    }

    /// Pushes a new idle container, which must fit, and returns its number.
    pub fn add(&mut self, function: usize, priority: f64, now_ms: f64) -> usize {
        let born = Container {
            last_access_ms: now_ms,
            uses: 0,
            running: false,
        };
        let container = match self.spare.pop() {
            Some(container) => {
                self.containers[container] = born;
                container
            }
            None => {
                self.containers.push(born);
                self.containers.len() - 1
            }
        };
        self.used_mb += self.mem_mb(function);
        let entry = Entry {
            priority,
            function,
            container,
        };
        heap::push(&mut self.list, entry);
        container
    }

    /// Takes a container out of the middle of the list and rebuilds.
    pub fn remove(&mut self, container: usize) {
        if let Some(place) = self.list.iter().position(|e| e.container == container) {
            let removed = self.list.remove(place);
            self.forget(&removed);
            self.rebuild();
        }
    }

    /// Pops idle containers, least priority first, until `wanted_mb` are free or the
    /// list is empty; running ones are pushed back afterwards. Returns how many are
    /// gone and the priority of the last.
    pub fn pop_idle(&mut self, wanted_mb: u32) -> (u64, Option<f64>) {
        let mut running = Vec::new();
        let mut freed_mb = 0;
        let mut gone = 0;
        let mut last_priority = None;
        while freed_mb < u64::from(wanted_mb) {
            let Some(entry) = heap::pop(&mut self.list) else {
                break;
            };
            if self.containers[entry.container].running {
                running.push(entry);
                continue;
            }
            freed_mb += self.mem_mb(entry.function);
            gone += 1;
            last_priority = Some(entry.priority);
            self.forget(&entry);
        }
        for entry in running {
            heap::push(&mut self.list, entry);
        }
        (gone, last_priority)
    }

    /// Charges every container, running or not, the rent that brings the poorest to 0:
    /// the least ratio of priority to size, times its size. Then rebuilds.
    pub fn charge_rent(&mut self) {
        let functions = self.functions;
        let size_mb = |e: &Entry| f64::from(functions[e.function].mem_mb);
        let ratios = self.list.iter().map(|e| e.priority / size_mb(e));
        let rent = ratios.fold(f64::INFINITY, f64::min);
        for entry in &mut self.list {
            entry.priority -= rent * size_mb(entry);
        }
        self.rebuild();
    }

    /// Notes that a container starts a call.
    pub fn start(&mut self, container: usize, function: usize, now_ms: f64) {
        let started = &mut self.containers[container];
        started.running = true;
        started.uses += 1;
        started.last_access_ms = now_ms;
        self.uses[function] += 1;
    }

    /// Notes that a container has finished its call.
    pub fn finish(&mut self, container: usize) {
        self.containers[container].running = false;
    }

    /// Gives all containers of `function` one priority and rebuilds.
    pub fn share_priority(&mut self, function: usize, priority: f64) {
        for entry in &mut self.list {
            if entry.function == function {
                entry.priority = priority;
            }
        }
        self.rebuild();
    }

    /// Rebuilds the heap, which moves equal containers.
    pub fn rebuild(&mut self) {
        heap::heapify(&mut self.list);
    }

    fn forget(&mut self, entry: &Entry) {
        self.used_mb -= self.mem_mb(entry.function);
        self.uses[entry.function] -= self.containers[entry.container].uses;
        self.spare.push(entry.container);
    }

    fn mem_mb(&self, function: usize) -> u64 {
        u64::from(self.functions[function].mem_mb)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FUNCTIONS: [Function; 2] = [
        Function {
            mem_mb: 10,
            cold_ms: 0,
            warm_ms: 0,
        },
        Function {
            mem_mb: 40,
            cold_ms: 0,
            warm_ms: 0,
        },
    ];

    fn priorities(pool: &Pool<'_>) -> Vec<f64> {
        pool.list().iter().map(|e| e.priority).collect()
    }

    #[test]
    fn rent_from_the_running_spares_the_idle() {
        // The small one has 30 per 10 MB, the large one 40 per 40 MB.
        let mut pool = Pool::new(&FUNCTIONS, 100);
        let small = pool.add(0, 30.0, 0.0);
        let large = pool.add(1, 40.0, 0.0);
        pool.charge_rent();
        assert_eq!(priorities(&pool), [0.0, 20.0]);
        // The large one is now poorest. Running or not, it holds the rent at 0.
        pool.start(large, 1, 1.0);
        pool.charge_rent();
        assert_eq!(priorities(&pool), [0.0, 20.0]);
        assert_eq!(pool.pop_idle(10), (1, Some(20.0)));
        assert!(!pool.container(small).running);
    }

    #[test]
    fn popping_passes_over_the_running() {
        let mut pool = Pool::new(&FUNCTIONS, 100);
        let busy = pool.add(1, 1.0, 0.0);
        pool.start(busy, 1, 0.0);
        for priority in [2.0, 3.0, 4.0] {
            pool.add(0, priority, 0.0);
        }
        assert!(!pool.fits(1));
        assert_eq!(pool.pop_idle(20), (2, Some(3.0)));
        assert_eq!(priorities(&pool), [1.0, 4.0]);
        assert!(pool.fits(1));
        assert_eq!((pool.uses(0), pool.uses(1)), (0, 1));
        pool.finish(busy);
        assert_eq!(pool.pop_idle(1_000), (2, Some(4.0)));
        assert_eq!(pool.uses(1), 0);
    }
}
