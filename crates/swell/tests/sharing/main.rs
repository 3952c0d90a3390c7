//! Several nodes of the real program that share contents: killed, paused and restarted while
//! callers read and write, and what the callers were told held against what they were promised.

#[path = "../shell/mod.rs"]
mod shell;
mod circle;
mod callers;
mod history;
mod faults;
