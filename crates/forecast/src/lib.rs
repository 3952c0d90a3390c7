//! Forecasts of demand: how often each function will be called, with bands that hold.

pub mod series;
pub mod event;
pub mod panel;
pub mod bands;
pub mod split;
pub mod checkpoint;
pub mod forecaster;
pub mod coverage;
pub mod chance;
pub mod needs;
pub mod measure;
pub mod backtest;
pub mod smooth;
pub mod local;
pub mod boost;
pub mod network;
pub mod global;
pub mod hybrid;
pub mod prewarm;
pub mod catalogue;
pub mod calendar;
pub mod effects;
pub mod regressor;
pub mod calibrate;
pub mod watch;
pub mod league;
