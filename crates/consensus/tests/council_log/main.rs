//! The log on openraft: its storage, clusters in one process under faults, and bad input.

mod cluster;
mod disk;
mod history;
mod net;
mod seeds;

mod disk_faults;
mod faults;
mod in_memory;
mod storage_suite;
