//! Files that people write, in TOML, YAML or JSON, read into one tree that knows its lines.

pub mod tree;
pub mod toml;
pub mod yaml;
pub mod read;
pub mod value;
pub mod keys;
