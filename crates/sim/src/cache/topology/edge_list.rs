//! A network out of a file: two names and a delay per line, as Rocketfuel's latency maps.
//!
//! Spring, Mahajan and Wetherall, "Measuring ISP Topologies with Rocketfuel" (SIGCOMM 2002),
//! give such lists. As in Icarus every router has a cache and a receiver of its own beside it,
//! and the source is behind the router with the most neighbours.

use std::collections::BTreeMap;

use swell_core::time::Span;

use crate::cache::graph::Topology;

/// The delay of a link of which the file tells none, as within a network in Icarus.
const INTERNAL: Span = Span::from_millis(2);
/// The delay of the link to the source where nothing else is asked for, as in Icarus.
pub const EXTERNAL: Span = Span::from_millis(34);
/// The most routers: tables of ways grow with the square.
pub const ROUTERS_MAX: usize = 4000;
/// The longest delay of a link that is still plausible.
const DELAY_MS_MAX: f64 = 60_000.0;

/// Routers and links as the file has them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EdgeList {
    /// Names of the routers in the order in which they appear; numbers are places here.
    pub routers: Vec<String>,
    /// Links between them.
    pub links: Vec<(u32, u32, Span)>,
    /// Routers of the file that are not here, because they are not connected with the rest.
    pub apart: usize,
}

/// What is wrong with a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EdgeListError {
    /// A line cannot be read.
    #[error("line {line}: {why}")]
    Line {
        /// Which, from 1.
        line: usize,
        /// What is wrong with it.
        why: String,
    },
    /// The file has no links.
    #[error("it has no links")]
    Empty,
    /// The file has more routers than can be simulated.
    #[error("it has more than {ROUTERS_MAX} routers")]
    Large,
    /// The router that is to have the source is not there.
    #[error("it has no router `{0}`")]
    NoRouter(String),
}

/// Reads a file: `NAME NAME [MILLISECONDS]`, separated by blanks or commas; what follows a `#`
/// is a remark. Only the largest connected part is kept.
pub fn read(text: &str) -> Result<EdgeList, EdgeListError> {
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    let mut routers: Vec<&str> = Vec::new();
    let mut links = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let line = line.split('#').next().unwrap_or("").trim();
        // Rocketfuel's names hold commas, so these separate only where blanks do not.
        let blank: &[char] = &[' ', '\t'];
        let separators = if line.contains(blank) { blank } else { &[','] };
        let mut words = line.split(separators).filter(|word| !word.is_empty());
        let Some(a) = words.next() else { continue };
        let wrong = |why: String| EdgeListError::Line { line: index + 1, why };
        let Some(b) = words.next() else {
            return Err(wrong(format!("`{a}` needs the name of a neighbour beside it")));
        };
        if a == b {
            return Err(wrong(format!("`{a}` is its own neighbour")));
        }
        let delay = words.next().map_or(Ok(INTERNAL), delay).map_err(wrong)?;
        if let Some(word) = words.next() {
            return Err(wrong(format!("`{word}` is one word too many (NAME NAME MILLISECONDS)")));
        }
        let mut number = |name| {
            *numbers.entry(name).or_insert_with(|| {
                routers.push(name);
                routers.len() as u32 - 1
            })
        };
        links.push((number(a), number(b), delay));
        if routers.len() > ROUTERS_MAX {
            return Err(EdgeListError::Large);
        }
    }
    if links.is_empty() {
        return Err(EdgeListError::Empty);
    }
    Ok(largest_part(&routers, &links))
}

fn delay(word: &str) -> Result<Span, String> {
    match word.parse::<f64>() {
        Ok(ms) if (0.0..=DELAY_MS_MAX).contains(&ms) => Ok(Span::from_millis_f64(ms)),
        _ => Err(format!("`{word}` is no delay in milliseconds from 0 to {DELAY_MS_MAX}")),
    }
}

/// The part with the most routers; among equals the one that appears first.
fn largest_part(routers: &[&str], links: &[(u32, u32, Span)]) -> EdgeList {
    let mut part: Vec<u32> = (0..routers.len() as u32).collect();
    let mut changes = true;
    while changes {
        changes = false;
        for &(a, b, _) in links {
            let least = part[a as usize].min(part[b as usize]);
            for end in [a, b] {
                changes |= std::mem::replace(&mut part[end as usize], least) != least;
            }
        }
    }
    let mut sizes = vec![0usize; routers.len()];
    part.iter().for_each(|&of| sizes[of as usize] += 1);
    let (mut largest, mut size) = (0, 0);
    for (of, &routers) in sizes.iter().enumerate() {
        if routers > size {
            (largest, size) = (of as u32, routers);
        }
    }
    let mut number = vec![None; routers.len()];
    let mut kept = Vec::with_capacity(size);
    for (router, name) in routers.iter().enumerate() {
        if part[router] == largest {
            number[router] = Some(kept.len() as u32);
            kept.push((*name).to_string());
        }
    }
    let links = links
        .iter()
        .filter_map(|&(a, b, delay)| Some((number[a as usize]?, number[b as usize]?, delay)));
    EdgeList { links: links.collect(), routers: kept, apart: routers.len() - size }
}

/// The network: routers first in number, then a receiver for each, then the source.
pub fn build(
    list: &EdgeList,
    name: &str,
    source: Option<&str>,
    external: Span,
) -> Result<Topology, EdgeListError> {
    let routers = list.routers.len() as u32;
    let mut topology = Topology::empty(name, 2 * routers + 1);
    for &(a, b, delay) in &list.links {
        topology.link(a, b, delay);
    }
    let neighbours = topology.neighbours();
    let gate = match source {
        Some(wanted) => list
            .routers
            .iter()
            .position(|router| router == wanted)
            .ok_or_else(|| EdgeListError::NoRouter(wanted.to_string()))?,
        None => {
            let ranked = neighbours.iter().take(routers as usize).enumerate();
            let best = ranked.max_by_key(|(at, of)| (of.len(), std::cmp::Reverse(*at)));
            best.map_or(0, |(at, _)| at)
        }
    };
    for router in 0..routers {
        topology.link(router, routers + router, Span::ZERO);
    }
    topology.link(gate as u32, 2 * routers, external);
    topology.receivers = (routers..2 * routers).collect();
    topology.caches = (0..routers).collect();
    topology.sources = vec![2 * routers];
    Ok(topology)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_as_people_write_them() {
        let list = read("# a map\nRoma,+IT1 Milano,+IT2 3.5\n").unwrap();
        assert_eq!(list.routers, ["Roma,+IT1", "Milano,+IT2"]);
        let error = read("# a map\na b\na c fast\n").unwrap_err();
        assert_eq!(error.to_string(), "line 3: `fast` is no delay in milliseconds from 0 to 60000");
        let list = read("x y\n\na  b 3\nb,c,0.5 # fast\nb\ta 3\n").unwrap();
        assert_eq!((list.routers.join(" "), list.apart), ("a b c".to_string(), 2));
        assert_eq!(list.links.len(), 3);
        let net = build(&list, "net", None, EXTERNAL).unwrap();
        assert_eq!(
            (net.nodes, net.receivers.clone(), net.sources.clone()),
            (7, vec![3, 4, 5], vec![6])
        );
        assert_eq!(net.neighbours()[6], [(1, EXTERNAL)]);
        let net = build(&list, "net", Some("c"), Span::ZERO).unwrap();
        assert_eq!(net.neighbours()[6], [(2, Span::ZERO)]);
        assert!(build(&list, "net", Some("x"), EXTERNAL).is_err());
    }

    #[test]
    fn what_is_wrong_has_a_line() {
        for (text, line) in [
            ("a b\nc", 2),
            ("a b 1 2", 1),
            ("a b\na b\na a", 3),
            ("a b -1", 1),
            ("a b NaN", 1),
            ("a b inf", 1),
            ("a b many", 1),
        ] {
            let error = read(text).unwrap_err();
            assert!(matches!(error, EdgeListError::Line { line: of, .. } if of == line), "{text}");
        }
        assert_eq!(read("# nothing\n"), Err(EdgeListError::Empty));
        let many: String = (0..=ROUTERS_MAX).map(|n| format!("r{n} r{}\n", n + 1)).collect();
        assert_eq!(read(&many), Err(EdgeListError::Large));
    }
}
