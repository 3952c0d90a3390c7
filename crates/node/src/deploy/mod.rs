//! From a specification to versions that serve.

pub mod hands;
pub mod settings;
pub mod secrets;
pub mod bounds;
pub mod sources;
pub mod surroundings;
pub mod prepare;
pub mod pending;
pub mod shares;
pub mod letters;
pub mod deployer;
pub mod warm;
pub mod change;
pub mod asked;
pub mod adopt;
pub mod describe;
pub mod plan;
