//! Cache groups: nodes that share what they hold of one workload, through a leader.
//!
//! The protocol of "Managing Data in Computational Edge Clouds" (MECOMM 2017) with what it
//! needs to survive lost messages and crashes: versions that are fencing tokens, a grant,
//! upload before Free, and a leased leader with an epoch. Here are its parties as they decide;
//! they neither send nor store.

pub mod names;
pub mod voters;
pub mod session;
pub mod level;
pub mod timing;
pub mod way;
pub mod conduct;
pub mod rules;
pub mod popular;
pub mod message;
pub mod store_table;
pub mod store_message;
pub mod store;
pub mod action;
pub mod desk;
pub mod agenda;
pub mod leader_table;
pub mod relay;
pub mod reign;
pub mod forgetting;
pub mod giving;
pub mod leader;
pub mod ballot;
pub mod change;
pub mod election;
pub mod changing;
pub mod seat;
pub mod member_table;
pub mod read;
pub mod reads;
pub mod write;
pub mod writes;
pub mod pendings;
pub mod node;
pub mod node_voting;
pub mod node_view;
pub mod placement;
pub mod assignment;
pub mod discovery;
pub mod found;
pub mod relocation;
pub mod classifier;
pub mod prefetch;
