//! What a decision about a flow is made of, in words.

use swell_core::flow::view::Party;
use swell_core::time::Span;

use crate::flow::line::Line;
use crate::flow::sight::LineSight;

/// Times that differ by less agree: depths are looked at once per tick.
const CLOSE: Span = Span::from_millis(10);

/// What a decision is made of, in words.
pub(crate) fn figures(line: &Line, sight: &LineSight, parties: &[Party]) -> String {
    let sample = sight.sample();
    let mut words = if sight.rests() {
        "nothing has come or gone for a while".to_string()
    } else {
        let (depth, stamped, little) = sight.sojourn();
        format!(
            "{:.1} items/s come and {:.1} go, {depth:.1} are in it (utilization {:.2} %); {}",
            sample.arriving,
            sample.leaving,
            sample.utilization() * 100.0,
            times(stamped, little, line.meter.queued_us())
        )
    };
    let owner = line.owner();
    let (own, others): (Vec<&Party>, Vec<&Party>) =
        parties.iter().partition(|party| party.owner.0 as usize == owner);
    let state = |party: &Party| {
        let name = line.owner_name(party.owner.0 as usize);
        match party.is_alive {
            true => format!("`{name}` has {:.0} % in use", party.usage() * 100.0),
            false if party.is_abroad => {
                format!("`{name}` is paused, or nothing was heard of it just now")
            }
            false => format!("`{name}` is paused or not here"),
        }
    };
    own.into_iter().for_each(|party| words += &format!("; {}", state(party)));
    others.into_iter().for_each(|other| words += &format!(", {}", state(other)));
    words
}

/// What Little's law makes of a flow that next to nothing leaves is no time that anybody waits.
const HARDLY_ANY_LEAVE: Span = Span::from_mins(60);

/// How long items take, as their stamps say, with what Little's law makes of it: where those
/// differ, the flow is not steady, or somebody counts wrongly.
fn times(stamped: Span, little: Span, queued_us: Option<u64>) -> String {
    if stamped == Span::ZERO {
        return "none of them is done yet".to_string();
    }
    let ms = |span: Span| format!("{:.1} ms", span.millis_f64());
    let (less, more) = (stamped.min(little), stamped.max(little));
    let agree = more - less <= CLOSE || more.nanos() <= 2 * less.nanos();
    let (stamped, little) = match little > HARDLY_ANY_LEAVE {
        true => (ms(stamped), "more than an hour".to_string()),
        false => (ms(stamped), ms(little)),
    };
    let queued = queued_us.map_or_else(String::new, |queued| {
        let queued = ms(Span::from_nanos(queued * 1_000));
        format!(", until taken out about {queued} as one in 64 was looked at,")
    });
    let check = if agree { "and" } else { "but" };
    let steady = if agree { "" } else { " (it fills, empties or comes in bursts)" };
    format!("they take {stamped} by their stamps{queued} {check} {little} by Little's law{steady}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_and_littles_law_are_held_against_each_other() {
        let ms = Span::from_millis;
        for (stamped, little, queued, expected) in [
            (0, 3, None, "none of them is done yet"),
            (30, 27, None, "they take 30.0 ms by their stamps and 27.0 ms by Little's law"),
            (
                30,
                90,
                Some(12_000),
                "they take 30.0 ms by their stamps, until taken out about 12.0 ms as one in 64 was \
                 looked at, but 90.0 ms by Little's law (it fills, empties or comes in bursts)",
            ),
            (
                30,
                1 << 40,
                None,
                "they take 30.0 ms by their stamps but more than an hour by Little's law (it fills, \
                 empties or comes in bursts)",
            ),
        ] {
            assert_eq!(times(ms(stamped), ms(little), queued), expected);
        }
    }
}
