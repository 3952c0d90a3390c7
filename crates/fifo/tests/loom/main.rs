//! The orders of memory, all of them: the ring and the hand-over on loom's atomics.
//!
//! Each law has mutants that must fail: a checker that never fails proves nothing. A mutant
//! is a memory that leaves out a fence or weakens an order, or a stage set wrongly.

mod memory;
mod stage;
mod passing;
mod handing_over;
mod overwriting;
