//! Which runs are meant by the options of `swell sim cache`?

use std::fs;
use std::path::Path;

use swell_core::cachegroup::level::{LevelError, ReadLevel};
use swell_core::time::Span;
use swell_sim::cache::case::{Case, Net};
use swell_sim::cache::graph::Topology;
use swell_sim::cache::popularity::CONTENTS_MAX;
use swell_sim::cache::protocol::distances::NODES_MAX;
use swell_sim::cache::protocol::setting::Protocol;
use swell_sim::cache::protocol::tasks::Tasks;
use swell_sim::cache::replacement::catalogue::Replacement;
use swell_sim::cache::strategy::catalogue::Choice;
use swell_sim::cache::strategy::group::Lookup;
use swell_sim::cache::topology::star::{Draw, Shape};
use swell_sim::cache::topology::{catalogue, edge_list};
use swell_sim::cache::words::Unknown;

use crate::cli::cache::{CacheArguments, Finding, Links};
use crate::cli::keepalive::once;
use crate::error::Letter;
use crate::say::say;

/// Popularity this steep leaves nothing but the first content.
const ALPHA_MAX: f64 = 10.0;
/// The most members of the paper's network.
const MEMBERS_MAX: u32 = 4096;
/// The most slots of all caches together: half a hundred bytes each.
const SLOTS_MAX: u64 = 50_000_000;
/// The most requests of a run.
const REQUESTS_MAX: u64 = 1_000_000_000_000;
/// Requests of a member per second: fewer cost less than the protocol's clockwork, more overrun it.
const RATE_MIN: f64 = 0.001;
const RATE_MAX: f64 = 10_000.0;
/// The most runs of a command.
const RUNS_MAX: usize = 100_000;

/// All runs, seed by seed within each setting.
pub fn cases(arguments: &CacheArguments, seeds: &[u64]) -> Result<Vec<Case>, Letter> {
    let topology = catalogue::read(&arguments.topology)?;
    let is_deck = topology == catalogue::Choice::Deck;
    let workloads = arguments.workloads.unwrap_or(if is_deck { 32 } else { 1 });
    check_counts(arguments, workloads)?;
    let strategies = read_all::<Choice>(&arguments.strategy)?;
    let replacements = read_all::<Replacement>(&arguments.replacement)?;
    let nets = nets(arguments, topology, workloads)?;
    let protocols = protocols(arguments)?;
    let mut cases = Vec::new();
    for net in &nets {
        for slots in slots(arguments, net, workloads)? {
            for &alpha in &once(&arguments.alpha) {
                for &strategy in &strategies {
                    for lookup in lookups(arguments, strategy, is_deck)? {
                        for &replacement in &replacements {
                            let case = Case {
                                net: net.clone(),
                                strategy,
                                lookup,
                                replacement,
                                alpha,
                                workloads,
                                contents: arguments.contents,
                                slots,
                                warmup: arguments.warmup,
                                requests: arguments.requests,
                                seed: 0,
                                protocol: None,
                            };
                            fits(&case)?;
                            can_play(arguments, &case)?;
                            for &protocol in &protocols {
                                let of = |&seed| Case { seed, protocol, ..case.clone() };
                                cases.extend(seeds.iter().map(of));
                            }
                            if cases.len() > RUNS_MAX {
                                return Err(Letter::usage(format!(
                                    "this asks for more than {RUNS_MAX} runs"
                                )));
                            }
                        }
                    }
                }
            }
        }
    }
    Ok(cases)
}

fn read_all<T>(texts: &[String]) -> Result<Vec<T>, Letter>
where
    T: std::str::FromStr<Err = Unknown> + Copy + PartialEq,
{
    let all = texts.iter().flat_map(|text| split(text)).map(|text| text.parse());
    Ok(once(&all.collect::<Result<Vec<T>, Unknown>>()?))
}

/// What commas separate, but for those between the parameters of one choice.
fn split(text: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in text.split(',') {
        match parts.last_mut() {
            Some(last) if last.contains(':') && part.contains('=') && !part.contains(':') => {
                last.push(',');
                last.push_str(part);
            }
            _ => parts.push(part.to_string()),
        }
    }
    parts
}

fn check_counts(arguments: &CacheArguments, workloads: u32) -> Result<(), Letter> {
    if let Some(alpha) = arguments.alpha.iter().find(|alpha| !(0.0..=ALPHA_MAX).contains(*alpha)) {
        return Err(Letter::usage(format!(
            "`--alpha {alpha}` is no exponent from 0 to {ALPHA_MAX}"
        ))
        .hint("0 asks for all contents alike, 1 is Zipf's law as the paper has it"));
    }
    let contents = arguments.contents;
    let all = u64::from(contents) * u64::from(workloads);
    if contents == 0 || workloads == 0 {
        return Err(Letter::usage("there must be at least one workload with one content"));
    }
    if all > u64::from(CONTENTS_MAX) {
        return Err(Letter::usage(format!(
            "{workloads} workloads of {contents} contents are more than the {CONTENTS_MAX} \
             contents allowed"
        )));
    }
    if arguments.requests == 0 {
        return Err(Letter::usage("`--requests 0` leaves nothing to count"));
    }
    if arguments.requests.max(arguments.warmup) > REQUESTS_MAX {
        return Err(Letter::usage(format!("a run has at most {REQUESTS_MAX} requests")));
    }
    Ok(())
}

fn nets(
    arguments: &CacheArguments,
    choice: catalogue::Choice,
    workloads: u32,
) -> Result<Vec<Net>, Letter> {
    let shapes = arguments.group.iter().map(|text| shape(text)).collect::<Result<Vec<_>, _>>()?;
    let shapes = once(&shapes);
    let topology = match choice {
        catalogue::Choice::Deck => {
            let draw = match arguments.links {
                Some(Links::Random) => Draw::Random,
                Some(Links::Even) | None => Draw::Even,
            };
            let shapes = match shapes.is_empty() {
                true => vec![Shape { members: 10, leaders: 32 }],
                false => shapes,
            };
            return Ok(shapes.into_iter().map(|shape| Net::Deck { shape, draw }).collect());
        }
        catalogue::Choice::Made(topology) => topology,
        catalogue::Choice::File { path, source, external } => {
            file(&path, source.as_deref(), external)?
        }
    };
    if arguments.links.is_some() {
        return Err(Letter::usage("`--links` is about the paper's network")
            .hint("add `--topology deck`, or leave `--links` out"));
    }
    let mut topology = topology;
    if workloads > 1 {
        // In turn: each receiver keeps to its own.
        topology.workloads =
            (0..topology.receivers.len() as u32).map(|at| at % workloads).collect();
    }
    if shapes.is_empty() {
        return Ok(vec![Net::Other(topology)]);
    }
    shapes.into_iter().map(|shape| grouped(&topology, shape)).collect()
}

fn grouped(topology: &Topology, shape: Shape) -> Result<Net, Letter> {
    let caches = topology.caches.len() as u32;
    if shape.total() != caches {
        let Shape { members, leaders } = shape;
        return Err(Letter::usage(format!(
            "`--group {shape}` is {members} times {leaders} caches, and `{}` has {caches}",
            topology.name
        ))
        .hint("give members of a group, an x, and the number of groups"));
    }
    let groups = (0..caches).map(|cache| cache / shape.members).collect();
    Ok(Net::Other(Topology { groups, ..topology.clone() }))
}

fn shape(text: &str) -> Result<Shape, Letter> {
    if text.eq_ignore_ascii_case("none") {
        return Ok(Shape { members: 320, leaders: 1 });
    }
    let numbers = text.split_once(['x', 'X']).and_then(|(members, leaders)| {
        Some((members.trim().parse::<u32>().ok()?, leaders.trim().parse::<u32>().ok()?))
    });
    let shape = numbers.map(|(members, leaders)| Shape { members, leaders });
    match shape {
        Some(shape)
            if (1..=u64::from(MEMBERS_MAX))
                .contains(&(u64::from(shape.members) * u64::from(shape.leaders))) =>
        {
            Ok(shape)
        }
        _ => Err(Letter::usage(format!(
            "`--group {text}` is no shape of groups of up to {MEMBERS_MAX} members"
        ))
        .hint(
            "such as `10x32`: ten members in each of 32 groups; `320x1` is the paper's network \
               without groups",
        )),
    }
}

fn file(path: &Path, source: Option<&str>, external: Span) -> Result<Topology, Letter> {
    let shown = path.display();
    let text = fs::read_to_string(path)
        .map_err(|error| Letter::failed(format!("cannot read `{shown}`: {error}")))?;
    let wrong = |error: edge_list::EdgeListError| {
        Letter::failed(format!("`{shown}` is no list of links: {error}")).hint(
            "a line has two names and, if it is not 2, the delay between them in milliseconds",
        )
    };
    let list = edge_list::read(&text).map_err(wrong)?;
    if list.apart > 0 {
        say(format!(
            "note: {} of `{shown}` are not connected with the others and left out",
            swell_sim::report::figure::count(list.apart, "router")
        ));
    }
    edge_list::build(&list, &shown.to_string(), source, external).map_err(|error| {
        Letter::usage(format!("`{shown}`: {error}"))
            .hint("`source=` takes the name of a router as the file has it")
    })
}

fn slots(arguments: &CacheArguments, net: &Net, workloads: u32) -> Result<Vec<u32>, Letter> {
    if arguments.cache_size.is_empty() {
        return match arguments.slots.contains(&0) {
            true => Err(Letter::usage("a cache has at least one slot")
                .hint("`--strategy NO_CACHE` tells what is without caches")),
            false => Ok(once(&arguments.slots)),
        };
    }
    let caches = match net {
        Net::Deck { shape, .. } => shape.total(),
        Net::Other(topology) => topology.caches.len() as u32,
    };
    let contents = f64::from(arguments.contents) * f64::from(workloads);
    let of_share = |&share: &f64| {
        let slots = (share * contents / f64::from(caches)).round();
        match (0.0..=1.0).contains(&share) && slots >= 1.0 {
            true => Ok(slots as u32),
            false => Err(Letter::usage(format!(
                "`--cache-size {share}` is no share up to 1 that gives each of {caches} caches a slot"
            ))),
        }
    };
    let slots = arguments.cache_size.iter().map(of_share).collect::<Result<Vec<u32>, _>>()?;
    Ok(once(&slots))
}

/// What finding a copy may cost under a strategy: only groups have leaders who are asked.
fn lookups(
    arguments: &CacheArguments,
    strategy: Choice,
    is_deck: bool,
) -> Result<Vec<Lookup>, Letter> {
    let lookups: Vec<Lookup> = once(&arguments.lookup)
        .into_iter()
        .map(|finding| match finding {
            Finding::Oracle => Lookup::Oracle,
            Finding::Redirect => Lookup::Redirect,
            Finding::Validated => Lookup::Validated,
        })
        .collect();
    if !matches!(strategy, Choice::Group(_)) {
        return Ok(vec![Lookup::Oracle]);
    }
    if !is_deck && lookups != [Lookup::Oracle] {
        return Err(Letter::usage("only the groups of the paper's network have leaders to ask")
            .hint("add `--topology deck`, or leave `--lookup` out"));
    }
    Ok(lookups)
}

/// The protocol's part of each run; one that plays none, unless it is asked for.
fn protocols(arguments: &CacheArguments) -> Result<Vec<Option<Protocol>>, Letter> {
    let levels = arguments.protocol.iter().map(|level| {
        level.parse().map_err(|error: LevelError| Letter::usage(format!("`--protocol`: {error}")))
    });
    let levels = levels.collect::<Result<Vec<ReadLevel>, Letter>>()?;
    let levels = once(&levels);
    if levels.is_empty() {
        return Ok(vec![None]);
    }
    let rate = arguments.rate.unwrap_or(1.0);
    if !(RATE_MIN..=RATE_MAX).contains(&rate) {
        return Err(Letter::usage(format!(
            "`--rate {rate}` is no number of requests per second from {RATE_MIN} to {RATE_MAX}"
        )));
    }
    if let Some(share) = arguments.writes.iter().find(|share| !(0.0..=1.0).contains(*share)) {
        return Err(Letter::usage(format!("`--writes {share}` is no share from 0 to 1")));
    }
    let writes = if arguments.writes.is_empty() { &[0.0][..] } else { &arguments.writes };
    let default = Protocol::default();
    let ways = read_each(&arguments.way, "--way", default.way)?;
    let layers = read_each(&arguments.prefetch, "--prefetch", default.prefetch)?;
    let tasks = arguments.tasks.as_deref().map(str::parse::<Tasks>).transpose()?;
    let mut all = Vec::new();
    for &writes in &once(writes) {
        for &way in &ways {
            for &prefetch in &layers {
                all.extend(levels.iter().map(|&level| {
                    Some(Protocol {
                        level,
                        way,
                        tasks,
                        prefetch,
                        writes,
                        rate,
                        member_crashes: arguments.member_crashes.unwrap_or_default(),
                        leader_crashes: arguments.leader_crashes.unwrap_or_default(),
                        repair: arguments.repair.unwrap_or(default.repair),
                        outage: arguments.store_outage.unwrap_or_default(),
                    })
                }));
            }
        }
    }
    Ok(all)
}

/// What an option lists, or its default.
fn read_each<T>(texts: &[String], option: &str, default: T) -> Result<Vec<T>, Letter>
where
    T: std::str::FromStr<Err: std::fmt::Display> + Copy + PartialEq,
{
    if texts.is_empty() {
        return Ok(vec![default]);
    }
    let read = |text: &String| {
        text.parse::<T>().map_err(|error| Letter::usage(format!("`{option}`: {error}")))
    };
    Ok(once(&texts.iter().map(read).collect::<Result<Vec<T>, Letter>>()?))
}

/// Refuses the protocol where there is no group with a leader to play it.
fn can_play(arguments: &CacheArguments, case: &Case) -> Result<(), Letter> {
    if arguments.protocol.is_empty() {
        return Ok(());
    }
    let has_leaders = match &case.net {
        Net::Deck { shape, .. } if shape.total() + shape.leaders >= NODES_MAX => {
            return Err(Letter::usage(format!(
                "the protocol is played by up to {NODES_MAX} nodes"
            )));
        }
        Net::Deck { shape, .. } => shape.has_groups(),
        Net::Other(_) => false,
    };
    match has_leaders && matches!(case.strategy, Choice::Group(_)) {
        true => Ok(()),
        false => Err(Letter::usage("only cache groups with leaders play the protocol").hint(
            "leave `--topology` at `deck` and `--strategy` at `group`, with more than one group \
             of more than one member",
        )),
    }
}

fn fits(case: &Case) -> Result<(), Letter> {
    let caches = match &case.net {
        Net::Deck { shape, .. } => u64::from(shape.total()),
        Net::Other(topology) => {
            if matches!(case.strategy, Choice::Group(_)) && topology.groups.is_empty() {
                let (name, caches) = (&topology.name, topology.caches.len());
                return Err(Letter::usage(format!(
                    "the strategy `group` needs groups, and `{name}` has none"
                ))
                .hint(format!(
                    "add `--group MxL` for its {caches} caches, or choose another `--strategy`"
                )));
            }
            topology.caches.len() as u64
        }
    };
    let slots = u64::from(case.slots.min(case.contents.saturating_mul(case.workloads)));
    if slots * caches > SLOTS_MAX {
        return Err(Letter::usage(format!(
            "{caches} caches of {slots} slots are more than the {SLOTS_MAX} slots allowed"
        )));
    }
    Ok(())
}
