//! Which policies are meant by `--policy`?
//!
//! `all`, `founding`, or specifications separated by commas. Specifications hold commas
//! themselves (`fixed-ttl:ttl=20m,wait=3s`), so a comma separates only where a known
//! name, a group or something without `=` follows it.

use swell_core::catalog::{self, ENTRIES};

use crate::error::Letter;

/// The policies of the founding report, in its order.
const FOUNDING: [&str; 6] = ["dynamic-ttl", "lru", "lfu", "runtime-diff", "cold-cost", "random"];

/// All policies meant, each once, checked against the catalogue.
pub fn policies(arguments: &[String]) -> Result<Vec<String>, Letter> {
    let mut policies: Vec<String> = Vec::new();
    for specification in arguments.iter().flat_map(|argument| split(argument)) {
        let meant = match specification.as_str() {
            "all" => ENTRIES.iter().map(|entry| entry.name.to_string()).collect(),
            "founding" => FOUNDING.map(str::to_string).to_vec(),
            _ => vec![specification],
        };
        for policy in meant {
            catalog::build(&policy, 0)?;
            if !policies.contains(&policy) {
                policies.push(policy);
            }
        }
    }
    Ok(policies)
}

fn split(argument: &str) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in argument.split(',').map(str::trim) {
        match parts.last_mut() {
            Some(last) if continues(last, part) => {
                last.push(',');
                last.push_str(part);
            }
            _ => parts.push(part.to_string()),
        }
    }
    parts
}

/// Whether `part` is one more parameter of `last` rather than the next policy.
fn continues(last: &str, part: &str) -> bool {
    let name = part.split(':').next().unwrap_or(part);
    let known = ENTRIES.iter().any(|entry| entry.name == name);
    last.contains(':') && !known && part.contains('=') && !part.contains(':')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commas_separate_policies_and_parameters() {
        for (arguments, expected) in [
            (vec!["lru,lfu"], vec!["lru", "lfu"]),
            (vec!["lru", "lfu,lru"], vec!["lru", "lfu"]),
            (vec!["fixed-ttl:ttl=20m,wait=3s,lru"], vec!["fixed-ttl:ttl=20m,wait=3s", "lru"]),
            (vec!["lru:wait=3s,lru:wait=5s,queue=9"], vec!["lru:wait=3s", "lru:wait=5s,queue=9"]),
            (vec!["founding"], FOUNDING.to_vec()),
        ] {
            let arguments: Vec<String> = arguments.iter().map(ToString::to_string).collect();
            assert_eq!(policies(&arguments).unwrap(), expected, "{arguments:?}");
        }
        assert_eq!(policies(&["all".to_string()]).unwrap().len(), ENTRIES.len());
        for wrong in ["", "lru,", "lru,lfuu", "lru,ttl=20m", "fixed-ttl:tll=1m"] {
            assert!(policies(&[wrong.to_string()]).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_founding_policies_are_known() {
        assert!(FOUNDING.iter().all(|name| catalog::find(name).is_ok()));
    }
}
