//! Whether Docker or Podman answers here. Nothing depends on it yet; it is good to know.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};

use crate::doctor::check::Check;

const NAME: &str = "docker";

/// Where the two listen.
const SOCKETS: [&str; 3] =
    ["/var/run/docker.sock", "/run/podman/podman.sock", "/run/user/0/podman/podman.sock"];

/// Tries the usual sockets, or the one the environment names.
pub fn look(named: Option<&str>) -> Check {
    let named = named.and_then(|address| address.strip_prefix("unix://")).map(PathBuf::from);
    let places = match named {
        Some(path) => vec![path],
        None => SOCKETS.map(PathBuf::from).to_vec(),
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
        let address = format!("unix://{}", path.display());
        assert!(look(Some(&address)).finding.starts_with("does not answer"));
        let _listener = std::os::unix::net::UnixListener::bind(&path).expect("it is free");
        assert!(look(Some(&address)).finding.starts_with("answers at"));
    }
}
