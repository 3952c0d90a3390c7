//! All networks by their names: `tree`, `tree:children=3,height=4`, or a file.

use std::path::PathBuf;

use swell_core::time::Span;

use crate::cache::graph::Topology;
use crate::cache::topology::edge_list;
use crate::cache::topology::{garr, path, ring, tree};
use crate::cache::words::{Unknown, Words};

/// Names of networks that need no file.
pub const NAMES: [&str; 5] = ["deck", "path", "tree", "ring", "garr"];
/// The most nodes of a network made here.
const NODES_MAX: u32 = 20_000;

/// Which network.
#[derive(Debug, Clone, PartialEq)]
pub enum Choice {
    /// The paper's, whose shape is asked for apart.
    Deck,
    /// One that is complete.
    Made(Topology),
    /// One that is in a file.
    File {
        /// Where.
        path: PathBuf,
        /// Behind which router the source is; else behind the one with the most neighbours.
        source: Option<String>,
        /// From there to the source.
        external: Span,
    },
}

/// Reads the name of a network with its parameters.
pub fn read(text: &str) -> Result<Choice, Unknown> {
    let mut words = Words::read(text)?;
    let made = match words.name.to_lowercase().as_str() {
        "deck" => {
            words.finish(&[])?;
            return Ok(Choice::Deck);
        }
        "path" => path::path(words.number("nodes", 10, 3, NODES_MAX)?),
        "ring" => ring::ring(words.number("routers", 9, 3, NODES_MAX / 2 - 1)?),
        "garr" => garr::garr(),
        "tree" => {
            let children = words.number("children", 3, 2, NODES_MAX)?;
            let height = words.number("height", 4, 2, 16)?;
            match tree::nodes(children, height) {
                Some(nodes) if nodes <= NODES_MAX => tree::tree(children, height),
                _ => {
                    let why = format!("`{text}` has more than {NODES_MAX} nodes");
                    return Err(Unknown::new(why));
                }
            }
        }
        _ if looks_like_a_file(&words.name) => {
            let source = words.take("source");
            let external = words.span("external", edge_list::EXTERNAL)?;
            words.finish(&["source", "external"])?;
            return Ok(Choice::File { path: PathBuf::from(words.name), source, external });
        }
        _ => return Err(Unknown::name("topology", &words.name, &NAMES, "or a file of links")),
    };
    words.finish(&["nodes", "routers", "children", "height"])?;
    Ok(Choice::Made(made))
}

fn looks_like_a_file(name: &str) -> bool {
    name.contains(['/', '\\', '.']) || std::path::Path::new(name).is_file()
}
