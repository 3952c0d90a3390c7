//! Whether Docker or Podman answers here. Nothing depends on it yet; it is good to know.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use crate::doctor::check::Check;

const NAME: &str = "docker";

/// Where the two listen for everybody.
const SOCKETS: [&str; 2] = ["/var/run/docker.sock", "/run/podman/podman.sock"];

/// Where they listen for one user, in the folder of what that user runs.
const OWN_SOCKETS: [&str; 2] = ["docker.sock", "podman/podman.sock"];

/// Tries the socket that the environment names, or else the usual ones.
pub fn look(environment: &dyn Fn(&str) -> Option<String>) -> Check {
    let named = environment("DOCKER_HOST");
    let named = named.as_deref().and_then(|address| address.strip_prefix("unix://"));
    let own = environment("XDG_RUNTIME_DIR").map(PathBuf::from);
    let own = own.iter().flat_map(|folder| OWN_SOCKETS.map(|name| folder.join(name)));
    let places: Vec<PathBuf> = match named {
        Some(path) => vec![path.into()],
        None => SOCKETS.map(PathBuf::from).into_iter().chain(own).collect(),
    };
    judge(places.iter().find(|path| UnixStream::connect(path).is_ok()).map(PathBuf::as_path))
}

/// What that means.
pub fn judge(found: Option<&Path>) -> Check {
    match found {
        Some(path) => Check::ok(NAME, format!("answers at {}", path.display())),
        None => Check::ok(NAME, "does not answer; WebAssembly needs none"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_socket_is_found_where_it_is_named() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let path = folder.path().join("docker.sock");
        let named = format!("unix://{}", path.display());
        let own = folder.path().display().to_string();
        let by_name = |name: &str| (name == "DOCKER_HOST").then(|| named.clone());
        let by_user = |name: &str| (name == "XDG_RUNTIME_DIR").then(|| own.clone());
        assert!(look(&by_name).finding.starts_with("does not answer"));
        let _listener = std::os::unix::net::UnixListener::bind(&path).expect("it is free");
        assert!(look(&by_name).finding.starts_with("answers at"));
        assert!(look(&by_user).finding.starts_with("answers at"));
    }
}
