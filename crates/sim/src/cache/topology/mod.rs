//! Who is connected with whom? One network per file, and how people name them.

pub mod path;
pub mod tree;
pub mod ring;
pub mod garr;
pub mod edge_list;
pub mod star;
pub mod catalogue;
