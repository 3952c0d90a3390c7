//! A node of ours, and functions on it.

use std::path::Path;

use http::Method;
use serde_json::{Value, json};

use crate::client::Client;
use crate::process::{Server, free_port};

/// Brings a node up with its state in `data` and some settings, as `section.key=value`.
pub fn up(program: &Path, data: &Path, settings: &[&str]) -> Result<Server, String> {
    let port = free_port()?;
    let listen = format!("127.0.0.1:{port}");
    let data = data.display().to_string();
    let mut arguments = vec!["up", "--listen", &listen, "--data", &data];
    for setting in settings {
        arguments.extend(["--set", setting]);
    }
    Server::start(program, &arguments, port, "/readyz")
}

/// Deploys a component under a name; `keys` are added to its specification.
pub fn deploy(server: &Server, name: &str, file: &Path, keys: Value) -> Result<(), String> {
    let code = std::fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let mut client = Client::connect(server.port)?;
    let uploaded = client.send(Method::POST, "/v1/code", code)?;
    let uploaded: Value = serde_json::from_slice(&uploaded.body).map_err(|e| e.to_string())?;
    let mut spec = json!({ "name": name, "code": uploaded["digest"], "memory_bytes": 512 << 20 });
    merge(&mut spec, keys);
    put(&mut client, name, &spec)
}

/// Deploys a function that only pretends, at no cost.
pub fn pretend(client: &mut Client, name: &str) -> Result<(), String> {
    let model = json!({ "start_us": 0, "run_us": 0 });
    put(client, name, &json!({ "name": name, "backend": "modelled", "model": model }))
}

fn put(client: &mut Client, name: &str, spec: &Value) -> Result<(), String> {
    let answer = client.send(Method::PUT, &format!("/v1/functions/{name}"), spec.to_string())?;
    match answer.status {
        200..300 => Ok(()),
        _ => Err(format!("`{name}`: {}", String::from_utf8_lossy(&answer.body))),
    }
}

fn merge(spec: &mut Value, keys: Value) {
    if let (Some(spec), Value::Object(keys)) = (spec.as_object_mut(), keys) {
        spec.extend(keys);
    }
}
