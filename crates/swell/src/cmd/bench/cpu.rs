//! What CPU time the server has used: asked of the machine, where the server's process is
//! known, else of the server's own metrics.

/// CPU seconds in the text of a server's `/metrics`.
pub fn in_metrics(text: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix("process_cpu_seconds_total "))?;
    line.split_ascii_whitespace().next()?.parse().ok().filter(|seconds: &f64| seconds.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metrics_are_read() {
        let text = "# TYPE process_cpu_seconds counter\nprocess_cpu_seconds_total 12.25 1700\n";
        for (text, expected) in [
            (text, Some(12.25)),
            ("process_cpu_seconds_total 3", Some(3.0)),
            ("process_cpu_seconds_total", None),
            ("process_cpu_seconds_total x", None),
            ("process_cpu_seconds_total NaN", None),
            ("<html>", None),
        ] {
            assert_eq!(in_metrics(text), expected, "{text}");
        }
    }
}
