//! What a site expects of all sites, and what follows from it: what it says in the log, proposes
//! and votes. Pure, so that a live site and the simulator's are the same bytes.

pub mod naming;
pub mod sums;
pub mod machine;
pub mod board;
pub mod history;
pub mod quantiles;
pub mod methods;
pub mod manner;
pub mod counted;
pub mod track;
pub mod choosing;
pub mod taught;
pub mod foreteller;
pub mod announced;
pub mod odds;
pub mod crew;
pub mod witness;
pub mod fares;
pub mod quality;
pub mod oddities;
pub mod monitor;
pub mod nodes;
pub mod view;
pub mod temper;
pub mod statements;
pub mod nearness;
pub mod evacuation;
#[cfg(test)]
pub mod saying;
pub mod lost;
pub mod failing;
pub mod heeded;
pub mod maintained;
pub mod aftermath;
