//! The protocol of cache groups, searched exhaustively.
//!
//! The nodes and the data store in here are the very ones that run; the model is the world
//! around them. It delivers what is under way at any time, any number of times or never, lets
//! timers go off whenever they may, crashes nodes and takes the data store away, and looks at
//! every state it can reach. The invariants bear the numbers of the protocol's design (I1 to
//! I11, L1 to L4), and each rule has a mutant that breaks it and has to be found.
//!
//! `SWELL_MODEL_STATES=20000000 cargo test -p swell-core --release --test cachegroup_model -- \
//! --nocapture --test-threads 1` searches further and prints how far.

mod before;
mod case;
mod causal;
mod check;
mod coherence;
mod copies;
mod election;
mod flaw;
mod liveness;
mod moving;
mod pending;
mod shared;
mod state;
mod voters;
mod witness;
mod world;
