//! Everything a file mentions by path: imports, and paths written in place.
//!
//! A drawing made from `use` lines alone makes code that writes full paths look emptier
//! than it is, so both are read here. A path that starts with an imported name, with
//! `super` or with a child module is brought to its absolute form first. What no reader of
//! text can see (paths made by macros, methods of a type met through another) is left out.

use std::collections::BTreeMap;

use crate::import::{Import, imports};
use crate::token::{Kind, Token};

/// One path in a file.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mention {
    /// The parts, absolute: the first is `crate` for our own, else another crate's name.
    pub path: Vec<String>,
    /// Line number from 1.
    pub line: usize,
}

/// A path as it is written, and the module it is written in.
struct Written {
    path: Vec<String>,
    scope: Vec<String>,
    line: usize,
    /// `::std::…`: another crate, whatever names the file has.
    is_foreign: bool,
}

/// All paths in `tokens`, which are those of the file of module `here`. `is_module` tells
/// whether a path below the crate's root is a module with a file.
pub fn mentions(
    tokens: &[Token],
    here: &[String],
    is_module: &dyn Fn(&[String]) -> bool,
) -> Vec<Mention> {
    let (imported, in_place) = read(tokens, here);
    let mut names = Names { known: BTreeMap::new(), globs: Vec::new(), is_module };
    let mut out = Vec::new();
    for (import, scope) in imported {
        for path in names.absolute(&import.path, &scope) {
            names.learn(&import, &path);
            out.push(Mention { path, line: import.line });
        }
    }
    for written in in_place {
        let paths = match written.is_foreign {
            true => vec![written.path],
            false => names.absolute(&written.path, &written.scope),
        };
        out.extend(paths.into_iter().map(|path| Mention { path, line: written.line }));
    }
    out
}

/// Splits a file into its imports (each with the module it stands in) and its other paths.
fn read(tokens: &[Token], here: &[String]) -> (Vec<(Import, Vec<String>)>, Vec<Written>) {
    let (mut imported, mut in_place) = (Vec::new(), Vec::new());
    // The open braces: the name of the module one opens, or nothing.
    let mut braces: Vec<Option<String>> = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        let scope = || here.iter().chain(braces.iter().flatten()).cloned().collect::<Vec<_>>();
        let token = &tokens[at];
        let next = tokens.get(at + 1);
        match &token.kind {
            Kind::Name(word) if word == "use" && !next.is_some_and(|next| next.is('<')) => {
                let (list, end) = imports(tokens, at + 1);
                imported.extend(list.into_iter().map(|import| (import, scope())));
                at = end.max(at + 1);
            }
            Kind::Name(word) if word == "mod" && tokens.get(at + 2).is_some_and(|t| t.is('{')) => {
                braces.push(next.and_then(Token::name).map(str::to_owned));
                at += 3;
            }
            Kind::Name(_) => {
                let (path, end) = path_at(tokens, at);
                if path.len() > 1 && starts_a_path(tokens, at) {
                    let is_foreign = at > 0 && tokens[at - 1].kind == Kind::Colons;
                    in_place.push(Written { path, scope: scope(), line: token.line, is_foreign });
                }
                at = end;
            }
            Kind::Mark('{') => {
                braces.push(None);
                at += 1;
            }
            Kind::Mark('}') => {
                braces.pop();
                at += 1;
            }
            Kind::Colons | Kind::Mark(_) => at += 1,
        }
    }
    (imported, in_place)
}

/// `a::b::c` from `start`, and the position behind it.
fn path_at(tokens: &[Token], start: usize) -> (Vec<String>, usize) {
    let mut path = Vec::new();
    let mut at = start;
    while let Some(name) = tokens.get(at).and_then(Token::name) {
        path.push(name.to_owned());
        at += 1;
        let goes_on = tokens.get(at).is_some_and(|token| token.kind == Kind::Colons)
            && tokens.get(at + 1).is_some_and(|token| token.name().is_some());
        if !goes_on {
            break;
        }
        at += 1;
    }
    (path, at)
}

/// Whether the name at `at` begins a path: not the tail of `<T as Trait>::name`, and not
/// the place of `pub(in place)`, which limits and does not use.
fn starts_a_path(tokens: &[Token], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map(|at| &tokens[at]);
    let Some(last) = before(1) else { return true };
    if last.kind == Kind::Colons {
        return !before(2).is_some_and(|token| token.is('>') || token.name().is_some());
    }
    let limits = last.name() == Some("in") && before(2).is_some_and(|token| token.is('('));
    !limits
}

/// The names a file has given to paths.
struct Names<'a> {
    known: BTreeMap<String, Vec<Vec<String>>>,
    /// Modules of this crate, from its root, all of whose names the file has.
    globs: Vec<Vec<String>>,
    is_module: &'a dyn Fn(&[String]) -> bool,
}

impl Names<'_> {
    fn learn(&mut self, import: &Import, path: &[String]) {
        if let Some(name) = &import.name {
            self.known.entry(name.clone()).or_default().push(path.to_vec());
        }
        if import.glob && path[0] == "crate" {
            self.globs.push(path[1..].to_vec());
        }
    }

    /// What `path`, written in module `scope`, may mean from the root.
    fn absolute(&self, path: &[String], scope: &[String]) -> Vec<Vec<String>> {
        let Some((first, rest)) = path.split_first() else { return Vec::new() };
        let own = |module: &[String], rest: &[String]| {
            let root = ["crate".to_owned()];
            [&root, module, rest].concat()
        };
        match first.as_str() {
            "crate" => return vec![path.to_vec()],
            "self" => return vec![own(scope, rest)],
            "super" => {
                let ups = path.iter().take_while(|part| *part == "super").count();
                let module = &scope[..scope.len().saturating_sub(ups)];
                return vec![own(module, &path[ups..])];
            }
            _ => {}
        }
        if let Some(targets) = self.known.get(first) {
            return targets.iter().map(|target| [target.as_slice(), rest].concat()).collect();
        }
        for parent in std::iter::once(scope).chain(self.globs.iter().map(Vec::as_slice)) {
            let child = [parent, std::slice::from_ref(first)].concat();
            if (self.is_module)(&child) {
                return vec![own(&child, rest)];
            }
        }
        vec![path.to_vec()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::token::tokens;

    /// `input` is the file of module `a`, whose only child with a file is `a::child`.
    fn check(input: &str, expected: &[&str]) {
        let is_module = |path: &[String]| path.join("::") == "a::child";
        let found = mentions(&tokens(input), &["a".to_owned()], &is_module);
        let shown: Vec<String> = found.iter().map(|mention| mention.path.join("::")).collect();
        assert_eq!(shown, expected, "{input}");
    }

    #[test]
    fn imports_are_absolute() {
        check("use crate::b::C;", &["crate::b::C"]);
        check("use super::{b::C, *};", &["crate::b::C", "crate"]);
        check("use self::child::C;", &["crate::a::child::C"]);
        check("use child::C;", &["crate::a::child::C"]);
        check("use std::{fmt, time::Instant};", &["std::fmt", "std::time::Instant"]);
    }

    #[test]
    fn paths_in_place_are_seen() {
        check("fn f(x: crate::b::C) -> Vec<super::d::E>", &["crate::b::C", "crate::d::E"]);
        check("let x = child::new();", &["crate::a::child::new"]);
        check("use crate::b; b::new()", &["crate::b", "crate::b::new"]);
        check("use crate::b as c; c::new()", &["crate::b", "crate::b::new"]);
        check(
            "use crate::a::*; mod b { fn f() { child::g() } }",
            &["crate::a", "crate::a::child::g"],
        );
        check("for x in crate::b::all() {}", &["crate::b::all"]);
        check("$crate::b::mark!()", &["crate::b::mark"]);
        check("::std::time::now()", &["std::time::now"]);
        check("crate::b::C::<T>::new()", &["crate::b::C"]);
    }

    #[test]
    fn inner_modules_have_their_own_parent() {
        check(
            "mod inner { use super::child::C; } use super::D;",
            &["crate::a::child::C", "crate::D"],
        );
    }

    #[test]
    fn what_only_looks_like_a_path_is_not() {
        check("<T as X>::b::c(); pub(in crate::b) fn f() {}", &[]);
        check("fn f() -> impl X + use<'_, T> {}", &[]);
        check("// crate::b::C\nlet x = \"crate::b\";", &[]);
    }
}
