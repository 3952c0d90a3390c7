//! Why clones save nothing, and what could be saved: the same run with a forecaster that knows what
//! comes, by the same policy and by one to which clones cost little.

use crate::clone::line::{Ceiling, HELPS_PCT, Line};
use crate::clone::row::CloneRow;
use crate::report::figure::whole;

/// A forecast with less skill than this knows no more than rates, in %.
const SKILL_PCT: f64 = 5.0;

/// Why clones save nothing in these runs, with the figure that shows it.
pub fn reason(line: &Line) -> String {
    let sum = |figure: fn(&CloneRow) -> u64| line.rows.iter().map(figure).sum::<u64>();
    let off = |figure: fn(&CloneRow) -> u64| line.off.iter().map(figure).sum::<u64>();
    let (cold, first) = (off(|row| row.cold), off(|row| row.cold_first));
    if (cold - first) as f64 <= HELPS_PCT / 100.0 * cold as f64 {
        return format!(
            "all is warm already: of {} cold starts {} are first calls of their functions, which \
             nobody can foresee",
            whole(cold as f64),
            whole(first as f64)
        );
    }
    let (made, late) = (sum(|row| row.clones_made), sum(|row| row.short_of_rate));
    let unpaid = sum(|row| row.short_of_worth);
    if late > made {
        return format!(
            "the cap on starts stands in the way: {} clones came too late for want of starts a \
             second, {} were made; try a larger `--starts-per-second`",
            whole(late as f64),
            whole(made as f64)
        );
    }
    let ceiling = line.ceiling.as_ref();
    let known = ceiling.and_then(|ceiling| line.saved_by(&ceiling.known));
    let cheap = ceiling.and_then(|ceiling| ceiling.cheap.as_ref());
    let saved_cheaply = cheap.and_then(|cheap| line.saved_by(cheap));
    let skills: Option<f64> = line.rows.iter().map(|row| row.skill_pct).sum();
    let skill = skills.map(|skills| skills / line.rows.len() as f64);
    let blind = skill.filter(|&skill| skill < SKILL_PCT).zip(ceiling);
    if let Some(told) = blind.and_then(|(skill, ceiling)| blindness(skill, line, ceiling)) {
        return told;
    }
    match (skill, known, saved_cheaply) {
        (_, Some(known), Some(saved)) if known < HELPS_PCT && saved >= HELPS_PCT => format!(
            "the policy is too dear: who knows each minute's calls saves {known:.1} % of cold \
             starts by it, and {saved:.1} % by one to which a clone costs a fifth of a cold start"
        ),
        (_, Some(known), Some(saved)) if known < HELPS_PCT => {
            let best = known.max(saved);
            let (made, short) =
                cheap.map_or((0, 0), |cheap| (cheap.clones_made, cheap.short_of_room));
            match short > made {
                true => format!(
                    "memory is too small for clones: even who knows each minute's calls saves \
                     {best:.1} % of cold starts, as {} clones found no room",
                    whole(short as f64)
                ),
                false => format!(
                    "nobody could: even who knows each minute's calls saves {best:.1} % of cold \
                     starts, with {} clones for which there was room",
                    whole(made as f64)
                ),
            }
        }
        (Some(skill), known, _) if skill < SKILL_PCT => format!(
            "calls come without memory of those before: forecasts tell minutes with a call \
             {} than the rate of each function does{}{}",
            compared(skill),
            known.map_or_else(String::new, |known| format!(
                ", though who knew the minutes would save {known:.1} % of cold starts"
            )),
            match unpaid {
                0 => String::new(),
                _ => format!(
                    "; {} clones were made to see, and {} were not, as those did not pay",
                    whole(made as f64),
                    whole(unpaid as f64)
                ),
            }
        ),
        (Some(skill), Some(known), _) if unpaid > made => format!(
            "clones were tried and did not pay: {} were made, of which {} were used, and {} were \
             not, as those spared too few cold starts for what they cost in others. Forecasts tell \
             minutes with a call {skill:.1} % better than the rate of each function does, and who \
             knew the minutes would save {known:.1} % of cold starts",
            whole(made as f64),
            whole(sum(|row| row.clones_used) as f64),
            whole(unpaid as f64)
        ),
        (Some(skill), Some(known), _) => format!(
            "the policy is too dear for what is known: forecasts tell minutes with a call \
             {skill:.1} % better than the rate of each function does, and who knew the minutes \
             would save {known:.1} % of cold starts by it; of {} clones {} were used",
            whole(made as f64),
            whole(sum(|row| row.clones_used) as f64)
        ),
        (skill, ..) => format!(
            "what is foreseen is not worth a clone{}; of {} clones {} were used",
            skill.map_or_else(String::new, |skill| format!(
                " (forecasts tell minutes with a call {skill:.1} % better than the rate of each \
                 function does)"
            )),
            whole(made as f64),
            whole(sum(|row| row.clones_used) as f64)
        ),
    }
}

fn compared(skill: f64) -> String {
    let word = if skill < 0.0 { "worse" } else { "better" };
    format!("{:.1} % {word}", skill.abs())
}

/// What is to be said if it is the forecaster that knows no more than rates, and not calls that come
/// by chance.
fn blindness(skill: f64, line: &Line, ceiling: &Ceiling) -> Option<String> {
    let own = line.rows.first().map_or("", |row| row.forecaster.as_str());
    let sees = |row: &&CloneRow| row.skill_pct.is_some_and(|skill| skill >= SKILL_PCT);
    if let Some(usual) = ceiling.usual.as_ref().filter(sees) {
        return Some(format!(
            "the forecaster is blind here: `{own}` tells minutes with a call {} than the rate of each \
             function does, and `{}` {:.1} % better; with that clones save {:.1} % of cold starts: \
             try `--forecaster {}`",
            compared(skill),
            usual.forecaster,
            usual.skill_pct.unwrap_or(0.0),
            line.saved_by(usual).unwrap_or(0.0),
            usual.forecaster
        ));
    }
    let rhythm = ceiling.rhythm;
    let is_worth_it = line.saved_by(&ceiling.known).is_some_and(|saved| saved >= HELPS_PCT);
    (is_worth_it && !rhythm.is_by_chance()).then(|| {
        format!(
            "forecasts are blind here, though calls do not come by chance: of {} functions that are \
             called often enough to tell {} are called more evenly, or more in bursts, than chance would, \
             but `{own}` tells minutes with a call {} than the rate of each function does",
            rhythm.functions,
            rhythm.rhythmic,
            compared(skill)
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clone::rhythm::Rhythm;

    fn row(cold: u64) -> CloneRow {
        CloneRow { cold, cold_first: 10, seed: 1, ..CloneRow::default() }
    }

    /// A line of one run in which nothing was saved of a thousand cold starts.
    fn line(on: CloneRow, ceiling: Option<(u64, Option<u64>)>) -> Line {
        let short_of_room = on.short_of_room;
        let ceiling = ceiling.map(|(known, cheap)| Ceiling {
            memory_mb: 100.0,
            known: row(known),
            cheap: cheap.map(|cold| CloneRow { short_of_room, clones_made: 50, ..row(cold) }),
            usual: None,
            rhythm: Rhythm { functions: 20, rhythmic: 3 },
        });
        let off = CloneRow { cold_first: on.cold_first, ..row(1000) };
        Line { memory_mb: 100.0, mode: "on", rows: vec![on], ceiling, off: vec![off] }
    }

    #[test]
    fn what_is_at_fault_is_named_with_the_figure_that_shows_it() {
        let skilled = |skill| CloneRow { skill_pct: Some(skill), clones_made: 40, ..row(1000) };
        let late = CloneRow { short_of_rate: 900, ..skilled(30.0) };
        let warm = CloneRow { cold_first: 990, ..skilled(30.0) };
        let unpaid = CloneRow { short_of_worth: 70, clones_used: 12, ..skilled(30.0) };
        let full = CloneRow { short_of_room: 777, ..skilled(30.0) };
        for (name, line, expected) in [
            (
                "warm",
                line(warm, Some((990, None))),
                "all is warm already: of 1,000 cold starts 990",
            ),
            ("late", line(late, Some((500, None))), "cap on starts stands in the way: 900 clones"),
            (
                "dear",
                line(skilled(30.0), Some((995, Some(600)))),
                "too dear: who knows each minute's calls saves 0.5 % of cold starts by it, and 40.0 % by one to which",
            ),
            (
                "small",
                line(full, Some((995, Some(985)))),
                "memory is too small for clones: even who knows each minute's calls saves 1.5 % of cold starts, as 777",
            ),
            (
                "nobody",
                line(skilled(30.0), Some((995, Some(985)))),
                "nobody could: even who knows each minute's calls saves 1.5 % of cold starts, with 50",
            ),
            (
                "chance",
                line(skilled(0.3), Some((400, None))),
                "calls come without memory of those before: forecasts tell minutes with a call 0.3 % better",
            ),
            (
                "doubt",
                line(skilled(30.0), Some((400, None))),
                "too dear for what is known: forecasts tell minutes with a call 30.0 % better than the rate of each function does, and who knew the minutes would save 60.0 %",
            ),
            (
                "unpaid",
                line(unpaid, Some((400, None))),
                "clones were tried and did not pay: 40 were made, of which 12 were used, and 70 were not",
            ),
            ("unknown", line(skilled(30.0), None), "not worth a clone"),
        ] {
            let found = reason(&line);
            assert!(found.contains(expected), "{name}: {found}");
        }
    }

    #[test]
    fn who_is_blind_is_not_taken_for_calls_that_come_by_chance() {
        let on = |skill| CloneRow {
            skill_pct: Some(skill),
            forecaster: "naive".to_string(),
            ..row(1000)
        };
        let with = |usual: Option<f64>, rhythmic| {
            let mut line = line(on(0.3), Some((400, None)));
            let ceiling = line.ceiling.as_mut().expect("it has one");
            ceiling.usual = usual.map(|skill| CloneRow {
                skill_pct: Some(skill),
                forecaster: "occurrence".to_string(),
                ..row(700)
            });
            ceiling.rhythm = Rhythm { functions: 20, rhythmic };
            reason(&line)
        };
        for (usual, rhythmic, expected) in [
            (
                Some(40.0),
                3,
                "`naive` tells minutes with a call 0.3 % better than the rate of each function does, and `occurrence` 40.0 % better; with that clones save 30.0 %",
            ),
            (
                Some(1.0),
                12,
                "forecasts are blind here, though calls do not come by chance: of 20 functions that are called often enough to tell 12",
            ),
            (None, 12, "forecasts are blind here, though"),
            (Some(1.0), 3, "calls come without memory of those before"),
            (None, 3, "calls come without memory of those before"),
        ] {
            let found = with(usual, rhythmic);
            assert!(found.contains(expected), "{usual:?} {rhythmic}: {found}");
        }
    }
}
