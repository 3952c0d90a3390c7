//! Where the data store keeps its objects.

pub mod seam;
pub mod folder;
pub mod bucket;
pub mod connector;
pub mod open;
