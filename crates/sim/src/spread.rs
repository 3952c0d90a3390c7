//! Jobs on several threads, their results in order.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::thread;

/// Does jobs `0..jobs`, each once, on so many threads. The results of those that were done, in
/// their order: an interrupt ends with what is done, and `job` says `None` where one broke it
/// off. The first error ends all.
pub(crate) fn spread<T: Send, E: Send>(
    threads: usize,
    jobs: usize,
    interrupt: &AtomicBool,
    job: &(dyn Fn(usize) -> Result<Option<T>, E> + Sync),
) -> Result<Vec<T>, E> {
    let next = AtomicUsize::new(0);
    let failed = Mutex::new(None);
    let finished: Mutex<Vec<Option<T>>> = Mutex::new((0..jobs).map(|_| None).collect());
    let work = || {
        while !interrupt.load(Ordering::Relaxed) && lock(&failed).is_none() {
            let place = next.fetch_add(1, Ordering::Relaxed);
            if place >= jobs {
                return;
            }
            match job(place) {
                Ok(Some(result)) => lock(&finished)[place] = Some(result),
                Ok(None) => return,
                Err(error) => {
                    lock(&failed).get_or_insert(error);
                }
            }
        }
    };
    thread::scope(|scope| {
        let others: Vec<_> = (1..threads.max(1)).map(|_| scope.spawn(work)).collect();
        work();
        for other in others {
            other.join().expect("a worker ends by itself");
        }
    });
    if let Some(error) = lock(&failed).take() {
        return Err(error);
    }
    let finished = std::mem::take(&mut *lock(&finished));
    Ok(finished.into_iter().flatten().collect())
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no worker panics while it holds a result")
}
