//! Methods that look at one function at a time and learn nothing across functions.

pub mod rule;
pub mod least_squares;
pub mod zero;
pub mod naive;
pub mod seasonal_naive;
pub mod window;
pub mod smoothing;
pub mod croston;
pub mod tsb;
pub mod aggregation;
pub mod theta;
pub mod exponential;
pub mod autoregression;
pub mod decomposition;
pub mod idle_histogram;
