//! Models across functions: what one function teaches helps another that is alike.

pub mod scene;
pub mod spread;
pub mod analog;
pub mod rests;
pub mod marks;
pub mod moment;
pub mod follows;
pub mod features;
pub mod views;
pub mod halved;
pub mod lessons;
pub mod boosted;
pub mod recurrent;
