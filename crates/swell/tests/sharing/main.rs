//! Several nodes of the real program that share contents: killed, paused and restarted while
//! callers read and write, and what the callers were told held against what they were promised.

#[path = "../shell/mod.rs"]
#[allow(dead_code, reason = "nodes run beside these tests, other tests wait for the program")]
mod shell;
#[path = "../../../consensus/tests/council_processes/namespaces.rs"]
mod namespaces;
mod network;
mod circle;
mod callers;
mod history;
mod faults;
mod cut;
mod bucket;
mod placing;
mod cloning;
mod relocating;
mod gossip;
mod voters;
