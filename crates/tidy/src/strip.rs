//! Code without its comments and strings, every other character where it was.
//!
//! A rule about code must not fire on a sentence about code. What is removed becomes
//! spaces and line ends are kept, so that line numbers stay true. This knows as much of
//! Rust's grammar as telling text from code needs, and no more.

/// `text` with the inside of comments, strings and characters blanked out.
pub fn strip(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let end = opaque_end(&chars, at);
        if end > at {
            out.extend(chars[at..end].iter().map(|&c| if c == '\n' { '\n' } else { ' ' }));
            at = end;
        } else {
            // A name is taken whole, so that the `r` of `for"` never opens a raw string.
            let end = name_end(&chars, at).max(at + 1);
            out.extend(&chars[at..end]);
            at = end;
        }
    }
    out
}

/// Where the comment or literal that starts at `at` ends; `at` where none starts.
fn opaque_end(chars: &[char], at: usize) -> usize {
    let next = chars.get(at + 1).copied();
    match chars[at] {
        '/' if next == Some('/') => line_comment_end(chars, at),
        '/' if next == Some('*') => block_comment_end(chars, at),
        '"' => string_end(chars, at + 1),
        '\'' => character_end(chars, at),
        'r' | 'b' | 'c' => prefixed_end(chars, at),
        _ => at,
    }
}

fn line_comment_end(chars: &[char], at: usize) -> usize {
    position(chars, at, |c| c == '\n')
}

/// Block comments nest.
fn block_comment_end(chars: &[char], start: usize) -> usize {
    let mut depth = 0;
    let mut at = start;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => (depth, at) = (depth + 1, at + 2),
            ('*', Some('/')) => (depth, at) = (depth - 1, at + 2),
            _ => at += 1,
        }
        if depth == 0 {
            break;
        }
    }
    at.min(chars.len())
}

/// The end of a string whose inside starts at `at`.
fn string_end(chars: &[char], mut at: usize) -> usize {
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// `'a'` and `'\n'` are characters; `'a` alone is a lifetime and stays.
fn character_end(chars: &[char], at: usize) -> usize {
    match (chars.get(at + 1), chars.get(at + 2)) {
        (Some('\\'), _) => {
            let closing = position(chars, at + 3, |c| c == '\'');
            (closing + 1).min(chars.len())
        }
        (Some(_), Some('\'')) => at + 3,
        _ => at,
    }
}

/// `r"…"`, `r#"…"#`, `b"…"`, `br#"…"#`, `b'…'`, `c"…"`, `cr#"…"#`; not `r#name`.
fn prefixed_end(chars: &[char], start: usize) -> usize {
    let mut at = start;
    if matches!(chars[at], 'b' | 'c') {
        at += 1;
    }
    let raw = chars.get(at) == Some(&'r');
    at += usize::from(raw);
    let quote = if raw { position(chars, at, |c| c != '#') } else { at };
    let hashes = quote - at;
    match chars.get(quote) {
        Some('"') if raw => raw_string_end(chars, quote + 1, hashes),
        Some('"') => string_end(chars, quote + 1),
        Some('\'') if !raw && chars[start] == 'b' => character_end(chars, quote),
        _ => start,
    }
}

fn raw_string_end(chars: &[char], start: usize, hashes: usize) -> usize {
    let closes = |at: usize| {
        let tail = &chars[at + 1..];
        chars[at] == '"' && tail.len() >= hashes && tail[..hashes].iter().all(|&c| c == '#')
    };
    match (start..chars.len()).find(|&at| closes(at)) {
        Some(at) => at + 1 + hashes,
        None => chars.len(),
    }
}

fn name_end(chars: &[char], at: usize) -> usize {
    position(chars, at, |c| !(c.is_alphanumeric() || c == '_'))
}

/// The first position from `at` whose character fits, or the end.
fn position(chars: &[char], at: usize, fits: impl Fn(char) -> bool) -> usize {
    (at..chars.len()).find(|&at| fits(chars[at])).unwrap_or(chars.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(input: &str, expected: &str) {
        let squeezed = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert_eq!(squeezed(&strip(input)), squeezed(expected), "{input}");
        assert_eq!(strip(input).lines().count(), input.lines().count(), "{input}");
        assert_eq!(strip(input).chars().count(), input.chars().count(), "{input}");
    }

    #[test]
    fn comments_go() {
        check("a // b\nc", "a\nc");
        check("a /* b /* c */ d */ e", "a e");
        check("//! doc\n/// more\nfn f() {}", "\n\nfn f() {}");
        check("a /* open", "a");
    }

    #[test]
    fn strings_go() {
        check(r#"f("a // b", c)"#, "f( , c)");
        check(r#"f("a \" b", c)"#, "f( , c)");
        check(r##"f(r#"a " b"#, c)"##, "f( , c)");
        check(r#"f(br"a\", b"x", c"y", d)"#, "f( , , , d)");
        check("f(\"one\ntwo\", c)", "f(\n, c)");
        check("f(\"open", "f(");
    }

    #[test]
    fn characters_go_and_lifetimes_stay() {
        check("f('a', '\\'', '\\u{1F600}', b'x', '\"', c)", "f( , , , , , c)");
        check("fn f<'a>(x: &'a str, y: &'static str)", "fn f<'a>(x: &'a str, y: &'static str)");
        check("let r#type = for_r; r#\"x\"#", "let r#type = for_r;");
    }
}
