//! Stores that move between sites with the functions that use them.
//!
//! Until a store has moved, and where functions of two sites share it, what guests ask is sent to
//! the site that has it. A move copies it aside, then the site that had it writes down that it is
//! gone, and only then does the other one begin with it; so no two sites ever answer from it. A
//! site that has all of it, and was not told to begin, learns that from whoever thinks so.
//!
//! Invariant: whoever asks the shelf holds the lock of places for reading, and whoever moves a
//! store takes it for writing first. So nothing is changed in a store that is being copied.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread::sleep;
use std::time::{Duration, Instant};

use parking_lot::RwLock;
use swell_sandbox::key_value::{KeyValue, KeyValueError};

use crate::key_value::place::{Answer, Ask, Home, Part, Place};
use crate::key_value::shelf::Shelf;
use crate::store::error::StoreError;

/// How long a guest waits for a store that moves, and how often it is looked.
const PATIENCE: Duration = Duration::from_secs(15);
const AGAIN: Duration = Duration::from_millis(10);

/// The way to stores at other sites. Calls wait, so they are made where waiting hurts nobody.
pub trait Far: Send + Sync {
    /// What this site is called.
    fn me(&self) -> String;

    /// Asks for something of a store; `term` is of where the asker thinks it is.
    fn ask(&self, site: &str, store: &str, term: u32, ask: &Ask) -> Result<Answer, String>;

    /// Sends a part of a store.
    fn send(&self, site: &str, store: &str, term: u32, part: &Part) -> Result<(), String>;
}

/// The stores of a node, wherever they are.
pub struct Roaming {
    pub(crate) shelf: Arc<Shelf>,
    pub(crate) known: RwLock<Known>,
    pub(crate) far: RwLock<Option<Arc<dyn Far>>>,
}

/// Where stores are.
#[derive(Default)]
pub(crate) struct Known {
    pub(crate) places: BTreeMap<String, Place>,
    /// Stores that are being copied away.
    pub(crate) leaving: BTreeSet<String>,
}

impl Known {
    pub(crate) fn place(&self, store: &str) -> Place {
        self.places.get(store).cloned().unwrap_or_default()
    }
}

impl Roaming {
    /// The stores of a shelf, where they were when it was closed.
    pub fn open(shelf: Arc<Shelf>) -> Result<Arc<Self>, StoreError> {
        let places = shelf.places()?;
        let known = RwLock::new(Known { places, leaving: BTreeSet::new() });
        Ok(Arc::new(Self { shelf, known, far: RwLock::new(None) }))
    }

    /// How other sites are reached from now on, or that they are not.
    pub fn reach(&self, far: Option<Arc<dyn Far>>) {
        *self.far.write() = far;
    }

    /// Where a store is, as far as is known here.
    pub fn place(&self, store: &str) -> Place {
        self.known.read().place(store)
    }

    /// A function comes here whose store is at that place. Refused if another store of that
    /// name is here, as its values would be lost.
    pub fn expect(&self, store: &str, site: &str, term: u32) -> Result<(), String> {
        let mut known = self.known.write();
        let place = known.place(store);
        if place.home != Home::Here {
            return Ok(());
        }
        if place.term > term {
            return Ok(());
        }
        let is_empty = self.shelf.is_empty(store).map_err(|error| error.to_string())?;
        if !is_empty {
            return Err(format!(
                "a store `{store}` with other values is here: give one of them another name"
            ));
        }
        self.put(&mut known, store, Place { term, home: Home::At(site.to_string()) })
    }

    /// Answers another site.
    pub fn answer(&self, store: &str, term: u32, ask: &Ask) -> Answer {
        let is_ours = {
            let known = self.known.read();
            let place = known.place(store);
            match &place.home {
                Home::Here if known.leaving.contains(store) => return Answer::Moving,
                Home::Here => return self.here(store, ask),
                Home::At(_) => return Answer::Elsewhere(place),
                Home::Sealed(_) => place.term <= term,
            }
        };
        // Who asks knows that the other site let go.
        if is_ours && self.begin(store, term).is_ok() {
            return self.answer(store, term, ask);
        }
        Answer::Moving
    }

    /// The other site let go of a store that is all here.
    pub(crate) fn begin(&self, store: &str, term: u32) -> Result<(), String> {
        let mut known = self.known.write();
        let place = known.place(store);
        match place.home {
            Home::Sealed(_) if place.term <= term => {
                self.put(&mut known, store, Place { home: Home::Here, ..place })
            }
            _ => Ok(()),
        }
    }

    /// Asks a site where a store is.
    pub(crate) fn learn(
        &self,
        far: &dyn Far,
        site: &str,
        store: &str,
        term: u32,
    ) -> Result<(), String> {
        match far.ask(site, store, term, &Ask::Keys(None, 0))? {
            Answer::Elsewhere(place) => self.heard(far, store, place),
            _ => Ok(()),
        }
    }

    /// Another site says where a store is.
    fn heard(&self, far: &dyn Far, store: &str, said: Place) -> Result<(), String> {
        let Home::At(site) = &said.home else { return Ok(()) };
        if *site == far.me() {
            return self.begin(store, said.term);
        }
        let mut known = self.known.write();
        let place = known.place(store);
        let is_away = matches!(place.home, Home::At(_));
        if is_away && place.term < said.term {
            self.put(&mut known, store, said)?;
        }
        Ok(())
    }

    /// Writes down where a store is.
    pub(crate) fn put(&self, known: &mut Known, store: &str, place: Place) -> Result<(), String> {
        self.shelf.place(store, &place).map_err(|error| error.to_string())?;
        known.places.insert(store.to_string(), place);
        Ok(())
    }

    fn here(&self, store: &str, ask: &Ask) -> Answer {
        let done = match ask {
            Ask::Get(key) => self.shelf.get(store, key).map(Answer::Value),
            Ask::Set(key, value) => self.shelf.set(store, key, value).map(|()| Answer::Done),
            Ask::Delete(key) => self.shelf.delete(store, key).map(|()| Answer::Done),
            Ask::Keys(after, limit) => {
                self.shelf.keys(store, after.as_deref(), *limit).map(Answer::Keys)
            }
            Ask::Increment(key, by) => self.shelf.increment(store, key, *by).map(Answer::Sum),
        };
        done.unwrap_or_else(|error| Answer::Refused(error.to_string()))
    }

    fn ask(&self, store: &str, ask: &Ask) -> Result<Answer, KeyValueError> {
        let until = Instant::now() + PATIENCE;
        loop {
            let (site, term) = {
                let known = self.known.read();
                let place = known.place(store);
                match place.home {
                    Home::Here if !known.leaving.contains(store) => {
                        return refused(self.here(store, ask));
                    }
                    Home::Here => (None, place.term),
                    Home::At(site) | Home::Sealed(site) => (Some(site), place.term),
                }
            };
            if let Some(site) = site {
                let far = self.far.read().clone();
                let far = far.ok_or_else(|| other(format!("the store is at site `{site}`")))?;
                let unreached = |why| other(format!("site `{site}` has the store: {why}"));
                match far.ask(&site, store, term, ask).map_err(unreached)? {
                    Answer::Moving => {}
                    Answer::Elsewhere(place) => {
                        self.heard(&*far, store, place).map_err(other)?;
                    }
                    answer => return refused(answer),
                }
            }
            if Instant::now() > until {
                return Err(other(format!("the store `{store}` is moving for too long")));
            }
            sleep(AGAIN);
        }
    }
}

fn other(why: String) -> KeyValueError {
    KeyValueError::Other(why)
}

fn refused(answer: Answer) -> Result<Answer, KeyValueError> {
    match answer {
        Answer::Refused(why) => Err(other(why)),
        answer => Ok(answer),
    }
}

fn strange() -> KeyValueError {
    other("the answer is to another question".to_string())
}

impl KeyValue for Roaming {
    fn get(&self, store: &str, key: &str) -> Result<Option<Vec<u8>>, KeyValueError> {
        match self.ask(store, &Ask::Get(key.to_string()))? {
            Answer::Value(value) => Ok(value),
            _ => Err(strange()),
        }
    }

    fn set(&self, store: &str, key: &str, value: &[u8]) -> Result<(), KeyValueError> {
        self.ask(store, &Ask::Set(key.to_string(), value.to_vec())).map(drop)
    }

    fn delete(&self, store: &str, key: &str) -> Result<(), KeyValueError> {
        self.ask(store, &Ask::Delete(key.to_string())).map(drop)
    }

    fn keys(
        &self,
        store: &str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, KeyValueError> {
        match self.ask(store, &Ask::Keys(after.map(str::to_string), limit))? {
            Answer::Keys(keys) => Ok(keys),
            _ => Err(strange()),
        }
    }

    fn increment(&self, store: &str, key: &str, by: i64) -> Result<i64, KeyValueError> {
        match self.ask(store, &Ask::Increment(key.to_string(), by))? {
            Answer::Sum(sum) => Ok(sum),
            _ => Err(strange()),
        }
    }
}
