//! The control plane of a node, from the store up to the API, in one process: the mind is
//! the real one, the backend a small one that runs what its code says.

mod api;
mod changing;
mod client;
mod code;
mod deploying;
mod document;
mod following;
mod many;
mod refusing;
mod restarting;
mod store;
mod world;
