//! What several sites decide together, as a pure function of the entries of their log.
//!
//! The log gives order and durability; here is only what follows from it. Integers and
//! ordered maps throughout, so that every site that applied the same entries holds the same
//! bytes. What weighs a vote is earned, kept here, and frozen when a proposal is filed.

pub mod words;
pub mod rules;
pub mod refusal;
pub mod proposal;
pub mod entry;
pub mod sender;
pub mod member;
pub mod book;
pub mod ledger;
pub mod early;
pub mod shares;
pub mod ballot;
pub mod workload;
pub mod movement;
pub mod repeat;
pub mod maintenance;
pub mod state;
pub mod maintaining;
pub mod arrival;
pub mod committed;
pub mod load;
pub mod room;
pub mod relieving;
pub mod relief;
pub mod ways;
pub mod distance;
pub mod early_scoring;
pub mod weighing;
pub mod remembering;
pub mod ending;
pub mod measuring;
pub mod filing;
pub mod acting;
pub mod turns;
pub mod grant;
pub mod voting;
pub mod moving;
pub mod sources;
pub mod checking;
pub mod joining;
pub mod invitation;
pub mod machine;
pub mod order;
pub mod fence;
pub mod frame;
pub mod image;
pub mod judge;
pub mod voted_down;
pub mod together;
pub mod propose;
pub mod preference;
pub mod suspicion;
pub mod claim;
pub mod witness;
