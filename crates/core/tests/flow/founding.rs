//! The founding rule for all eight combinations of its indicators, and the measured rule,
//! which is the same with everything off that it adds.

use swell_core::flow::indicator::Thresholds;
use swell_core::flow::measured::{Measured, Settings};
use swell_core::flow::policy::{FlowPolicy, Stay, Verdict};
use swell_core::flow::seed::Seed;
use swell_core::flow::view::{OwnerId, Party};
use swell_core::rng;

use crate::stage::{Stage, party};

/// Idle, late, tight; the score; whether it exceeds 0.4, 0.5.
const TABLE: [(bool, bool, bool, f64, bool, bool); 8] = [
    (false, false, false, 0.0, false, false),
    (false, false, true, 0.2, false, false),
    (false, true, false, 0.3, false, false),
    (false, true, true, 0.5, true, false),
    (true, false, false, 0.5, true, false),
    (true, false, true, 0.7, true, true),
    (true, true, false, 0.8, true, true),
    (true, true, true, 1.0, true, true),
];

fn seed(trigger: f64) -> Seed {
    Seed::new(Thresholds::default(), trigger, rng::split(1, "flow"))
}

fn founding(trigger: f64) -> Measured {
    let settings = Settings::founding(Thresholds::default(), trigger);
    Measured::new(settings, rng::split(1, "flow"))
}

#[test]
fn scores_are_as_written() {
    for (idle, late, tight, score, above_04, above_05) in TABLE {
        for (trigger, expected) in [(0.4, above_04), (0.5, above_05)] {
            let judgement = Stage::with(idle, late, tight).judge(&mut seed(trigger));
            assert_eq!(judgement.score, score, "{idle} {late} {tight}");
            let stays = Verdict::Stay(Stay::Content);
            let verdict = if expected { Verdict::Move(OwnerId(1)) } else { stays };
            assert_eq!(judgement.verdict, verdict, "{idle} {late} {tight} above {trigger}");
        }
    }
}

#[test]
fn an_owner_is_near_its_limit_by_whatever_is_scarcest() {
    let scarce: [fn(&mut Party); 5] = [
        |party| party.cpu = 0.9,
        |party| party.calls = 0.9,
        |party| party.memory = 0.9,
        |party| party.common_memory = 0.9,
        |party| party.pressure = 0.9,
    ];
    for (place, scarce) in scarce.into_iter().enumerate() {
        let mut stage = Stage::with(false, true, false);
        scarce(&mut stage.owner);
        assert_eq!(stage.judge(&mut seed(0.4)).score, 0.5, "{place}: late, and near its limit");
        let verdict =
            stage.judge_for(10, &mut Measured::new(Settings::default(), rng::split(1, "")));
        assert_eq!(verdict.verdict, Verdict::Move(OwnerId(1)), "{place}");
        // And whoever is so near it is worth less, and no target of the measured rule.
        scarce(&mut stage.others[0]);
        let verdict =
            stage.judge_for(10, &mut Measured::new(Settings::default(), rng::split(1, "")));
        assert_eq!(verdict.verdict, Verdict::Stay(Stay::NoTarget), "{place}");
        stage.others.push(party(2, 0.5));
        assert_eq!(stage.judge(&mut seed(0.4)).verdict, Verdict::Move(OwnerId(2)), "{place}");
    }
}

#[test]
fn with_all_off_the_measured_rule_is_the_founding_one() {
    for trigger in [0.0, 0.4, 0.5, 0.9] {
        let (mut one, mut other) = (seed(trigger), founding(trigger));
        // Any order of combinations, as one rule could remember what the other does not.
        for round in 0..64 {
            let (idle, late, tight, ..) = TABLE[(round * 5 + round / 8) % 8];
            let mut stage = Stage::with(idle, late, tight);
            stage.others = vec![party(1, 0.1), party(2, 0.1), party(3, 0.4)];
            let (a, b) = (stage.judge(&mut one), stage.judge(&mut other));
            assert_eq!(a, b, "{idle} {late} {tight} above {trigger}");
            if let Verdict::Move(to) = a.verdict {
                let pause = stage.others[0].pause;
                one.on_moved(stage.now, crate::stage::FIFO, OwnerId(0), to, pause);
                other.on_moved(stage.now, crate::stage::FIFO, OwnerId(0), to, pause);
            }
        }
    }
}

#[test]
fn targets_that_cannot_are_passed_over() {
    let cannot: [fn(&mut Party); 3] = [
        |party| party.is_alive = false,
        |party| party.may_own = false,
        |party| {
            party.has_room = false;
        },
    ];
    for change in cannot {
        let mut stage = Stage::with(true, true, true);
        change(&mut stage.others[0]);
        let verdict = stage.judge(&mut seed(0.5)).verdict;
        assert_eq!(verdict, Verdict::Stay(Stay::NoTarget));
        stage.others.push(party(7, 0.8));
        assert_eq!(stage.judge(&mut seed(0.5)).verdict, Verdict::Move(OwnerId(7)));
    }
}

#[test]
fn headroom_dependency_and_proximity_choose() {
    let mut stage = Stage::with(true, true, true);
    let change = |cpu, dependency, proximity, recent| {
        let mut party = party(2, cpu);
        (party.dependency, party.proximity, party.recent) = (dependency, proximity, recent);
        party
    };
    for (other, expected) in [
        (change(0.05, 0.5, 0.8, 0), 2),
        (change(0.15, 0.5, 0.8, 0), 1),
        (change(0.1, 0.6, 0.8, 0), 2),
        (change(0.1, 0.5, 0.7, 0), 1),
        (change(0.1, 0.5, 0.8, 1), 1),
    ] {
        stage.others = vec![party(1, 0.1), other];
        let verdict = stage.judge(&mut seed(0.5)).verdict;
        assert_eq!(verdict, Verdict::Move(OwnerId(expected)), "{other:?}");
    }
}
