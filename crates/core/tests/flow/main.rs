//! The flow analyzer: the founding rule to the letter, and what the measured one adds.

mod stage;
mod founding;
mod measured;
mod abroad;
mod analyzer;
mod replaying;
mod reasons;
