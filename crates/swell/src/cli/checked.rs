//! Texts that a node is asked with, checked as they are typed: what no node takes ends at the command
//! line, with the option it stands in.

use swell_core::time::Span;
use swell_forecast::calendar::announced::Announced;

/// A length of time, as it was written.
pub fn span(text: &str) -> Result<String, String> {
    let span: Result<Span, _> = text.parse();
    span.map(|_| text.to_string()).map_err(|error| format!("{error}; write `7d` or `12h`"))
}

/// A length of time that is not none.
pub fn lasting(text: &str) -> Result<Span, String> {
    match text.parse::<Span>().map_err(|error| error.to_string())? {
        Span::ZERO => Err("what lasts no time is never there".to_string()),
        span => Ok(span),
    }
}

/// What an event does, as it was written.
pub fn effect(text: &str) -> Result<String, String> {
    text.parse::<Announced>().map(|_| text.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_node_takes_is_told() {
        type Read = fn(&str) -> Result<String, String>;
        let table: [(Read, &str, &str); 5] = [
            (span, "7x", "write `7d`"),
            (span, "soon", "write `7d`"),
            (effect, "x-2", "between x0 and x100"),
            (effect, "inf", "`inf` is no effect"),
            (effect, "xinf", "between x0 and x100"),
        ];
        for (read, text, words) in table {
            let told = read(text).expect_err("it is refused");
            assert!(told.contains(words), "{text}: {told}");
        }
        assert_eq!((span("7d"), effect("x2")), (Ok("7d".to_string()), Ok("x2".to_string())));
        assert_eq!(lasting("3h"), Ok(Span::from_mins(180)));
        assert!(lasting("0s").is_err() && lasting("long").is_err());
    }
}
