//! Telling what only tests see, in line and in files of its own, from what ships.
//!
//! Tests may know whatever they test, so most rules about who knows whom pass them over.

use std::collections::BTreeSet;

use crate::module::module_of;
use crate::token::{Token, tokens};
use crate::tree::File;

/// The files of the crate in `folder` that are compiled for tests only: those of modules
/// declared under `#[cfg(test)]`, and all below them.
pub fn test_files<'a>(folder: &str, files: &'a [File]) -> BTreeSet<&'a str> {
    let source = format!("{folder}/src/");
    let rooms: Vec<(Vec<String>, &File)> = files
        .iter()
        .filter_map(|file| Some((file.path.strip_prefix(&source)?, file)))
        .filter(|(below, _)| below.ends_with(".rs"))
        .map(|(below, file)| (module_of(below), file))
        .collect();
    let declared: Vec<Vec<String>> = rooms
        .iter()
        .flat_map(|(here, file)| {
            let names = test_modules(&tokens(&file.text));
            names.into_iter().map(|name| [here.as_slice(), &[name]].concat())
        })
        .collect();
    let is_test = |module: &[String]| declared.iter().any(|test| module.starts_with(test));
    rooms.iter().filter(|(here, _)| is_test(here)).map(|(_, file)| &*file.path).collect()
}

/// The names of modules with files that `tokens` declare for tests.
fn test_modules(tokens: &[Token]) -> Vec<String> {
    let mut out = Vec::new();
    for at in 0..tokens.len() {
        let Some(end) = test_attribute_end(tokens, at) else { continue };
        let item = &tokens[end..item_end(tokens, end)];
        let keyword = item.iter().position(|token| token.name() == Some("mod"));
        if let Some([_, name, semicolon]) = keyword.and_then(|at| item.get(at..at + 3))
            && semicolon.is(';')
        {
            out.extend(name.name().map(str::to_owned));
        }
    }
    out
}

/// The tokens without what only tests see.
pub fn without_tests(tokens: &[Token]) -> Vec<Token> {
    let mut out = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if let Some(end) = test_attribute_end(tokens, at) {
            if tokens[at + 1].is('!') {
                return Vec::new();
            }
            at = item_end(tokens, end);
        } else if name_at(tokens, at) == Some("mod") && name_at(tokens, at + 1) == Some("tests") {
            at = item_end(tokens, at);
        } else {
            out.push(tokens[at].clone());
            at += 1;
        }
    }
    out
}

/// The position behind `#[cfg(test)]`, `#[cfg(all(test, …))]` or `#[test]`, where one
/// starts at `at`.
fn test_attribute_end(tokens: &[Token], at: usize) -> Option<usize> {
    let open = at + 1 + usize::from(tokens.get(at + 1)?.is('!'));
    if !tokens[at].is('#') || !tokens.get(open)?.is('[') {
        return None;
    }
    let length = tokens[open..].iter().position(|token| token.is(']'))?;
    let names: Vec<&str> = tokens[open..open + length].iter().filter_map(Token::name).collect();
    let is_test = matches!(names[..], ["test"] | ["cfg", "test", ..] | ["cfg", "all", "test", ..]);
    is_test.then_some(open + length + 1)
}

/// The position behind the item at `start`: its `;`, or the end of its braces.
fn item_end(tokens: &[Token], start: usize) -> usize {
    let mut depth = 0u32;
    for (at, token) in tokens.iter().enumerate().skip(start) {
        if token.is('{') || token.is('(') || token.is('[') {
            depth += 1;
        } else if token.is('}') || token.is(')') || token.is(']') {
            if depth == 0 {
                return at;
            }
            depth -= 1;
        }
        if depth == 0 && (token.is(';') || token.is('}')) {
            return at + 1;
        }
    }
    tokens.len()
}

fn name_at(tokens: &[Token], at: usize) -> Option<&str> {
    tokens.get(at).and_then(Token::name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &[&str]) {
        let left = without_tests(&tokens(input));
        assert_eq!(left.iter().filter_map(Token::name).collect::<Vec<_>>(), expected, "{input}");
    }

    #[test]
    fn tests_are_cut_out() {
        check("a(); mod tests { b() } c()", &["a", "c"]);
        check("#[cfg(test)] mod checks { fn b() { b() } } c()", &["c"]);
        check("#[cfg(test)] use b::{b, b}; c()", &["c"]);
        check("#[cfg(all(test, unix))] #[inline] fn b() -> [u8; 3] { b() } c()", &["c"]);
        check("#[test] fn b() { b() } c()", &["c"]);
        check("struct A { a: u8, #[cfg(test)] b: u8 } c()", &["struct", "A", "a", "u8", "c"]);
        check("#![cfg(test)] b()", &[]);
    }

    #[test]
    fn the_rest_stays() {
        check("#[cfg(not(test))] fn c() {}", &["cfg", "not", "test", "fn", "c"]);
        check("#[cfg(any(test, unix))] c()", &["cfg", "any", "test", "unix", "c"]);
        check("#[tokio::main] fn c() {}", &["tokio", "main", "fn", "c"]);
    }

    #[test]
    fn test_files_are_those_declared_so() {
        let file = |(path, text): (&str, &str)| File { path: path.into(), text: text.into() };
        let files = [
            ("crates/x/src/lib.rs", "pub mod a;\n#[cfg(test)]\nmod checks;"),
            ("crates/x/src/a.rs", "#[cfg(test)] mod tests { } #[cfg(test)] pub(crate) mod b;"),
            ("crates/x/src/a/b.rs", ""),
            ("crates/x/src/a/c.rs", ""),
            ("crates/x/src/checks/mod.rs", "mod d;"),
            ("crates/x/src/checks/d.rs", ""),
            ("crates/y/src/checks/d.rs", ""),
        ]
        .map(file);
        let found: Vec<&str> = test_files("crates/x", &files).into_iter().collect();
        let expected =
            ["crates/x/src/a/b.rs", "crates/x/src/checks/d.rs", "crates/x/src/checks/mod.rs"];
        assert_eq!(found, expected);
    }
}
