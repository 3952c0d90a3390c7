//! The triggers of all functions, sorted by what sets them off. A table is made anew when
//! functions change and never changes itself.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use swell_api::spec::Retry;
use swell_api::trigger::{CallEnd, Missed, Trigger};

use crate::registry::{Function, Registry};

/// The triggers of a node.
#[derive(Debug, Default)]
pub struct Table {
    /// Those by the clock.
    pub clocks: Vec<Clockwork>,
    /// Those by messages, by the broker that has them.
    pub brokers: BTreeMap<Broker, Vec<Subscription>>,
    /// Those by events.
    pub events: Vec<EventWanted>,
    /// Those by the ends of calls, by whose calls.
    pub ends: HashMap<Arc<str>, Vec<EndWanted>>,
}

/// A function that is called, and how its calls are tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Callee {
    /// Its name.
    pub function: Arc<str>,
    /// How its calls are tried again.
    pub retry: Retry,
}

/// A trigger by the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Clockwork {
    /// What is called.
    pub callee: Callee,
    /// When.
    pub schedule: String,
    /// Where it is that time.
    pub timezone: String,
    /// What to do about missed runs.
    pub missed: Missed,
    /// The body of the calls.
    pub body: String,
}

/// A broker and who the node is to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Broker {
    /// Where it is.
    pub url: String,
    /// What the node calls itself.
    pub username: Option<String>,
    /// The name of the secret that is the password.
    pub password_secret: Option<String>,
}

/// Messages that a function wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Subscription {
    /// What is called.
    pub callee: Callee,
    /// Their topics.
    pub topic: String,
    /// Their quality of service.
    pub qos: u8,
}

/// Events that a function wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventWanted {
    /// What is called.
    pub callee: Callee,
    /// Their type, with `*` at the end for any ending.
    pub matches: String,
    /// Their source, if it matters.
    pub source: Option<String>,
}

/// Ends of calls that a function wants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndWanted {
    /// What is called.
    pub callee: Callee,
    /// Which ends.
    pub on: CallEnd,
}

impl Table {
    /// The triggers of the functions that there are now.
    pub fn of(registry: &Registry) -> Self {
        let mut table = Self::default();
        registry.visit(|function| table.add(function));
        table
    }

    fn add(&mut self, function: &Function) {
        let spec = &function.leading().spec;
        for trigger in &spec.triggers {
            let callee = Callee { function: function.name.clone(), retry: spec.retry };
            match trigger.clone() {
                // A paused function's runs are missed, as if the node were down.
                Trigger::Cron { .. } if function.paused => {}
                Trigger::Cron { schedule, timezone, missed, body } => {
                    self.clocks.push(Clockwork { callee, schedule, timezone, missed, body });
                }
                Trigger::Mqtt { broker: url, topic, qos, username, password_secret } => {
                    let broker = Broker { url, username, password_secret };
                    let subscription = Subscription { callee, topic, qos };
                    self.brokers.entry(broker).or_default().push(subscription);
                }
                Trigger::Event { matches, source } => {
                    self.events.push(EventWanted { callee, matches, source });
                }
                Trigger::Function { name, on } => {
                    self.ends.entry(name.into()).or_default().push(EndWanted { callee, on });
                }
            }
        }
    }
}

impl EventWanted {
    /// Whether an event of that type and source is wanted.
    pub fn fits(&self, kind: &str, source: &str) -> bool {
        let kind_fits = match self.matches.strip_suffix('*') {
            Some(beginning) => kind.starts_with(beginning),
            None => kind == self.matches,
        };
        kind_fits && self.source.as_ref().is_none_or(|wanted| wanted == source)
    }
}

impl EndWanted {
    /// Whether an end with that status is wanted.
    pub fn fits(&self, status: u16) -> bool {
        match self.on {
            CallEnd::Success => status < 400,
            CallEnd::Failure => status >= 400,
            CallEnd::Any => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn callee() -> Callee {
        Callee { function: "f".into(), retry: Retry::default() }
    }

    #[test]
    fn events_fit_by_type_and_source() {
        for (matches, wanted, kind, source, expected) in [
            ("order.made", None, "order.made", "/shop", true),
            ("order.made", None, "order.made.twice", "/shop", false),
            ("order.*", None, "order.made", "/shop", true),
            ("*", None, "anything", "/shop", true),
            ("order.*", Some("/shop"), "order.made", "/shop", true),
            ("order.*", Some("/shop"), "order.made", "/shop/2", false),
        ] {
            let (matches, source_wanted) = (matches.to_string(), wanted.map(str::to_string));
            let event = EventWanted { callee: callee(), matches, source: source_wanted };
            assert_eq!(event.fits(kind, source), expected, "{event:?} {kind} {source}");
        }
    }

    #[test]
    fn ends_fit_by_status() {
        for (on, status, expected) in [
            (CallEnd::Success, 200, true),
            (CallEnd::Success, 302, true),
            (CallEnd::Success, 404, false),
            (CallEnd::Failure, 404, true),
            (CallEnd::Failure, 502, true),
            (CallEnd::Failure, 200, false),
            (CallEnd::Any, 200, true),
            (CallEnd::Any, 500, true),
        ] {
            assert_eq!(
                EndWanted { callee: callee(), on }.fits(status),
                expected,
                "{on:?} {status}"
            );
        }
    }
}
