//! What somebody deployed, told from its first bytes, so that a wrong file gets a letter
//! that says what it is instead of a parser's complaint.

use crate::backend::PrepareError;

/// Code this backend can try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A WebAssembly component.
    Component,
    /// A core module: a WASI command.
    Module,
    /// WebAssembly text of one of the two.
    Text,
}

const MAGIC: &[u8] = b"\0asm";

/// Beginnings of what is not WebAssembly, and what it is.
const OTHERS: &[(&[u8], &str)] = &[
    (b"\x7fELF", "a Linux program (ELF)"),
    (b"MZ", "a Windows program"),
    (b"\xcf\xfa\xed\xfe", "a macOS program"),
    (b"\xca\xfe\xba\xbe", "a macOS program or a Java class"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\x1f\x8b", "a gzip file"),
    (b"#!", "a script"),
    (b"<!", "a page of HTML or XML"),
    (b"<html", "a page of HTML"),
    (b"{", "JSON"),
];

/// Tells what the bytes are.
pub(crate) fn of(bytes: &[u8]) -> Result<Kind, PrepareError> {
    if let Some(version) = bytes.strip_prefix(MAGIC) {
        return match version {
            [0x01, 0, 0, 0, ..] => Ok(Kind::Module),
            [0x0d, 0, 1, 0, ..] => Ok(Kind::Component),
            _ => Err(PrepareError::NotCode(
                "it is WebAssembly of a version that is not supported, or cut off; build it \
                 as a component (wasm32-wasip2) or a WASI command (wasm32-wasip1)"
                    .to_string(),
            )),
        };
    }
    let text = bytes.iter().position(|byte| !byte.is_ascii_whitespace());
    let text = text.map_or(&[][..], |start| &bytes[start..]);
    if text.starts_with(b"(module") || text.starts_with(b"(component") || text.starts_with(b";;") {
        return Ok(Kind::Text);
    }
    let found = match OTHERS.iter().find(|(beginning, _)| bytes.starts_with(beginning)) {
        Some((b"\x7fELF", name)) => format!("{name} for {}", elf_machine(bytes)),
        Some((_, name)) => (*name).to_string(),
        None if bytes.is_empty() => "an empty file".to_string(),
        None => "not WebAssembly".to_string(),
    };
    Err(PrepareError::NotCode(format!(
        "it is {found}; deploy a WebAssembly component (wasm32-wasip2) or a WASI command \
         (wasm32-wasip1)"
    )))
}

fn elf_machine(bytes: &[u8]) -> String {
    match bytes.get(18..20) {
        Some([0x3e, 0]) => "x86-64".to_string(),
        Some([0xb7, 0]) => "arm64".to_string(),
        Some([0x28, 0]) => "arm".to_string(),
        Some([0xf3, 0]) => "RISC-V".to_string(),
        _ => "some machine".to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart() {
        let mut elf = b"\x7fELF".to_vec();
        elf.resize(18, 0);
        elf.extend([0xb7, 0, 0, 0]);
        for (bytes, expected) in [
            (&b"\0asm\x01\0\0\0"[..], Ok(Kind::Module)),
            (b"\0asm\x0d\0\x01\0", Ok(Kind::Component)),
            (b"\n  (module)", Ok(Kind::Text)),
            (b";; a comment\n(component)", Ok(Kind::Text)),
            (b"\0asm", Err("cut off")),
            (b"", Err("an empty file")),
            (b"#!/bin/sh", Err("a script")),
            (b"hello", Err("not WebAssembly")),
            (&elf, Err("Linux program (ELF) for arm64")),
        ] {
            match (of(bytes), expected) {
                (Ok(kind), Ok(expected)) => assert_eq!(kind, expected),
                (Err(PrepareError::NotCode(text)), Err(part)) => {
                    assert!(text.contains(part), "{text}");
                }
                (found, _) => panic!("{bytes:?}: {found:?}"),
            }
        }
    }
}
