//! What each function is forecast by: what forecasts for all, or a method that proved better for it.

pub mod record;
pub mod methods;
pub mod looking;
pub mod serving;
pub mod chooser;
