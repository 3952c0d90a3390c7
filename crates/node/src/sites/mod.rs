//! This node as a site among others: what it tells them, how functions move between them, and
//! where traffic goes.

pub mod contact;
pub mod identity;
pub mod metering;
pub mod meter;
pub mod bundle;
pub mod standby;
pub mod warming;
pub mod values;
pub mod belongings;
pub mod stragglers;
pub mod mover;
pub mod proving;
pub mod seal;
pub mod settling;
pub mod elsewhere;
pub mod absent;
pub mod surroundings;
pub mod joining;
pub mod queued;
pub mod channels;
pub mod view;
pub mod ledger;
pub mod outlook;
pub mod telling;
pub mod noticing;
pub mod life;
pub mod asking;
pub mod reach;
pub mod leaving;
pub mod reading;
pub mod certificates;
pub mod figures;
pub mod desk;
