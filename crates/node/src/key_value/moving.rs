//! How a store goes from one site to another.

use crate::key_value::place::{Home, Part, Place};
use crate::key_value::roaming::{Far, Roaming};
use crate::store::error::StoreError;

/// Bytes that go together, besides the first value.
const PART_BYTES: usize = 4 << 20;

impl Roaming {
    /// Takes a part of a store that comes here.
    pub fn take(&self, from: &str, store: &str, term: u32, part: Part) -> Result<(), String> {
        let words = |error: StoreError| error.to_string();
        let place = self.place(store);
        if place.term > term || (place.term == term && place.home == Home::Here) {
            // It came before.
            return Ok(());
        }
        if place.home == Home::Here && !self.shelf.is_empty(store).map_err(words)? {
            return Err(format!("a store `{store}` with other values is there"));
        }
        match part {
            Part::Values { is_first, values } => {
                self.shelf.put_aside(store, is_first, &values).map_err(words)
            }
            Part::Seal => {
                let mut known = self.known.write();
                let place = Place { term, home: Home::Sealed(from.to_string()) };
                self.shelf.seal(store, &place).map_err(words)?;
                known.places.insert(store.to_string(), place);
                Ok(())
            }
            Part::Begin => self.begin(store, term),
        }
    }

    /// Lets a store go to another site. Asked for again, nothing changes.
    pub fn leave(&self, store: &str, to: &str) -> Result<(), String> {
        let far = self.far.read().clone().ok_or("this node is no site")?;
        let place = {
            let mut known = self.known.write();
            let place = known.place(store);
            match &place.home {
                Home::Here => {
                    if !known.leaving.insert(store.to_string()) {
                        return Err(format!("the store `{store}` is leaving already"));
                    }
                }
                Home::At(site) if site == to => {
                    drop(known);
                    return far.send(to, store, place.term, &Part::Begin);
                }
                Home::At(_) => return Ok(()),
                Home::Sealed(from) => {
                    let from = from.clone();
                    drop(known);
                    // Whether it is ours follows from what that site says.
                    self.learn(&*far, &from, store, place.term)?;
                    return Err(format!("the store `{store}` has not come from `{from}` yet"));
                }
            }
            place
        };
        let term = place.term + 1;
        let left = self.copy(&*far, store, to, term).and_then(|()| {
            let mut known = self.known.write();
            self.put(&mut known, store, Place { term, home: Home::At(to.to_string()) })
        });
        self.known.write().leaving.remove(store);
        left?;
        // It is there and not here, whatever happens next.
        if let Err(why) = far.send(to, store, term, &Part::Begin) {
            tracing::info!(store, site = to, why, "a store that moved begins when it is asked");
        }
        self.shelf.clear(store).map_err(|error| error.to_string())
    }

    fn copy(&self, far: &dyn Far, store: &str, to: &str, term: u32) -> Result<(), String> {
        let (mut after, mut is_first) = (None, true);
        loop {
            let values = self.shelf.values(store, after.as_deref(), PART_BYTES);
            let values = values.map_err(|error| error.to_string())?;
            let last = values.last().map(|(key, _)| key.clone());
            if last.is_some() || is_first {
                far.send(to, store, term, &Part::Values { is_first, values })?;
            }
            is_first = false;
            match last {
                Some(last) => after = Some(last),
                None => return far.send(to, store, term, &Part::Seal),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::sync::{Arc, Weak};

    use parking_lot::Mutex;

    use swell_sandbox::key_value::KeyValue;

    use super::*;
    use crate::key_value::place::{Answer, Ask};
    use crate::key_value::shelf::Shelf;

    /// Sites that reach each other directly.
    #[derive(Default)]
    struct Town {
        sites: Mutex<BTreeMap<String, Arc<Roaming>>>,
        /// Whether what tells a site to begin gets lost.
        is_deaf: AtomicBool,
    }

    struct Street(Weak<Town>, String);

    impl Far for Street {
        fn me(&self) -> String {
            self.1.clone()
        }

        fn ask(&self, site: &str, store: &str, term: u32, ask: &Ask) -> Result<Answer, String> {
            let town = self.0.upgrade().ok_or("it is gone")?;
            let site = town.sites.lock().get(site).cloned().ok_or("no such site")?;
            Ok(site.answer(store, term, ask))
        }

        fn send(&self, site: &str, store: &str, term: u32, part: &Part) -> Result<(), String> {
            let town = self.0.upgrade().ok_or("it is gone")?;
            if matches!(part, Part::Begin) && town.is_deaf.load(Ordering::Relaxed) {
                return Err("it does not answer".to_string());
            }
            let site = town.sites.lock().get(site).cloned().ok_or("no such site")?;
            site.take(&self.1, store, term, part.clone())
        }
    }

    fn site(town: &Arc<Town>, name: &str, folder: &std::path::Path) -> Arc<Roaming> {
        let shelf = Arc::new(Shelf::open(&folder.join(name)).expect("it opens"));
        let roaming = Roaming::open(shelf).expect("it opens");
        roaming.reach(Some(Arc::new(Street(Arc::downgrade(town), name.to_string()))));
        town.sites.lock().insert(name.to_string(), roaming.clone());
        roaming
    }

    #[test]
    fn a_store_is_reached_before_it_moves_and_counted_on_after() {
        let (town, folder) = (Arc::new(Town::default()), tempfile::tempdir().expect("a folder"));
        let [oslo, lima, kobe] = ["oslo", "lima", "kobe"].map(|it| site(&town, it, folder.path()));
        assert_eq!(oslo.increment("n", "k", 1), Ok(1));
        lima.expect("n", "oslo", 0).expect("nothing of that name is there");
        assert_eq!(lima.increment("n", "k", 1), Ok(2), "it is still at oslo");
        oslo.leave("n", "lima").expect("it goes");
        oslo.leave("n", "lima").expect("again, nothing changes");
        assert_eq!(oslo.increment("n", "k", 1), Ok(3), "it is at lima, and reached from oslo");
        lima.set("n", "text", b"long").expect("it is kept");
        // Who knows an old place is told the new one.
        kobe.expect("n", "oslo", 0).expect("nothing of that name is there");
        assert_eq!(kobe.get("n", "k"), Ok(Some(b"3".to_vec())));
        assert_eq!(kobe.place("n"), Place { term: 1, home: Home::At("lima".to_string()) });
        lima.leave("n", "oslo").expect("it goes back");
        assert_eq!(oslo.place("n"), Place { term: 2, home: Home::Here });
        assert_eq!(oslo.keys("n", None, 9), Ok(vec!["k".to_string(), "text".to_string()]));
        assert_eq!(kobe.increment("n", "k", 1), Ok(4), "by way of lima");
    }

    #[test]
    fn nothing_is_lost_where_nobody_tells_the_site_to_begin() {
        let (town, folder) = (Arc::new(Town::default()), tempfile::tempdir().expect("a folder"));
        let [oslo, lima] = ["oslo", "lima"].map(|it| site(&town, it, folder.path()));
        oslo.increment("n", "k", 7).expect("it is kept");
        lima.expect("n", "oslo", 0).expect("nothing of that name is there");
        town.is_deaf.store(true, Ordering::Relaxed);
        oslo.leave("n", "lima").expect("it goes");
        assert!(matches!(lima.place("n").home, Home::Sealed(_)));
        drop((town.sites.lock().remove("lima"), lima));
        let lima = site(&town, "lima", folder.path());
        assert_eq!(lima.increment("n", "k", 1), Ok(8), "oslo says whose it is");
        assert_eq!(oslo.increment("n", "k", 1), Ok(9));
    }

    #[test]
    fn a_store_of_the_same_name_is_not_overwritten() {
        let (town, folder) = (Arc::new(Town::default()), tempfile::tempdir().expect("a folder"));
        let [oslo, lima] = ["oslo", "lima"].map(|it| site(&town, it, folder.path()));
        oslo.set("n", "k", b"oslo's").expect("it is kept");
        lima.set("n", "k", b"lima's").expect("it is kept");
        assert!(lima.expect("n", "oslo", 0).is_err_and(|why| why.contains("another name")));
        assert!(oslo.leave("n", "lima").is_err());
        assert_eq!(oslo.get("n", "k"), Ok(Some(b"oslo's".to_vec())), "it is still here");
        assert_eq!(lima.get("n", "k"), Ok(Some(b"lima's".to_vec())));
    }

    #[test]
    fn a_long_store_moves_whole_while_guests_count_in_it() {
        let (town, folder) = (Arc::new(Town::default()), tempfile::tempdir().expect("a folder"));
        let [oslo, lima] = ["oslo", "lima"].map(|it| site(&town, it, folder.path()));
        for key in 0..5 {
            oslo.set("n", &format!("{key}"), &vec![key; 2 << 20]).expect("it is kept");
        }
        lima.expect("n", "oslo", 0).expect("nothing of that name is there");
        let counting = {
            let lima = lima.clone();
            std::thread::spawn(move || {
                for _ in 0..40 {
                    lima.increment("n", "sum", 1).expect("it is counted");
                }
            })
        };
        oslo.leave("n", "lima").expect("it goes");
        counting.join().expect("it counts");
        assert_eq!(oslo.get("n", "sum"), Ok(Some(b"40".to_vec())));
        assert_eq!(lima.get("n", "4").map(|value| value.map(|it| it.len())), Ok(Some(2 << 20)));
    }
}
