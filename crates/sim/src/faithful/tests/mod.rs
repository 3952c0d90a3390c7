//! The published tables, cell by cell, on the traces of the repository.

mod traces;

mod founding_table;

mod faascache_table;
