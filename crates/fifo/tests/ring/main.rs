//! What a ring promises, on memory of one process, so that miri can run all of it.

mod stage;
mod filling;
mod handing_over;
mod hostile;
mod mirrored;
mod sizes;
mod going_away;
mod against_a_queue;
