//! The file of secrets: whether the node can read it, and others cannot.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::doctor::check::Check;

const NAME: &str = "secrets";

/// Looks at the file.
pub fn look(path: &Path) -> Check {
    let shown = path.display();
    if let Err(error) = fs::read_to_string(path) {
        let finding = format!("`{shown}` cannot be read: {error}");
        let advice = "functions with secrets cannot be deployed; mend `node.secrets`";
        return Check::fail(NAME, finding, advice);
    }
    let mode = fs::metadata(path).map_or(0, |metadata| metadata.permissions().mode() & 0o777);
    if mode & 0o077 != 0 {
        let finding = format!("`{shown}` may be read by others (mode {mode:o})");
        return Check::warn(NAME, finding, format!("`chmod 600 {shown}`"));
    }
    Check::ok(NAME, format!("`{shown}` can be read, by its owner only"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Level;

    #[test]
    fn secrets_are_for_their_owner() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let path = folder.path().join("secrets");
        assert_eq!(look(&path).level, Level::Fail);
        fs::write(&path, "KEY=value").expect("it can be written");
        for (mode, level) in [(0o644, Level::Warn), (0o600, Level::Ok)] {
            let permissions = fs::Permissions::from_mode(mode);
            fs::set_permissions(&path, permissions).expect("it is ours");
            assert_eq!(look(&path).level, level);
        }
    }
}
