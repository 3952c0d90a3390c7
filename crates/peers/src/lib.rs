//! Measures a node beside its peers on one machine, in one run, with the same load: what
//! is compared is CPU time per request, which neighbours on a machine disturb least.

pub mod arguments;
pub mod process;
pub mod client;
pub mod load;
pub mod floor;
pub mod swell;
pub mod wasmtime;
pub mod workerd;
pub mod cold;
pub mod house;
pub mod table;
pub mod run;
