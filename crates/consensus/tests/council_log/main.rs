//! The log on openraft: its storage, clusters in one process under faults, and bad input.

mod cluster;
mod disk;
mod history;
mod net;
mod register;
mod seeds;

mod bad_input;
mod disk_faults;
mod faults;
mod deciding;
mod handing_over;
mod in_memory;
mod reverting;
mod stopping;
mod storage_suite;
