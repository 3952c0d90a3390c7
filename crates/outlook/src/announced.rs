//! What calendars say of workloads and sites: the past is shown to methods without it, and what
//! they say is changed by what is to come.
//!
//! An occasion touches the workloads that its patterns name. One with a pattern such as
//! `site/oslo` touches a site as a whole, such as a night in which all takes twice as much there.
//! Maintenance changes nothing of what is expected but what is left to bear it, see
//! [`crate::maintained`].

use std::collections::BTreeSet;

use swell_core::council::words::Slot;
use swell_core::time::Span;
use swell_forecast::bands::{Forecast, Quantiles};
use swell_forecast::calendar::grid::Grid;
use swell_forecast::calendar::occasion::Occasion;
use swell_forecast::calendar::plan::plan;
use swell_forecast::effects::layer::Ahead;
use swell_forecast::event::{Effect, EventEffect};

/// With what the pattern of a site begins.
pub const SITE: &str = "site/";

/// No load is larger: what an announced factor makes of it stays a number.
const LOAD_MAX: f32 = 1e12;

/// What somebody announces, and of whom it may.
#[derive(Debug, Clone, Copy)]
pub struct Said<'a> {
    /// The announcements.
    pub occasions: &'a [Occasion],
    /// Names of workloads.
    pub workloads: &'a [String],
    /// Names of sites.
    pub sites: &'a [String],
}

/// What is announced of some names, from one slot on.
#[derive(Debug, Clone, Default)]
pub struct Announced {
    first: Slot,
    names: Vec<String>,
    events: Vec<EventEffect>,
}

impl Announced {
    /// What is said means in so many slots. Where several say the same of somebody, by the id of
    /// the occasion, it counts once, as the first one says it.
    pub fn new(said: &[Said<'_>], slots: (Slot, usize), length: Span) -> Self {
        let (first, len) = slots;
        let ms = |slot: Slot| slot.begin(length).nanos() / 1_000_000;
        let step_ms = (length.nanos() / 1_000_000).max(1);
        let grid = Grid { first_ms: ms(first), step_ms };
        let is_of_sites =
            |one: &&Occasion| one.functions.iter().any(|pattern| pattern.starts_with(SITE));
        let mut announced = Self { first, names: Vec::new(), events: Vec::new() };
        let mut known = BTreeSet::new();
        for Said { occasions, workloads, sites } in said {
            let (of_sites, of_workloads): (Vec<&Occasion>, Vec<&Occasion>) =
                occasions.iter().partition(is_of_sites);
            let sites: Vec<String> = sites.iter().map(|site| format!("{SITE}{site}")).collect();
            let mut new = BTreeSet::new();
            for (some, of) in [(of_workloads, &workloads.to_vec()), (of_sites, &sites)] {
                let some: Vec<Occasion> = some.into_iter().cloned().collect();
                let of: Vec<&str> = of.iter().map(String::as_str).collect();
                for occurrence in plan(&some, grid, len, &of).occurrences {
                    let mut event = occurrence.as_announced();
                    let id = |member: usize| (occurrence.occasion.clone(), member);
                    let members = event.members.iter().map(|member| announced.member(of[*member]));
                    let members: BTreeSet<usize> =
                        members.filter(|member| !known.contains(&id(*member))).collect();
                    new.extend(members.iter().map(|member| id(*member)));
                    event.members = members.into_iter().collect();
                    // An event of nobody would be one of everybody.
                    if !event.members.is_empty() {
                        announced.events.push(event);
                    }
                }
            }
            known.append(&mut new);
        }
        announced
    }

    fn member(&mut self, name: &str) -> usize {
        let known = self.names.iter().position(|known| known == name);
        known.unwrap_or_else(|| {
            self.names.push(name.to_string());
            self.names.len() - 1
        })
    }

    /// The past of a workload as it would have been without what was announced; `last` is the
    /// slot of its last value.
    pub fn calm(&self, workload: &str, series: &mut [f32], last: Slot) {
        let Some(member) = self.place(workload) else { return };
        let (len, mut before) = (series.len() as u64, None);
        for (value, place) in series.iter_mut().zip(1u64..) {
            let slot = (last.0 + place).checked_sub(len);
            let Some(step) = slot.and_then(|slot| slot.checked_sub(self.first.0)) else {
                before = Some(*value);
                continue;
            };
            let touching = self.events.iter().filter(|event| event.touches(member, step as usize));
            for event in touching {
                match event.at(step as usize) {
                    Effect::Times(times) | Effect::About { times, .. } if times >= 0.1 => {
                        *value /= times;
                    }
                    // What is seen in maintenance says nothing; it is as it was before.
                    Effect::Unmeasured => *value = before.unwrap_or(*value),
                    _ => {}
                }
            }
            before = Some(*value);
        }
    }

    /// The same of what runs at a site, or of the rest of it, by what is announced of the site.
    pub fn calm_of_site(&self, site: &str, series: &mut [f32], last: Slot) {
        if !self.events.is_empty() {
            self.calm(&format!("{SITE}{site}"), series, last);
        }
    }

    /// Forecasts of a workload from a slot on, changed by what is announced.
    pub fn workload(&self, name: &str, from: Slot, steps: Vec<Quantiles>) -> Vec<Quantiles> {
        self.apply(name, from, steps)
    }

    /// The same of a whole site.
    pub fn site(&self, name: &str, from: Slot, steps: Vec<Quantiles>) -> Vec<Quantiles> {
        if self.events.is_empty() {
            return steps;
        }
        self.apply(&format!("{SITE}{name}"), from, steps)
    }

    fn apply(&self, name: &str, from: Slot, steps: Vec<Quantiles>) -> Vec<Quantiles> {
        let Some(member) = self.place(name) else { return steps };
        let Some(origin) = from.0.checked_sub(self.first.0) else { return steps };
        let ahead = Ahead::of(&self.events, origin as usize, steps.len());
        ahead.apply(member, Forecast { steps }, LOAD_MAX).steps
    }

    fn place(&self, name: &str) -> Option<usize> {
        if self.events.is_empty() {
            return None;
        }
        self.names.iter().position(|known| known == name)
    }
}

#[cfg(test)]
mod tests {
    use swell_forecast::bands::MEDIAN;
    use swell_forecast::calendar::announced::Announced as Effect;

    use super::*;

    const SLOT: Span = Span::from_secs(60);

    fn occasion(id: &str, minutes: (u64, u64), pattern: &str, times: f32) -> Occasion {
        Occasion {
            id: id.to_string(),
            kind: "campaign".to_string(),
            start_ms: minutes.0 * 60_000,
            end_ms: minutes.1 * 60_000,
            functions: vec![pattern.to_string()],
            effect: Effect::Times(times),
            ..Occasion::default()
        }
    }

    #[test]
    fn what_is_announced_changes_what_comes_and_explains_what_came() {
        let occasions = [
            occasion("sale", (12, 14), "shop*", 3.0),
            occasion("works", (13, 14), "site/oslo", 2.0),
        ];
        let (workloads, sites) =
            (["shop-eu".to_string(), "mail".to_string()], ["oslo".to_string()]);
        let own = Said { occasions: &occasions, workloads: &workloads, sites: &sites };
        // Who says the same again, or something of others, changes nothing.
        let (nobody, other) = ([], [occasion("lie", (12, 14), "site/oslo", 9.0)]);
        let again = Said { occasions: &occasions, workloads: &workloads[..1], sites: &sites };
        let lie = Said { occasions: &other, workloads: &nobody, sites: &nobody };
        let announced = Announced::new(&[own, again, lie], (Slot(8), 20), SLOT);
        let flat = vec![[10.0; 5]; 4];
        let middles = |steps: Vec<Quantiles>| -> Vec<f32> {
            steps.iter().map(|quantiles| quantiles[MEDIAN]).collect()
        };
        let of = |name| middles(announced.workload(name, Slot(11), flat.clone()));
        assert_eq!(of("shop-eu"), [10.0, 30.0, 30.0, 10.0]);
        assert_eq!(of("mail"), [10.0; 4]);
        let whole = middles(announced.site("oslo", Slot(11), flat.clone()));
        assert_eq!(whole, [10.0, 10.0, 20.0, 10.0]);
        let mut past = [10.0, 30.0, 30.0, 10.0];
        announced.calm("shop-eu", &mut past, Slot(14));
        assert_eq!(past, [10.0; 4]);
        let mut past = [10.0, 10.0, 20.0, 10.0];
        announced.calm_of_site("oslo", &mut past, Slot(14));
        assert_eq!(past, [10.0; 4]);
        let down = occasion("down", (12, 14), "site/oslo", 1.0);
        let down = [Occasion { effect: Effect::Unmeasured, ..down }];
        let down = Said { occasions: &down, workloads: &nobody, sites: &sites };
        let announced = Announced::new(&[down], (Slot(8), 20), SLOT);
        let mut past = [10.0, 0.0, 3.0, 11.0];
        announced.calm_of_site("oslo", &mut past, Slot(14));
        assert_eq!(past, [10.0, 10.0, 10.0, 11.0]);
        assert_eq!(middles(announced.site("oslo", Slot(11), flat.clone())), [10.0; 4]);
    }
}
