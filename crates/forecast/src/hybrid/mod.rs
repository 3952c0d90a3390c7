//! Several models as one: who is believed for which function, and how wide the band is.

pub mod track;
pub mod blend;
pub mod band;
pub mod seen;
pub mod together;
