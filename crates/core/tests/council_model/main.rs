//! The council's state machine, searched exhaustively in small worlds: how proposals are decided, and
//! who has authority while a move is made, taken back and made anew.
//!
//! The machine, the orders and the fence in here are the very ones that run. Around them sites know
//! as much of the log as they have read, crash, go back to their snapshots, and do late what they set
//! out to do long ago. Each rule has a mutant that breaks it and has to be found.
//!
//! `cargo test -p swell-core --test council_model -- --nocapture` prints how far each search went.

mod authority;
mod stage;
mod voting;
