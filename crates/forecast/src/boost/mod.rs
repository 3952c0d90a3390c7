//! Gradient boosting of trees on histograms, for quantiles.

pub mod bins;
pub mod tree;
pub mod grow;
pub mod booster;
pub mod forest;
