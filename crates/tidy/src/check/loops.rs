//! Arrows point down: no file of a crate knows, even by a detour, a file that knows it.
//!
//! Rust forbids loops between crates and says nothing inside one, which is how admired
//! crates become knots. A loop is cheap to avoid on its first day and dear later.

use crate::cycle::loops;
use crate::finding::Finding;
use crate::graph::Graph;

/// Reports one shortest loop for each knot of the crate.
pub fn check(graph: &Graph) -> Vec<Finding> {
    let mut targets = vec![Vec::new(); graph.files.len()];
    for arrow in &graph.arrows {
        targets[arrow.from].push(arrow.to);
    }
    loops(&targets).iter().map(|way| finding(graph, way)).collect()
}

/// The loop as a path to read: each step with the line that makes it.
fn finding(graph: &Graph, way: &[usize]) -> Finding {
    let next = way.iter().cycle().skip(1);
    let steps: Vec<String> = way
        .iter()
        .zip(next)
        .map(|(&from, &to)| {
            let arrow = graph.arrow(from, to).expect("a loop is made of arrows");
            let (file, target) = (&graph.files[from], &graph.files[to]);
            format!("\n    {file}:{} `{}` -> {target}", arrow.line, arrow.path)
        })
        .collect();
    let message = format!("a loop; move what is shared below both:{}", steps.concat());
    Finding::whole(&graph.files[way[0]], message)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::File;

    fn check_files(files: &[(&str, &str)]) -> Vec<String> {
        let file = |(path, text): &(&str, &str)| File {
            path: format!("crates/x/src/{path}"),
            text: (*text).to_owned(),
        };
        let graph = Graph::of_crate("crates/x", &files.iter().map(file).collect::<Vec<_>>());
        check(&graph).iter().map(Finding::to_string).collect()
    }

    #[test]
    fn calm_crates_pass() {
        for files in [
            &[("lib.rs", "pub mod a;\npub mod b;"), ("a.rs", "use crate::b::B;"), ("b.rs", "")][..],
            &[("a.rs", "use crate::b::B;"), ("b.rs", "mod tests { use crate::a::A; }")],
            &[("a.rs", "use crate::a::A; fn f() { crate::a::f() }")],
            &[("main.rs", "mod a; fn main() { a::run() }"), ("a.rs", "")],
        ] {
            assert_eq!(check_files(files), [""; 0], "{files:?}");
        }
    }

    #[test]
    fn loops_are_reported_as_a_way() {
        let found = check_files(&[
            ("a.rs", "\nuse super::b::B;"),
            ("b.rs", "fn f() { crate::c::g() }"),
            ("c.rs", "use crate::{\n    a::A,\n};"),
        ]);
        let expected = "crates/x/src/a.rs: a loop; move what is shared below both:
    crates/x/src/a.rs:2 `crate::b::B` -> crates/x/src/b.rs
    crates/x/src/b.rs:1 `crate::c::g` -> crates/x/src/c.rs
    crates/x/src/c.rs:2 `crate::a::A` -> crates/x/src/a.rs";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn every_kind_of_arrow_can_close_a_loop() {
        for (a, b) in [
            ("use crate::b::B;", "use crate::a::A;"),
            ("use super::b;", "fn f(x: super::a::A) {}"),
            ("use crate::b; fn f() { b::g() }", "impl crate::a::T for B {}"),
            ("fn f() { crate::b::g() }", "pub use crate::a::*;"),
        ] {
            assert_eq!(check_files(&[("a.rs", a), ("b.rs", b)]).len(), 1, "{a} {b}");
        }
        let with_root = [("main.rs", "mod a; fn main() { a::run() }"), ("a.rs", "use crate::X;")];
        assert_eq!(check_files(&with_root).len(), 1);
    }
}
