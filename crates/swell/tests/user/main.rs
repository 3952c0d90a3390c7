//! The real program as a user drives it: nodes in folders of their own, functions deployed,
//! called, updated and abused, and everything that can go wrong around them.

#[path = "../shell/mod.rs"]
mod shell;
#[path = "../../../consensus/tests/council_processes/namespaces.rs"]
mod namespaces;
mod node;
mod wire;
mod serving;
mod failing;
mod loading;
mod slow;
mod managing;
mod refusing;
mod restarting;
mod store;
mod disk;
mod ending;
mod secure;
mod doctor;
mod watch;
mod forecasting;
mod forgetting;
mod flowing;
mod belonging;
mod parting;
mod uniting;
mod crew;
mod sharing;
