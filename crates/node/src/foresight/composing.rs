//! Putting together what others look at: forecasts, and what else is known of each function.

use swell_forecast::bands::Forecast;
use swell_forecast::league::contender::Contender;
use swell_forecast::needs::CallUse;

use crate::clock::wall_ms;
use crate::foresight::ground::Ground;
use crate::foresight::maker::Said;
use crate::foresight::members::Member;
use crate::foresight::models::METHOD;
use crate::foresight::outlook::{Outlook, Row};
use crate::foresight::schedule::known;

/// What was said at a step of functions, with what else is known of them.
/// `shown` is what was forecast, with bands as they are to be, in the order of the members;
/// of so many the plain forecasts are kept.
pub fn compose(
    said: &Said,
    plain: Option<Vec<Forecast>>,
    shown: Option<Vec<Forecast>>,
    plain_max: usize,
    members: &[Member],
    origin: u64,
    ground: &Ground,
) -> Outlook {
    let horizon = ground.parts.settings.horizon_steps as usize;
    let now_ms = wall_ms();
    let until_ms = ground.step_begins_ms(origin + horizon as u64);
    let mut known = known(&ground.parts.triggers.table(), now_ms, until_ms);
    let mut plain = plain.unwrap_or_default().into_iter();
    let mut shown = shown.unwrap_or_default().into_iter();
    let book = ground.parts.demand.book.lock();
    let rows = members.iter().enumerate().map(|(place, member)| {
        let costs = book.tracks.get(&member.name).map(|track| track.costs).unwrap_or_default();
        let is_learned = place < plain_max;
        let bare = said.forecasts.as_ref().filter(|_| is_learned);
        let run_seconds = costs.run_seconds().unwrap_or(0.0);
        let floors: Vec<u32> =
            (0..horizon).map(|ahead| said.plan.floor(place, said.len + ahead)).collect();
        Row {
            name: member.name.clone(),
            forecast: shown.next().unwrap_or_default(),
            bare: bare.and_then(|bare| bare[place].steps.first().copied()),
            plain: plain.next().filter(|_| is_learned),
            known_ms: known.remove(&member.name).unwrap_or_default(),
            costs: CallUse {
                run_seconds,
                // Guests that wait are not told apart from guests that work: what they use
                // of a processor is at most this.
                cpu_seconds: run_seconds,
                memory_bytes: member.memory_bytes as f64,
                network_bytes: costs.bytes().unwrap_or(0.0),
            },
            floors: if floors.iter().all(|&floor| floor == 0) { Vec::new() } else { floors },
        }
    });
    let rows = rows.collect();
    let model = match said.by {
        Contender::Model(_) => format!("{} ({METHOD})", said.by),
        _ => said.by.to_string(),
    };
    let why = said.why.clone();
    Outlook { origin, made_ms: now_ms, model, why, rows }
}
