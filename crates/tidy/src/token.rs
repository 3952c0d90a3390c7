//! Stripped code as names and marks, each with its line.

use crate::strip::strip;

/// One token of code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A name, keyword or number.
    Name(String),
    /// `::`.
    Colons,
    /// Any other single mark.
    Mark(char),
}

/// A token and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: Kind,
    /// Line number from 1.
    pub line: usize,
}

impl Token {
    /// The name, where it is one.
    pub fn name(&self) -> Option<&str> {
        match &self.kind {
            Kind::Name(name) => Some(name),
            Kind::Colons | Kind::Mark(_) => None,
        }
    }

    /// Whether it is the mark `mark`.
    pub fn is(&self, mark: char) -> bool {
        self.kind == Kind::Mark(mark)
    }
}

/// The tokens of Rust source. Lifetimes and the `$` of macros say nothing about who knows
/// whom and are left out; `r#name` is `name`.
pub fn tokens(text: &str) -> Vec<Token> {
    let code = strip(text);
    let mut out = Vec::new();
    for (index, line) in code.lines().enumerate() {
        tokens_of_line(line, index + 1, &mut out);
    }
    out
}

fn tokens_of_line(line: &str, number: usize, out: &mut Vec<Token>) {
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next() {
        let (kind, length) = if rest.starts_with("::") {
            (Some(Kind::Colons), 2)
        } else if rest.starts_with("r#") && name_length(&rest[2..]) > 0 {
            let length = 2 + name_length(&rest[2..]);
            (Some(Kind::Name(rest[2..length].to_owned())), length)
        } else if name_length(rest) > 0 {
            let length = name_length(rest);
            (Some(Kind::Name(rest[..length].to_owned())), length)
        } else if first == '\'' {
            (None, 1 + name_length(&rest[1..]))
        } else if first == '$' {
            (None, 1)
        } else {
            (Some(Kind::Mark(first)), first.len_utf8())
        };
        out.extend(kind.map(|kind| Token { kind, line: number }));
        rest = rest[length..].trim_start();
    }
}

fn name_length(text: &str) -> usize {
    text.find(|c: char| !(c.is_alphanumeric() || c == '_')).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &str) {
        let shown: Vec<String> = tokens(input)
            .into_iter()
            .map(|token| match token.kind {
                Kind::Name(name) => name,
                Kind::Colons => "::".to_owned(),
                Kind::Mark(mark) => mark.to_string(),
            })
            .collect();
        assert_eq!(shown.join(" "), expected, "{input}");
    }

    #[test]
    fn code_becomes_names_and_marks() {
        check("use crate::a::{b, c}; // d", "use crate :: a :: { b , c } ;");
        check("fn f<'a>(x: &'a str) {}", "fn f < > ( x : & str ) { }");
        check("$crate::r#mod::f(\"s\")", "crate :: mod :: f ( )");
        check("x::<T>() != 1.5e3", "x :: < T > ( ) ! = 1 . 5e3");
    }

    #[test]
    fn lines_are_counted_from_one() {
        let lines: Vec<usize> = tokens("a\n\n/* b\n */ c").iter().map(|token| token.line).collect();
        assert_eq!(lines, [1, 4]);
    }
}
