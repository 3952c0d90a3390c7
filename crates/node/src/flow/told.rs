//! What is told of a flow in words: why it is where it is, how it came there, and what somebody
//! should look after.

use tokio::time::Instant;

use swell_api::flow::is_native;
use swell_api::flow_judged::{FlowAlarm, FlowMove};
use swell_core::flow::signs::STALL;
use swell_core::flow::view::Party;

use crate::clock::wall_ms;
use crate::flow::away::Away;
use crate::flow::hands::Moved;
use crate::flow::launch::warnings;
use crate::flow::line::Line;
use crate::flow::records::FlowRecord;
use crate::flow::sizes::Resized;
use crate::flow::up::Down;
use crate::flow::watch::Seen;

/// Producers that wait for a larger share of a second are worth a look.
const BLOCKED: f64 = 0.1;

/// Why a flow is where it is, and as large as it is.
pub(crate) fn explain(line: &Line, seen: &Seen, record: &FlowRecord) -> String {
    let mut words = decision(line, seen, record.frozen, record.pinned.as_deref());
    let owner = line.owner_name(line.owner());
    let is_here = !seen.missing.iter().any(|name| name == owner);
    let stands = |party: &Party| party.owner.0 as usize == line.owner() && !party.is_alive;
    if is_here && !line.is_native(line.owner()) && seen.parties.iter().any(stands) {
        words = format!("`{owner}` is paused, so items wait until it is resumed; {words}");
    }
    if let Some(holder) = line.holder() {
        words += &format!("; `{holder}` has it until the call under way ends");
        if let Some(patience) = line.patience(line.place_of(holder)) {
            words +=
                &format!(", and for {:.0} ms from the order on at most", patience.millis_f64());
        }
    }
    if !seen.figures.is_empty() {
        words += &format!(". Seen at the last tick: {}", seen.figures);
    }
    if let Some(moved) = line.last_move() {
        words += &format!(". {}", came(line, &moved));
    }
    let resized = line.resized.lock().as_ref().map(Resized::told);
    if let Some(sizes) = [resized, seen.sizes.clone()].into_iter().flatten().reduce(both) {
        words += &format!(". Size: {sizes}");
    }
    match record.core {
        Some(core) => words += &format!(". Core: a person put its owner on core {core}"),
        None if seen.core.is_empty() => {}
        None => words += &format!(". Core: {}", seen.core),
    }
    for warning in warnings(&line.spec) {
        words += &format!(". Warning: {warning}");
    }
    for alarm in alarms(line, seen) {
        words += &format!(". Alarm: {}", alarm.text);
    }
    words + "."
}

fn both(one: String, other: String) -> String {
    format!("{one}; {other}")
}

/// What speaks for a change while a process has a flow, or is to, and what comes of it.
fn while_process(line: &Line, seen: &Seen) -> String {
    let spoke = seen.shares.to_string();
    match (seen.is_stuck, line.owners().any(|name| !is_native(name))) {
        (true, true) => format!(
            "; nothing moves although items wait: after {:.0} s of that, or ten times what an item \
             takes, it goes to a function that has room",
            STALL.secs_f64()
        ),
        (true, false) => String::from(
            "; nothing moves although items wait, and no function could own it instead: state some \
             in `owners`",
        ),
        (false, _) if spoke.is_empty() => String::new(),
        (false, _) => format!(", though {spoke}"),
    }
}

fn decision(line: &Line, seen: &Seen, frozen: bool, pinned: Option<&str>) -> String {
    let owner = line.owner_name(line.owner());
    match (pinned, frozen) {
        (Some(pinned), _) => format!("it stays: a person pinned it to `{pinned}`"),
        (None, true) => "it stays: a person froze it".to_string(),
        (None, false) if seen.missing.iter().any(|name| name == owner) => {
            format!("its items wait, as no function `{owner}` is deployed here")
        }
        (None, false) if line.is_native(line.owner()) => {
            let has = match line.native_owner() {
                Some(_) => format!("it stays: the process `{owner}` has it while it is connected"),
                None => format!("it waits for the process `{owner}` to connect"),
            };
            has + &while_process(line, seen)
        }
        (None, false) if seen.is_stuck && !seen.is_failing && line.is_in_good_time() => {
            // Whoever had it before works on until its call ends.
            let caller = line.holder().unwrap_or(owner);
            let most = match line.patience(line.place_of(caller)) {
                Some(most) => format!("{:.0} ms before another is looked for", most.millis_f64()),
                None => "until its timeout (`cut` says how long it may go on)".to_string(),
            };
            format!(
                "it stays: nothing moves although items wait, as `{caller}` is in a call, and has \
                 {most}"
            )
        }
        (None, false) if line.spec.owners.is_empty() && !seen.is_overloaded && !seen.has_nodes => {
            let spoke = seen.shares.to_string();
            let though = if spoke.is_empty() { String::new() } else { format!(", though {spoke}") };
            format!(
                "it stays{though}: nobody but `{owner}` can own it; state more functions in \
                 `owners`"
            )
        }
        (None, false) => seen.decision.clone(),
    }
}

/// How it came to be where it is.
fn came(line: &Line, moved: &Moved) -> String {
    let Moved { at_ms, from, why, because, is_cut, took, .. } = moved;
    let ago = wall_ms().saturating_sub(*at_ms) as f64 / 1e3;
    let from = line.owner_name(*from);
    // What the analyzer moved it for is told after it, in words.
    let by = if why.starts_with("analyzer") { "analyzer" } else { why };
    let mut words = format!("It came from `{from}` {ago:.0} s ago, by {by}");
    if !because.is_empty() {
        words += &format!(", as {because}");
    }
    if let Some((waited, paused)) = took {
        let cut = if *is_cut { ", which was cut short," } else { "," };
        words += &format!(
            "; that waited {waited:.1?} for the call under way{cut} and {paused:.1?} more"
        );
    }
    words
}

/// The last change of owners.
pub(crate) fn last_move(line: &Line) -> Option<FlowMove> {
    let Moved { at_ms, from, to, why, because, is_cut, took } = line.last_move()?;
    let micros = |duration: std::time::Duration| duration.as_micros() as u64;
    Some(FlowMove {
        at_ms,
        from: line.owner_name(from).to_string(),
        to: line.owner_name(to).to_string(),
        reason: why.to_string(),
        because,
        cut: is_cut,
        waited_us: took.map(|(waited, _)| micros(waited)),
        paused_us: took.map(|(_, paused)| micros(paused)),
    })
}

/// That the node which has a flow does not answer.
pub(crate) fn silent(away: &Away) -> Option<FlowAlarm> {
    let text = away.silence.told(Instant::now())?;
    Some(FlowAlarm { alarm: "node-silent".to_string(), text })
}

/// Why a flow is not up here.
pub(crate) fn away_words(why: &Down, because: &str, away: Option<&Away>) -> String {
    let mut words = why.to_string();
    if !because.is_empty() {
        words += &format!("; the analyzer let it go there, as {because}");
    }
    if let Some(alarm) = away.and_then(silent) {
        words += &format!("; {}", alarm.text);
    }
    words
}

/// What somebody should look after.
pub(crate) fn alarms(line: &Line, seen: &Seen) -> Vec<FlowAlarm> {
    let oldest = line.meter.oldest_us() as f64 / 1e6;
    let stall = line.spec.stall_ms as f64 / 1e3;
    let missing: Vec<String> = seen.missing.iter().map(|name| format!("`{name}`")).collect();
    let all = [
        (
            !missing.is_empty(),
            "unknown-function",
            format!(
                "no function {} is deployed here: deploy it again, or the flow without it",
                missing.join(" or ")
            ),
        ),
        (
            seen.is_overloaded,
            "overloaded",
            "more arrives than one call at a time can do: use `batch`, send fewer items, or make it \
             several flows"
                .to_string(),
        ),
        (
            line.meter.is_failing(),
            "failing",
            format!(
                "`{}` failed with all of the last items: see why in its logs and dead letters",
                line.holder().unwrap_or_else(|| line.owner_name(line.owner()))
            ),
        ),
        (
            seen.stands,
            "standing-queue",
            "every item has waited for more than 5 ms for a second: the queue does not empty \
             between bursts"
                .to_string(),
        ),
        (
            oldest > stall,
            "oldest-item",
            format!("its oldest item has been in it for {oldest:.1} s, and `stall` is {stall} s"),
        ),
        (
            seen.rates.blocked > BLOCKED,
            "blocked",
            format!("producers wait for room {:.0} % of the time", seen.rates.blocked * 100.0),
        ),
        (
            line.came_back_lately(),
            "ping-pong",
            "it came back within a minute to an owner or a node that it had left".to_string(),
        ),
    ];
    let rung = all.into_iter().filter(|(rings, ..)| *rings);
    rung.map(|(_, alarm, text)| FlowAlarm { alarm: alarm.to_string(), text }).collect()
}

#[cfg(test)]
mod tests {
    use swell_core::flow::cost::{Change, Kind};
    use swell_core::time::Span;

    use super::*;
    use crate::flow::alone::flow_alone;
    use crate::flow::news::News;
    use crate::invoker::Reached;

    #[test]
    fn who_is_in_a_call_is_who_holds_up_the_flow() {
        let (mut line, _folder) = flow_alone(&News::default(), 1, 0);
        line.spec.owners.push("lite".to_string());
        let (call, seen) = (Reached::default(), Seen { is_stuck: true, ..Seen::default() });
        call.set();
        line.call_begins(call);
        let told = decision(&line, &seen, false, None);
        assert!(told.contains("as `detect` is in a call"), "{told}");
        let change = Change::on_node(Kind::Warm, 0, Span::ZERO);
        line.hands.lock().asked((1, None), ("person", ""), change);
        let told = decision(&line, &seen, false, None);
        assert!(told.contains("as `detect` is in a call"), "`lite` has not begun: {told}");
        line.hands.lock().released();
        let told = decision(&line, &seen, false, None);
        assert!(told.contains("as `lite` is in a call"), "{told}");
    }
}
