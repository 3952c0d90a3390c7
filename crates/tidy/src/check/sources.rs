//! Every trace says where it comes from and under which licence.

use std::collections::BTreeSet;

use crate::finding::Finding;

/// Where traces are kept.
const TRACES: &str = "traces/";

/// The file of a trace's folder that tells its origin.
const SOURCE: &str = "SOURCE.txt";

/// Refuses a folder of `traces/` without [`SOURCE`], and data outside of a folder. Takes
/// the paths of all files of the repository.
pub fn check(paths: &[&str]) -> Vec<Finding> {
    let below: Vec<&str> = paths.iter().filter_map(|path| path.strip_prefix(TRACES)).collect();
    let folders: BTreeSet<&str> =
        below.iter().filter_map(|path| Some(path.split_once('/')?.0)).collect();
    let told = |folder: &&str| below.contains(&&*format!("{folder}/{SOURCE}"));
    let untold = folders.iter().filter(|folder| !told(folder)).map(|folder| {
        let message = format!("no `{SOURCE}`: name the origin, the commit and the licence");
        Finding::whole(&format!("{TRACES}{folder}"), message)
    });
    let is_loose = |path: &&&str| !path.contains('/') && !path.ends_with(".md");
    let loose = below.iter().filter(is_loose).map(|path| {
        let message = format!("data stands in a folder of its own, beside its `{SOURCE}`");
        Finding::whole(&format!("{TRACES}{path}"), message)
    });
    untold.chain(loose).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_tell_their_origin() {
        for (paths, expected) in [
            (&["traces/a/x.csv", "traces/a/SOURCE.txt", "src/x/y.rs"][..], &[][..]),
            (&["traces/README.md"], &[]),
            (&["traces/a/x.csv", "traces/b/SOURCE.txt"], &["traces/a"]),
            (&["traces/a/deep/SOURCE.txt"], &["traces/a"]),
            (&["traces/x.csv"], &["traces/x.csv"]),
        ] {
            let found: Vec<String> = check(paths).into_iter().map(|f| f.path).collect();
            assert_eq!(found, expected, "{paths:?}");
        }
    }
}
