//! Code on its way to a node: named by its digest, sent only where the node has not got it.

use std::path::Path;

use sha2::{Digest, Sha256};

use crate::client::node::NodeClient;
use crate::error::Letter;

/// Code read from a file.
pub struct Code {
    /// The code.
    pub bytes: Vec<u8>,
    /// Digest to name it by.
    pub digest: String,
}

/// Reads code.
pub fn read(path: &Path) -> Result<Code, Letter> {
    let shown = path.display();
    let bytes = std::fs::read(path).map_err(|error| {
        Letter::failed(format!("cannot read the code `{shown}`: {error}"))
            .hint("build it first; `swell deploy -f app.toml --build` builds and deploys")
    })?;
    if bytes.is_empty() {
        return Err(Letter::failed(format!("the code `{shown}` is empty")));
    }
    let digest = digest(&bytes);
    Ok(Code { bytes, digest })
}

/// The name of code.
pub fn digest(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    let digits: Vec<String> = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("sha256:{}", digits.concat())
}

/// Sees to it that the node has the code; whether it had to be sent.
pub fn ensure(node: &NodeClient, code: &Code) -> Result<bool, Letter> {
    if node.has_code(&code.digest)? {
        return Ok(false);
    }
    let received = node.upload(&code.bytes)?;
    if received.digest != code.digest {
        return Err(Letter::failed(format!(
            "the node received other code than was sent: {} instead of {}",
            received.digest, code.digest
        )));
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_is_named_by_its_digest() {
        let expected = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(digest(b""), expected);
    }
}
