//! The choices of all functions: who is looked at next, and what is kept over restarts.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::checkpoint::{self, CheckpointError};
use crate::choice::looking::Found;
use crate::choice::methods::find;
use crate::choice::serving::{By, Choice, Losses};

const KIND: &str = "choices";

/// What each function is forecast by.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Chooser {
    choices: BTreeMap<Arc<str>, Choice>,
}

impl Chooser {
    /// What [`Chooser::to_bytes`] made these bytes of; methods that are not there any more are
    /// left out.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let kept: Vec<(String, Choice)> = checkpoint::read(KIND, bytes)?;
        let is_there = |(_, choice): &(String, Choice)| {
            choice.own().is_none_or(|own| find(&own.method).is_some())
        };
        let choices = kept.into_iter().filter(is_there);
        Ok(Self { choices: choices.map(|(name, choice)| (name.into(), choice)).collect() })
    }

    /// The choices that are not the usual one, as bytes; how the others did is known anew after a
    /// day.
    pub fn to_bytes(&self) -> Vec<u8> {
        let is_kept = |choice: &Choice| choice.by() != By::Common || choice.own().is_some();
        let kept = self.choices.iter().filter(|(_, choice)| is_kept(choice));
        let kept: Vec<(&str, &Choice)> = kept.map(|(name, choice)| (&**name, choice)).collect();
        checkpoint::write(KIND, &kept)
    }

    /// The choice of a function, if anything was heard of it.
    pub fn of(&self, name: &str) -> Option<&Choice> {
        self.choices.get(name)
    }

    /// A step of a function is over. Tells whether somebody else serves from now on.
    pub fn hear(&mut self, name: &Arc<str>, step: u64, losses: Losses) -> bool {
        if losses == Losses::default() && !self.choices.contains_key(name) {
            return false;
        }
        self.choices.entry(name.clone()).or_default().hear(step, losses)
    }

    /// A function was looked at, at a step.
    pub fn found(&mut self, name: &str, step: u64, found: Option<Found>) {
        if let Some(choice) = self.choices.get_mut(name) {
            choice.looked = Some(step);
            choice.found(found);
        }
    }

    /// Forgets functions that are gone.
    pub fn keep_only(&mut self, is_there: impl Fn(&str) -> bool) {
        self.choices.retain(|name, _| is_there(name));
    }

    /// The functions to look at next, at most so many: those longest not looked at, the busiest
    /// first. `functions` are names with their calls; one that has a method of its own, or of which
    /// too little was heard, is not among them.
    pub fn next<'n>(
        &self,
        functions: impl Iterator<Item = (&'n Arc<str>, f32)>,
        most: usize,
    ) -> Vec<Arc<str>> {
        let ready = functions.filter_map(|(name, calls)| {
            let choice = self.choices.get(name)?;
            let is_ready = choice.own().is_none() && choice.common().known() >= READY;
            is_ready.then_some((choice.looked, calls, name))
        });
        let mut ready: Vec<_> = ready.collect();
        ready.sort_by(|one, other| {
            one.0.cmp(&other.0).then(other.1.total_cmp(&one.1)).then(one.2.cmp(other.2))
        });
        ready.into_iter().take(most).map(|(_, _, name)| name.clone()).collect()
    }
}

/// Steps of which losses must be known before a function is looked at: half a day.
const READY: usize = 144;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_busiest_come_first_and_then_all_by_turns() {
        let names: [Arc<str>; 3] = ["a", "b", "c"].map(Into::into);
        let mut chooser = Chooser::default();
        let calls = || names.iter().zip([1.0, 9.0, 5.0]);
        let lost = Losses { common: Some(1.0), ..Losses::default() };
        for step in 0..READY as u64 {
            assert!(chooser.next(calls(), 9).is_empty());
            names.iter().for_each(|name| assert!(!chooser.hear(name, step, lost)));
        }
        let next = |chooser: &Chooser, most| chooser.next(calls(), most).join(" ");
        assert_eq!(next(&chooser, 9), "b c a");
        chooser.found("b", 200, None);
        assert_eq!(next(&chooser, 2), "c a");
        chooser.found("c", 201, Some(Found { method: "theta".to_string(), share: 0.2 }));
        chooser.found("a", 202, None);
        assert_eq!(next(&chooser, 9), "b a", "one is on trial");
        let again = Chooser::from_bytes(&chooser.to_bytes()).expect("it is whole");
        assert_eq!(again.to_bytes(), chooser.to_bytes());
        assert!(again.of("c").and_then(|choice| choice.own()).is_some());
        assert!(again.of("a").is_none(), "nothing but the usual");
        chooser.keep_only(|name| name != "b");
        assert_eq!(next(&chooser, 9), "a");
    }
}
