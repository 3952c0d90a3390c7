//! How many instances of what to make before they are needed, and when to let them go.

pub mod lift;
pub mod skill;
pub mod balance;
pub mod uses;
pub mod view;
pub mod concurrency;
pub mod policy;
pub mod seed;
pub mod prices;
pub mod expected_cost;
pub mod nearness;
pub mod asking;
pub mod placing;
pub mod catalog;
pub mod recent;
pub mod expected;
pub mod lead;
pub mod scaling;
pub mod health;
pub mod rate;
pub mod short;
pub mod draft;
pub mod manager;
