//! What calls functions besides people and programs over HTTP.
