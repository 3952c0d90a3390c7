//! The calendar of a node: what people announced, kept over restarts, and what such things
//! did so far.

use std::collections::BTreeMap;
use std::sync::Arc;

use parking_lot::RwLock;
use swell_forecast::calendar::letter::Wrong;
use swell_forecast::calendar::occasion::Occasion;
use swell_forecast::effects::book::Book;

use crate::demand::counter::Demand;
use crate::store::error::StoreError;

/// What its records are of.
const OCCASIONS: &str = "occasions";
const EFFECTS: &str = "effects";
/// Occasions that are kept at a time.
pub const OCCASIONS_MAX: usize = 10_000;

/// The calendar.
pub struct Calendar {
    demand: Arc<Demand>,
    occasions: RwLock<BTreeMap<String, Occasion>>,
    /// What was learned of the effects of those that are over.
    pub(crate) effects: RwLock<Book>,
}

/// Why an occasion was not taken.
#[derive(Debug)]
pub enum Untaken {
    /// It makes no sense.
    Wrong(Wrong),
    /// There are too many already.
    Full,
    /// The disk.
    Store(StoreError),
}

impl Calendar {
    /// Opens what was kept. What cannot be read is left out, and told of.
    pub fn open(demand: Arc<Demand>) -> Result<Self, StoreError> {
        let mut occasions = BTreeMap::new();
        for (id, bytes) in demand.ledger.records(OCCASIONS)? {
            match serde_json::from_slice::<Occasion>(&bytes) {
                Ok(occasion) => drop(occasions.insert(id, occasion)),
                Err(error) => tracing::warn!(%id, %error, "an event of the calendar is left out"),
            }
        }
        let mut effects = Book::default();
        if let Some((_, bytes)) = demand.ledger.records(EFFECTS)?.first() {
            match Book::from_bytes(bytes) {
                Ok(book) => effects = book,
                Err(error) => tracing::warn!(%error, "what events did is learned anew"),
            }
        }
        Ok(Self { demand, occasions: RwLock::new(occasions), effects: RwLock::new(effects) })
    }

    /// All occasions, by id.
    pub fn all(&self) -> Vec<Occasion> {
        self.occasions.read().values().cloned().collect()
    }

    /// Takes occasions in, all of them or none, in place of those with their ids; how many of
    /// these there were. They are on the disk when this returns.
    pub fn put(&self, new: Vec<Occasion>) -> Result<usize, Untaken> {
        let mut occasions = self.occasions.write();
        let mut rows = Vec::with_capacity(new.len());
        for occasion in &new {
            occasion.check().map_err(Untaken::Wrong)?;
            let bytes = serde_json::to_vec(occasion).expect("an occasion is plain data");
            rows.push((occasion.id.clone(), bytes));
        }
        let known = new.iter().filter(|one| occasions.contains_key(&one.id)).count();
        if occasions.len() + new.len() - known > OCCASIONS_MAX {
            return Err(Untaken::Full);
        }
        self.demand.ledger.exchange(OCCASIONS, &[], &rows).map_err(Untaken::Store)?;
        occasions.extend(new.into_iter().map(|one| (one.id.clone(), one)));
        Ok(known)
    }

    /// Forgets an occasion; whether it was known.
    pub fn remove(&self, id: &str) -> Result<bool, StoreError> {
        let mut occasions = self.occasions.write();
        if !occasions.contains_key(id) {
            return Ok(false);
        }
        self.demand.ledger.exchange(OCCASIONS, &[id.to_string()], &[])?;
        Ok(occasions.remove(id).is_some())
    }

    /// Has what was learned of effects written with the next writing.
    pub(crate) fn keep_effects(&self) {
        self.demand.note(EFFECTS, "book".to_string(), self.effects.read().to_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::registry::Registry;

    fn occasion(id: &str, start_ms: u64) -> Occasion {
        let kind = "campaign".to_string();
        Occasion { id: id.to_string(), kind, start_ms, end_ms: 2_000, ..Occasion::default() }
    }

    #[test]
    fn what_was_announced_outlives_the_node() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let open = || {
            let registry = Arc::new(Registry::default());
            let demand = Demand::open(folder.path(), registry, 1.0).expect("it opens");
            Calendar::open(Arc::new(demand)).expect("it opens")
        };
        let calendar = open();
        assert_eq!(calendar.put(vec![occasion("a", 1), occasion("b", 1)]).ok(), Some(0));
        assert_eq!(calendar.put(vec![occasion("b", 7)]).ok(), Some(1));
        let broken = calendar.put(vec![occasion("c", 1), occasion("d", 3_000)]);
        assert!(matches!(broken, Err(Untaken::Wrong(_))), "all of them or none");
        assert!(calendar.remove("a").expect("it goes"));
        assert!(!calendar.remove("a").expect("it is gone"));
        drop(calendar);
        let all = open().all();
        assert_eq!(all, [occasion("b", 7)]);
    }
}
