//! Sites that live together in one process and in virtual time: the very service of a node, with
//! a log in memory, and machines that are modelled.

mod town;

mod lying;
mod maintained;
mod moving;
mod shadow;
mod staying;
