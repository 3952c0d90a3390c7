//! From one run to the next: what a mind remembers, and how it takes it back.
//!
//! What is learned is more than a policy knows: how long starts and calls take is the
//! pool's. Both are kept side by side, so that a node that comes back under another policy
//! still knows the durations.

use serde::{Deserialize, Serialize};

use crate::history::{self, History, Taken};
use crate::ids::FunctionId;
use crate::mind::Mind;
use crate::pool::estimate::Estimate;
use crate::time::Instant;

const NAME: &str = "site";
const VERSION: u16 = 1;

#[derive(Serialize, Deserialize)]
struct Learned {
    /// How long starts and calls take, whatever the function.
    usual: Durations,
    /// The same by function number.
    functions: Vec<Durations>,
    /// What the policy wrote.
    keeper: Vec<u8>,
}

/// How long a start takes, and a call.
type Durations = (Estimate, Estimate);

/// What the mind has learned, as bytes.
pub(crate) fn remember(mind: &Mind, now: Instant) -> Vec<u8> {
    let last = mind.pool.functions().last();
    let known = (0..last.map_or(0, |last| last.0 + 1)).map(|number| {
        let known = mind.pool.function(FunctionId(number));
        known.map_or_else(Durations::default, |known| (known.start, known.run))
    });
    let learned = Learned {
        usual: (mind.pool.start, mind.pool.run),
        functions: known.collect(),
        keeper: mind.keeper.remembered(now, &mind.pool),
    };
    history::seal(NAME, VERSION, &learned)
}

/// Takes back what an earlier run learned, as far as it can be read.
pub(crate) fn recall(mind: &mut Mind, now: Instant, history: &History) -> Taken {
    let opened = history::open::<Learned>(NAME, VERSION, &history.bytes);
    let Some(learned) = opened.filter(Learned::is_sound) else {
        return Taken::Nothing;
    };
    (mind.pool.start, mind.pool.run) = learned.usual;
    for (number, (start, run)) in learned.functions.into_iter().enumerate() {
        let Some(function) = history.function(number) else { continue };
        let known = mind.pool.known_mut(function);
        // An estimate without a measurement is only a hint, and today's hint is newer.
        if start.is_measured() {
            known.start = start;
        }
        if run.is_measured() {
            known.run = run;
        }
    }
    if mind.keeper.recall(now, history, &learned.keeper, &mind.pool) {
        Taken::All
    } else {
        Taken::Durations
    }
}

impl Learned {
    fn is_sound(&self) -> bool {
        let sound = |(start, run): &Durations| start.is_sound() && run.is_sound();
        sound(&self.usual) && self.functions.iter().all(sound)
    }
}
