//! A folder is a choice: files side by side are rival answers and do not know each other.

use crate::finding::Finding;
use crate::graph::{Arrow, Graph};
use crate::table::Siblings;

/// Refuses every arrow between two rivals of a folder below the crate's root. What stands
/// in a folder of a folder belongs, seen from above, to the folder it stands in.
pub fn check(graph: &Graph, table: &[(&str, Siblings)]) -> Vec<Finding> {
    graph.arrows.iter().filter_map(|arrow| check_arrow(graph, arrow, table)).collect()
}

fn check_arrow(graph: &Graph, arrow: &Arrow, table: &[(&str, Siblings)]) -> Option<Finding> {
    let (from, to) = (&graph.files[arrow.from], &graph.files[arrow.to]);
    let folder = common_folder(from, to);
    if folder.ends_with("/src") {
        return None;
    }
    let row = table.iter().find(|(name, _)| *name == folder);
    let (below, above) = match row.map(|(_, siblings)| *siblings) {
        Some(Siblings::Parts) => return None,
        Some(Siblings::Rivals { below, above }) => (below, above),
        None => (&[][..], &[][..]),
    };
    let (user, used) = (name_below(folder, from), name_below(folder, to));
    // Arrows go from a higher place to a lower one, or along the top or the bottom.
    let place = |name: &str| match name {
        name if below.contains(&name) => 0,
        name if above.contains(&name) => 2,
        _ => 1,
    };
    let goes_down = place(user) > place(used);
    let is_level = place(user) == place(used) && place(user) != 1;
    if used == "mod" || goes_down || is_level {
        return None;
    }
    let message = format!(
        "`{user}` knows its sibling `{used}`: move what they share below `{folder}`, \
         or say in the table of tidy how its files stand to each other"
    );
    Some(Finding::at(from, arrow.line, message))
}

/// The deepest folder that holds both files.
fn common_folder<'a>(a: &'a str, b: &str) -> &'a str {
    let same = a.split('/').zip(b.split('/')).take_while(|(a, b)| a == b);
    let length: usize = same.map(|(part, _)| part.len() + 1).sum();
    &a[..length.saturating_sub(1)]
}

/// The name by which a file is known in a folder above it.
fn name_below<'a>(folder: &str, file: &'a str) -> &'a str {
    let below = file.strip_prefix(folder).unwrap_or(file).trim_start_matches('/');
    let first = below.split('/').next().unwrap_or(below);
    first.strip_suffix(".rs").unwrap_or(first)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tree::File;

    const TABLE: &[(&str, Siblings)] = &[
        (
            "crates/x/src/shared",
            Siblings::Rivals { below: &["words", "question"], above: &["list"] },
        ),
        ("crates/x/src/parts", Siblings::Parts),
    ];

    /// Whether the file `from` may say `text`, next to a fixed set of files.
    fn check_line(from: &str, text: &str, is_fine: bool) {
        let others = [
            "plain/b.rs",
            "plain/deep/c.rs",
            "plain/deep/d.rs",
            "plain/mod.rs",
            "shared/b.rs",
            "shared/words.rs",
            "shared/question.rs",
            "shared/list.rs",
            "parts/b.rs",
            "root.rs",
        ];
        let file = |path: &str, text: &str| File {
            path: format!("crates/x/src/{path}"),
            text: text.to_owned(),
        };
        let mut files: Vec<File> =
            others.iter().filter(|path| **path != from).map(|path| file(path, "")).collect();
        files.push(file(from, text));
        let found = check(&Graph::of_crate("crates/x", &files), TABLE);
        assert_eq!(found.is_empty(), is_fine, "{from}: {text}: {found:?}");
    }

    #[test]
    fn rivals_do_not_know_each_other() {
        check_line("plain/a.rs", "use super::b::B;", false);
        check_line("plain/a.rs", "fn f() { crate::plain::b::g() }", false);
        check_line("plain/a.rs", "use super::deep::c::C;", false);
        check_line("plain/deep/c.rs", "use super::d::D;", false);
        check_line("plain/deep/c.rs", "use crate::plain::b::B;", false);
        check_line("plain/a.rs", "use crate::root::R;", true);
        check_line("plain/a.rs", "use crate::shared::b::B;", true);
        check_line("plain/a.rs", "use super::*;", true);
        check_line("plain/a.rs", "mod tests { use crate::plain::b::B; }", true);
    }

    #[test]
    fn the_table_says_what_is_shared() {
        check_line("shared/a.rs", "use super::words::W;", true);
        check_line("shared/a.rs", "use super::b::B;", false);
        check_line("shared/words.rs", "use super::b::B;", false);
        check_line("shared/words.rs", "use super::question::Q;", true);
        check_line("shared/words.rs", "use super::list::L;", false);
        check_line("shared/list.rs", "use super::{b::B, words::W};", true);
        check_line("shared/a.rs", "use super::list::L;", false);
        check_line("parts/a.rs", "use super::b::B;", true);
        check_line("root.rs", "use crate::parts::b::B;", true);
    }
}
