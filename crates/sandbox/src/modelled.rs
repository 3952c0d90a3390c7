//! The backend that runs nothing and pretends durations.
