//! Whether the triggers of a specification make sense, each kind by its own rules.
//!
//! What is checked here is what can be known without asking anybody: a broker that does
//! not answer today may do so tomorrow.

use croner::parser::{CronParser, Seconds};

use swell_api::trigger::Trigger;

use crate::deploy::bounds::{NAME_RULE, TEXT_BYTES_MAX, is_name, short};

/// Triggers that a function may have.
pub const TRIGGERS_MAX: usize = 64;

/// Everything that is wrong with the triggers of the function `name`.
pub fn problems(name: &str, triggers: &[Trigger]) -> Vec<String> {
    let mut found = Vec::new();
    if triggers.len() > TRIGGERS_MAX {
        found.push(format!(
            "`triggers` has {} entries; it can have at most {TRIGGERS_MAX}",
            triggers.len()
        ));
    }
    for trigger in triggers {
        match trigger {
            Trigger::Cron { schedule, timezone, missed: _, body } => {
                cron(schedule, timezone, body, &mut found);
            }
            Trigger::Mqtt { broker, topic, qos, username, password_secret } => {
                mqtt(broker, topic, *qos, &mut found);
                if password_secret.is_some() && username.is_none() {
                    found.push("an `mqtt` trigger has a `password_secret`, but no `username` that goes with it".to_string());
                }
            }
            Trigger::Event { matches, source } => event(matches, source.as_deref(), &mut found),
            Trigger::Function { name: other, on: _ } => function(name, other, &mut found),
        }
    }
    found
}

fn cron(schedule: &str, timezone: &str, body: &str, found: &mut Vec<String>) {
    let parser = CronParser::builder().seconds(Seconds::Optional).build();
    if let Err(error) = parser.parse(schedule) {
        found.push(format!(
            "a `cron` trigger has the schedule `{}`, which makes no sense ({error}); write \
             minute, hour, day, month and weekday, such as `*/5 * * * *`, with seconds before \
             them if you like",
            short(schedule)
        ));
    }
    if timezone.parse::<chrono_tz::Tz>().is_err() {
        found.push(format!(
            "a `cron` trigger has the time zone `{}`; write a name of the IANA database, such as \
             `Europe/Berlin`",
            short(timezone)
        ));
    }
    if body.len() > TEXT_BYTES_MAX {
        found.push(format!(
            "the body of a `cron` trigger has {} bytes; it can have at most {TEXT_BYTES_MAX}",
            body.len()
        ));
    }
}

fn mqtt(broker: &str, topic: &str, qos: u8, found: &mut Vec<String>) {
    let address = broker.strip_prefix("mqtt://").or_else(|| broker.strip_prefix("mqtts://"));
    let address = address.map(|rest| rest.trim_end_matches('/'));
    let fits = address.is_some_and(|address| {
        let uri = address.parse::<http::uri::Authority>();
        uri.is_ok_and(|uri| {
            !uri.host().is_empty()
                && !address.contains('@')
                && uri.port().is_none_or(|port| port.as_u16() > 0)
        })
    });
    if !fits {
        found.push(format!(
            "an `mqtt` trigger has the broker `{}`; write `mqtt://host:port`, or \
             `mqtts://host:port` for TLS; who the node is goes into `username`",
            short(broker)
        ));
    }
    if !is_topic(topic) {
        found.push(format!(
            "an `mqtt` trigger has the topic `{}`; `+` stands for one whole level, and `#` for \
             all that follow, at the end only",
            short(topic)
        ));
    }
    if qos > 2 {
        found.push(format!("an `mqtt` trigger has `qos` {qos}; it is 0, 1 or 2"));
    }
}

fn is_topic(topic: &str) -> bool {
    let levels: Vec<&str> = topic.split('/').collect();
    let last = levels.len() - 1;
    let level = |(place, level): (usize, &&str)| match *level {
        "+" => true,
        "#" => place == last,
        level => !level.contains(['+', '#', '\0']),
    };
    !topic.is_empty() && topic.len() <= 65_535 && levels.iter().enumerate().all(level)
}

fn event(matches: &str, source: Option<&str>, found: &mut Vec<String>) {
    let before = matches.strip_suffix('*').unwrap_or(matches);
    if matches.is_empty() || before.contains('*') {
        found.push(format!(
            "an `event` trigger has the match `{}`; write the type of the event, with a `*` at \
             its end for any ending",
            short(matches)
        ));
    }
    if source.is_some_and(str::is_empty) {
        found.push("an `event` trigger has an empty `source`; leave it out for any".to_string());
    }
}

fn function(name: &str, other: &str, found: &mut Vec<String>) {
    if !is_name(other) {
        found.push(format!("a `function` trigger names `{}`; {NAME_RULE}", short(other)));
    } else if other == name {
        found.push(format!("a `function` trigger of `{name}` names `{name}` itself, so it would call itself for ever; name another function"));
    }
}
