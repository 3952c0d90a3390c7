//! One `use` line, flattened: a tree of braces becomes a list of whole paths.

use crate::token::{Kind, Token};

/// One name brought into a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Import {
    /// The path as written, braces resolved: `["crate", "a", "B"]`.
    pub path: Vec<String>,
    /// What the file calls it; nothing for `_`, and nothing for a glob.
    pub name: Option<String>,
    /// Whether it ends in `*`.
    pub glob: bool,
    /// Line number of the last part.
    pub line: usize,
}

/// The imports of the `use` whose first token after the keyword is at `start`, and the
/// position behind its tree.
pub fn imports(tokens: &[Token], start: usize) -> (Vec<Import>, usize) {
    let mut out = Vec::new();
    let end = tree(tokens, start, &[], &mut out);
    (out, end)
}

/// Reads one branch below `prefix`; returns the position behind it.
fn tree(tokens: &[Token], start: usize, prefix: &[String], out: &mut Vec<Import>) -> usize {
    let mut path = prefix.to_vec();
    let mut at = start;
    while let Some(token) = tokens.get(at) {
        match &token.kind {
            Kind::Colons => at += 1,
            Kind::Name(name) if name == "as" => {
                let name = tokens.get(at + 1).and_then(Token::name);
                leaf(path, name, false, token.line, out);
                return at + 2;
            }
            // `{self, B}`: the branch itself.
            Kind::Name(name) if name == "self" && !prefix.is_empty() => at += 1,
            Kind::Name(name) => {
                path.push(name.clone());
                at += 1;
            }
            Kind::Mark('*') => {
                leaf(path, None, true, token.line, out);
                return at + 1;
            }
            Kind::Mark('{') => return branches(tokens, at + 1, &path, out),
            Kind::Mark(_) => break,
        }
    }
    let line = tokens[at.clamp(1, tokens.len()) - 1].line;
    let name = path.last().cloned();
    leaf(path, name.as_deref(), false, line, out);
    at
}

/// Reads `a, b::c, …}`; returns the position behind the brace.
fn branches(tokens: &[Token], start: usize, prefix: &[String], out: &mut Vec<Import>) -> usize {
    let mut at = start;
    while let Some(token) = tokens.get(at) {
        at = match token.kind {
            Kind::Mark('}') => return at + 1,
            Kind::Name(_) | Kind::Colons | Kind::Mark('*' | '{') => tree(tokens, at, prefix, out),
            Kind::Mark(_) => at + 1,
        };
    }
    at
}

fn leaf(path: Vec<String>, name: Option<&str>, glob: bool, line: usize, out: &mut Vec<Import>) {
    if !path.is_empty() {
        let name = name.filter(|&name| name != "_").map(str::to_owned);
        out.push(Import { path, name, glob, line });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::tokens;

    fn check(input: &str, expected: &[&str]) {
        let (list, _) = imports(&tokens(input), 1);
        let show = |import: Import| match import {
            Import { path, glob: true, .. } => format!("{}::*", path.join("::")),
            Import { path, name, .. } => {
                format!("{} as {}", path.join("::"), name.as_deref().unwrap_or("_"))
            }
        };
        assert_eq!(list.into_iter().map(show).collect::<Vec<_>>(), expected, "{input}");
    }

    #[test]
    fn trees_become_lists() {
        check("use crate::a::B;", &["crate::a::B as B"]);
        check("use crate::a;", &["crate::a as a"]);
        check("use ::std::fmt;", &["std::fmt as fmt"]);
        check("use a::B as C;", &["a::B as C"]);
        check("use a::B as _;", &["a::B as _"]);
        check("use super::*;", &["super::*"]);
        check(
            "use crate::{a::{self, B, c::D as E}, f::*, g};",
            &[
                "crate::a as a",
                "crate::a::B as B",
                "crate::a::c::D as E",
                "crate::f::*",
                "crate::g as g",
            ],
        );
        check("use {a::B, c::{D,},};", &["a::B as B", "c::D as D"]);
    }
}
