//! Instances that announced events hold, whatever is forecast: as those that a function keeps by its
//! own settings, from the minute before an event on until the one that it ends in.

use std::collections::BTreeMap;

use swell_api::spec::ForecastMode;
use swell_core::ids::FunctionId;
use swell_forecast::calendar::grid::Grid;
use swell_forecast::calendar::occasion::Occasion;
use swell_forecast::calendar::plan::plan;

use crate::foresight::ground::Ground;
use crate::foresight::members::Member;

/// Minutes for which instances are made: the one that begins, and the next, as they take a while.
const MINUTES: usize = 2;

/// Has the instances of events held from the minute `open` on. Where forecasts make no clones, no
/// event does.
pub fn hold(ground: &Ground, members: &[Member], open: u64) {
    let Some(deploying) = ground.parts.live.deploying.get() else { return };
    let timeline = ground.parts.demand.timeline();
    let first_ms = timeline.wall_ms(open);
    let step_ms = timeline.wall_ms(open + 1).saturating_sub(first_ms).max(1);
    let occasions: Vec<Occasion> =
        ground.calendar.all().into_iter().filter(|one| one.floor.is_some()).collect();
    let floors = floors(&occasions, Grid { first_ms, step_ms }, members);
    deploying.hold_at_least(&floors);
}

/// How many instances of each version; those of a function by their shares of its calls.
fn floors(occasions: &[Occasion], grid: Grid, members: &[Member]) -> BTreeMap<FunctionId, u32> {
    let names: Vec<&str> = members.iter().map(|member| &*member.name).collect();
    let plan = plan(occasions, grid, MINUTES, &names);
    let mut floors = BTreeMap::new();
    for (place, member) in members.iter().enumerate() {
        let floor = (0..MINUTES).map(|minute| plan.floor(place, minute)).max().unwrap_or(0);
        if floor == 0 || member.mode != ForecastMode::On {
            continue;
        }
        for &(version, percent) in &member.versions {
            let part = (u64::from(floor) * u64::from(percent)).div_ceil(100);
            floors.insert(version, u32::try_from(part).unwrap_or(u32::MAX));
        }
    }
    floors
}

#[cfg(test)]
mod tests {
    use swell_forecast::panel::Trigger;

    use super::*;

    fn member(name: &str, mode: ForecastMode, versions: &[(u32, u8)]) -> Member {
        Member {
            name: name.into(),
            mode,
            versions: versions.iter().map(|&(id, percent)| (FunctionId(id), percent)).collect(),
            trigger: Trigger::default(),
            concurrency: 1,
            memory_bytes: 1 << 20,
            has_own_step: false,
            horizon_minutes: None,
        }
    }

    #[test]
    fn an_event_holds_what_it_says_of_those_it_touches_from_a_minute_before_it_on() {
        let event = |start_ms, end_ms, floor| Occasion {
            id: format!("{start_ms}"),
            kind: "campaign".to_string(),
            start_ms,
            end_ms,
            functions: vec!["shop-*".to_string()],
            floor: Some(floor),
            ..Occasion::default()
        };
        let members = [
            member("mail", ForecastMode::On, &[(0, 100)]),
            member("shop-cart", ForecastMode::On, &[(1, 70), (2, 30)]),
            member("shop-till", ForecastMode::Shadow, &[(3, 100)]),
        ];
        let events = [event(130_000, 150_000, 5), event(140_000, 145_000, 2)];
        let at = |minute: u64| {
            let grid = Grid { first_ms: minute * 60_000, step_ms: 60_000 };
            floors(&events, grid, &members)
        };
        let held = BTreeMap::from([(FunctionId(1), 4), (FunctionId(2), 2)]);
        assert_eq!([0, 1, 2, 3].map(at), [BTreeMap::new(), held.clone(), held, BTreeMap::new()]);
    }
}
