//! Where flows are that go from node to node, as nodes tell each other.
//!
//! A node that begins with a flow tells all that may have a way to it, again and again until they
//! heard; one that finds nobody at the end of its way asks the others. Of all that is said of a flow
//! the highest term counts, whenever and however often it is heard: terms only grow, and one node
//! has the flow in each. So what is believed depends on what was heard and not on its order.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::time::{Instant, Span};

/// Where a flow is, or was in some term.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Whereabouts {
    /// Counts its moves between nodes.
    pub term: u32,
    /// Which flow, of all that ever had its name; zero if it has none yet, as it never concerned
    /// another node.
    pub identity: u64,
    /// The node's name.
    pub node: String,
    /// Its host and port for flows.
    pub at: String,
}

impl Whereabouts {
    /// Whether what was heard says more than this: it is of the same flow, and of a later term.
    pub fn is_outdated_by(&self, heard: &Self) -> bool {
        self.identity != 0 && self.identity == heard.identity && heard.term > self.term
    }

    /// What to believe after hearing all that; nothing if it is what was believed before.
    pub fn heard<'a>(&self, all: impl IntoIterator<Item = &'a Self>) -> Option<&'a Self> {
        all.into_iter().filter(|heard| self.is_outdated_by(heard)).max()
    }
}

/// The pause before the second try; each is twice the one before.
const FIRST: Span = Span::from_secs(1);
/// The longest pause.
const LONGEST: Span = Span::from_secs(60);

/// When something is tried again that comes to nothing, by name: seldom, if it does so for long.
#[derive(Debug, Default)]
pub struct Turns(BTreeMap<String, Turn>);

#[derive(Debug)]
struct Turn {
    due: Instant,
    pause: Span,
}

impl Turns {
    /// Whether it is time to try; then the next time is later.
    pub fn take(&mut self, name: &str, now: Instant) -> bool {
        match self.0.get_mut(name) {
            Some(turn) if turn.due > now => false,
            Some(turn) => {
                turn.pause = (turn.pause * 2).min(LONGEST);
                turn.due = now + turn.pause;
                true
            }
            None => {
                self.0.insert(name.to_string(), Turn { due: now + FIRST, pause: FIRST });
                true
            }
        }
    }

    /// It is tried no more, or anew.
    pub fn forget(&mut self, name: &str) {
        self.0.remove(name);
    }

    /// Forgets those that are not tried any more.
    pub fn retain(&mut self, is_tried: impl Fn(&str) -> bool) {
        self.0.retain(|name, _| is_tried(name));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(identity: u64, term: u32) -> Whereabouts {
        // In a term one node has it.
        let node = format!("node{}", term % 3);
        Whereabouts { term, identity, at: format!("{node}:7403"), node }
    }

    proptest! {
        #[test]
        fn what_is_believed_is_the_highest_term_of_that_flow_in_any_order_and_however_often(
            heard in prop::collection::vec((1u64..3, 0u32..9), 0..12),
            order in any::<prop::sample::Index>(),
            begin in 0u32..9,
        ) {
            let own = at(1, begin);
            let mut all: Vec<Whereabouts> =
                heard.iter().map(|(identity, term)| at(*identity, *term)).collect();
            let at_once = own.heard(&all).cloned().unwrap_or_else(|| own.clone());
            if !all.is_empty() {
                let by = order.index(all.len());
                all.rotate_left(by);
            }
            let mut believed = own.clone();
            for said in all.iter().chain(&all) {
                if let Some(news) = believed.heard([said]) {
                    prop_assert!(news.term > believed.term, "it went back");
                    believed = news.clone();
                }
            }
            prop_assert_eq!(&believed, &at_once);
            let terms = heard.iter().filter(|(identity, _)| *identity == 1).map(|(_, term)| *term);
            prop_assert_eq!(believed.term, terms.chain([begin]).max().unwrap_or(begin));
        }
    }

    #[test]
    fn a_flow_of_no_identity_is_no_flow_of_another_node() {
        assert!(!at(0, 1).is_outdated_by(&at(0, 2)));
        assert!(at(7, 1).is_outdated_by(&at(7, 2)));
    }

    #[test]
    fn what_comes_to_nothing_is_tried_less_and_less_often() {
        let mut turns = Turns::default();
        let mut tried = Vec::new();
        for second in 0..200 {
            if turns.take("oslo", Instant::from_millis(second * 1_000)) {
                tried.push(second);
            }
        }
        assert_eq!(tried, [0, 1, 3, 7, 15, 31, 63, 123, 183]);
        assert!(
            turns.take("rome", Instant::from_millis(183_000)),
            "others have turns of their own"
        );
        turns.forget("oslo");
        assert!(turns.take("oslo", Instant::from_millis(183_500)));
        turns.retain(|name| name == "rome");
        assert!(turns.take("oslo", Instant::from_millis(183_500)));
    }
}
