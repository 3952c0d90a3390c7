//! `wasmtime serve`: the same engine behind its own server.

use std::path::Path;

use crate::process::{Server, free_port};

/// Settings of the peer that are measured.
pub const WAYS: [(&str, &[&str]); 3] = [
    ("wasmtime serve, fresh", &["-Scli"]),
    ("wasmtime serve, fresh, pooling", &["-Scli", "-Opooling-allocator=y"]),
    ("wasmtime serve, reused x128", &["-Scli", "--max-instance-reuse-count=128"]),
];

/// Serves a component.
pub fn up(program: &Path, options: &[&str], component: &Path) -> Result<Server, String> {
    let port = free_port()?;
    let address = format!("127.0.0.1:{port}");
    let component = component.display().to_string();
    let mut arguments = vec!["serve", "--addr", &address];
    arguments.extend(options);
    arguments.push(&component);
    Server::start(program, &arguments, port, "/")
}
