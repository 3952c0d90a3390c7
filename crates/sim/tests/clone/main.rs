//! Clones before calls come, simulated: what they save and cost, on one node and on several.

mod near;
mod played;
mod savings;
mod staged;
