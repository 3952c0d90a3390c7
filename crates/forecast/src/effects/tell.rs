//! The occurrences of a calendar with the effects that are believed of them.

use std::collections::BTreeMap;

use crate::calendar::plan::Occurrence;
use crate::effects::book::{Book, about};
use crate::event::{Effect, EventEffect};

/// What may be used of what was learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hindsight {
    /// All that was over at a moment, in Unix milliseconds, for every occurrence: to see the
    /// past without its occasions, and to forecast.
    AsOf(u64),
    /// Of each occurrence what was known before it began: to train a model that is told of
    /// occasions, as it will be told of those to come.
    None,
}

/// The events that a panel is told of. Functions that have a past of their own with a kind are
/// told of an effect of their own.
pub fn tell(
    occurrences: &[Occurrence],
    book: &Book,
    names: &[&str],
    hindsight: Hindsight,
) -> Vec<EventEffect> {
    let mut events = Vec::new();
    for occurrence in occurrences.iter().filter(|occurrence| !occurrence.is_holiday) {
        let as_of_ms = match hindsight {
            Hindsight::AsOf(ms) => ms,
            Hindsight::None => occurrence.span_ms.start,
        };
        let (kind, announced) = (occurrence.kind.as_str(), occurrence.announced);
        let effect = book.effect(kind, announced, as_of_ms);
        let of_each = match effect {
            Effect::About { .. } => book.beliefs(kind, announced, as_of_ms),
            _ => BTreeMap::new(),
        };
        let mut alike = Vec::with_capacity(occurrence.members.len());
        for &member in &occurrence.members {
            match of_each.get(names[member]) {
                Some(belief) => events.push(occurrence.with(about(belief), vec![member])),
                None => alike.push(member),
            }
        }
        if !alike.is_empty() {
            events.push(occurrence.with(effect, alike));
        }
    }
    events
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::calendar::announced::Announced;
    use crate::effects::book::{Outcome, Part};

    #[test]
    fn functions_with_a_past_are_told_of_their_own() {
        let mut book = Book::default();
        let part = Part { function: "cart".to_string(), expected: 400.0, got: 2000.0 };
        book.learn(
            "sale",
            Outcome {
                occurrence: "a".to_string(),
                end_ms: 1000,
                announced: Announced::Unknown,
                expected: 1000.0,
                got: 2600.0,
                functions: vec![part],
            },
        );
        let occurrence = |start: u64| Occurrence {
            occasion: "b".to_string(),
            kind: "sale".to_string(),
            announced: Announced::Unknown,
            is_holiday: false,
            floor: None,
            span_ms: start..start + 100,
            steps: 3..5,
            edges: [0.0; 2],
            members: vec![0, 2],
        };
        let names = ["cart", "other", "logo"];
        let events = tell(&[occurrence(2000)], &book, &names, Hindsight::None);
        let [cart, rest] = &events[..] else { panic!("{events:?}") };
        assert_eq!((&cart.members[..], &rest.members[..]), (&[0][..], &[2][..]));
        let times = |event: &EventEffect| match event.effect {
            Effect::About { times, .. } => times,
            _ => panic!("{event:?}"),
        };
        assert!(times(cart) > times(rest) && times(rest) > 1.0);
        let before = tell(&[occurrence(500)], &book, &names, Hindsight::None);
        assert_eq!(before[0].effect, Effect::Unknown, "nothing was known then");
        let after = tell(&[occurrence(500)], &book, &names, Hindsight::AsOf(5000));
        assert_eq!(after.len(), 2);
    }
}
