//! Putting together what others look at: forecasts, and what else is known of each function.

use swell_forecast::bands::Forecast;
use swell_forecast::effects::turn::{SAME, Turn};
use swell_forecast::event::EventEffect;
use swell_forecast::league::contender::Contender;

use crate::clock::wall_ms;
use crate::foresight::edges::LEARNED_MAX;
use crate::foresight::ground::Ground;
use crate::foresight::maker::Said;
use crate::foresight::members::{Member, every_of};
use crate::foresight::models::METHOD;
use crate::foresight::outlook::{Outlook, Row};
use crate::foresight::schedule::known;

/// Minutes on which forecasts of minutes rest, about: what occasions did in them is in those.
pub const RESTS_MINUTES: u64 = 30;

/// What else changes what was said of functions, in the order of the members.
pub struct Beside<'a> {
    /// How much other series change each step ahead beside how calls were of late.
    pub times: &'a [Vec<f32>],
    /// What [`about`](crate::foresight::edges::about) tells of occasions.
    pub about: Vec<Vec<bool>>,
}

/// What was said at a step of functions, with what else is known of them.
/// `plain` is what was forecast, `shown` the same with bands as they are to be, both in the order
/// of the members; of those that are learned from the plain ones are kept. `beside` is what [`Beside`]
/// tells of each, in the same order.
pub fn compose(
    said: &Said,
    plain: Option<Vec<Forecast>>,
    shown: Option<Vec<Forecast>>,
    Beside { times, about }: Beside<'_>,
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
    let mut about = about.into_iter();
    let book = ground.parts.demand.book.lock();
    let every = every_of(members.len(), LEARNED_MAX);
    let by_series = |place: usize, ahead: usize| {
        times.get(place).and_then(|own| own.get(ahead)).copied().unwrap_or(1.0)
    };
    let minutes = ground.step_minutes() as usize;
    let rests = RESTS_MINUTES.div_ceil(ground.step_minutes()) as usize;
    let recent = said.len.saturating_sub(rests)..said.len + horizon;
    let touching = said.events.iter().filter(|e| e.start < recent.end && e.end > recent.start);
    let touching: Vec<&EventEffect> = touching.collect();
    let rows = members.iter().enumerate().map(|(place, member)| {
        let plain = plain.next();
        let own: Vec<&EventEffect> = touching.iter().copied().filter(|e| e.is_of(place)).collect();
        let turns = |ahead: usize| {
            let parts = (said.len + ahead, minutes);
            let turns = Turn::of_parts(&own, place, parts, said.len, rests);
            turns.into_iter().map(move |turn| turn.and_times(by_series(place, ahead)))
        };
        let turns: Vec<Turn> = (0..horizon).flat_map(turns).collect();
        let costs = book.tracks.get(&member.name).map(|track| track.costs).unwrap_or_default();
        let is_learned = place.is_multiple_of(every);
        let bare = said.forecasts.as_ref().filter(|_| is_learned);
        Row {
            name: member.name.clone(),
            chosen: said.chosen.get(place).cloned().flatten(),
            forecast: shown.next().unwrap_or_default(),
            bare: bare.and_then(|bare| bare[place].steps.first().copied()),
            plain: plain.filter(|_| is_learned),
            is_known: book.tracks.contains_key(&member.name),
            known_ms: known.remove(&member.name).unwrap_or_default(),
            costs,
            memory_limit: member.memory_bytes,
            about: about.next().unwrap_or_default(),
            turns: if turns.iter().all(|turn| *turn == SAME) { Vec::new() } else { turns },
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
