//! The mind is pure: its sources mention no clock, thread, file, address or hash order.
//!
//! The compiler's lints say the same where they can (`crates/core/clippy.toml`); this says
//! it where they cannot, in code that is switched off and in types never called, and it
//! runs with the plain tests.

use crate::finding::Finding;
use crate::mention::mentions;
use crate::table::{FENCED_NAMES, FENCED_PATHS};
use crate::token::tokens;

/// Refuses fenced paths and names in the code of one file, its tests included.
pub fn check(path: &str, text: &str) -> Vec<Finding> {
    let tokens = tokens(text);
    let mut findings = Vec::new();
    for mention in mentions(&tokens, &[], &|_| false) {
        let written = mention.path.join("::");
        let fenced = FENCED_PATHS.iter().find(|(fenced, _)| is_within(&written, fenced));
        if let Some((_, instead)) = fenced {
            let message = format!("`{written}` in the mind: {instead}");
            findings.push(Finding::at(path, mention.line, message));
        }
    }
    for token in &tokens {
        let fenced = FENCED_NAMES.iter().find(|(name, _)| token.name() == Some(name));
        if let Some((name, instead)) = fenced {
            findings.push(Finding::at(
                path,
                token.line,
                format!("`{name}` in the mind: {instead}"),
            ));
        }
    }
    findings.sort();
    findings.dedup();
    findings
}

/// Whether `path` is `fenced` or something inside it.
fn is_within(path: &str, fenced: &str) -> bool {
    path.strip_prefix(fenced).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mind_stays_inside() {
        for (text, is_fine) in [
            ("use std::collections::BTreeMap;", true),
            ("use crate::time::Instant; fn f(now: Instant) {}", true),
            ("// std::time::Instant and HashMap\nlet s = \"unsafe async println!\";", true),
            ("use std::timer::X; let printer = 1;", true),
            ("use std::time::Instant;", false),
            ("use std::{fmt, time::Duration};", false),
            ("let x = std::time::SystemTime::now();", false),
            ("let x = ::std::time::SystemTime::now();", false),
            ("use core::time::Duration;", false),
            ("use std::time; fn f() { time::Instant::now() }", false),
            ("use std::thread;", false),
            ("std::fs::read(x)", false),
            ("std::env::var(x)", false),
            ("use std::net::SocketAddr;", false),
            ("std::process::exit(1)", false),
            ("let dice = rand::rng();", false),
            ("use rand::{Rng, rngs::StdRng};", false),
            ("use rand::{Rng, SeedableRng};", true),
            ("use std::collections::*; fn f(x: HashMap<u8, u8>) {}", false),
            ("use std::collections::HashSet as Set;", false),
            ("println!(\"x\")", false),
            ("async fn f() {}", false),
            ("unsafe { f() }", false),
            ("#[cfg(test)]\nmod tests { use std::fs; }", false),
        ] {
            let found = check("crates/core/src/a.rs", text);
            assert_eq!(found.is_empty(), is_fine, "{text}: {found:?}");
        }
    }
}
