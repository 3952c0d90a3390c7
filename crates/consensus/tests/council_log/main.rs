//! The log on openraft: its storage, clusters in one process under faults, and bad input.

mod in_memory;
mod storage_suite;
