//! Contents shared by cache groups: stores, copies and the nodes that hold them.
