//! The council, entry by entry: what it refuses, how moves go, what forecasts earn, and that
//! snapshots stand for the log.

mod crowding;
mod earning;
mod keeping;
mod moving;
mod parties;
mod proposing;
mod refusing;
mod relieving;
mod saving;
mod sources;
mod stage;
mod turns;
mod writing;
