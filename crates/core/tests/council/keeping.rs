//! Snapshots stand for the log, and what is damaged is not taken.

use proptest::prelude::*;
use swell_core::council::entry::Entry;
use swell_core::council::image::{ImageError, digest, restore, save};
use swell_core::council::machine::apply;
use swell_core::council::rules::Rules;
use swell_core::council::state::State;

use crate::stage::Stage;

/// A stage on which much has happened.
fn lively() -> Stage {
    lively_by(Rules::default())
}

fn lively_by(rules: Rules) -> Stage {
    let mut stage = Stage::with(4, rules);
    for (round, middle_ppm) in [(0, 900_000_u32), (1, 950_000), (2, 700_000)] {
        for site in 0..4 {
            stage.forecast(site, middle_ppm.saturating_sub(350_000 * site));
        }
        stage.pass(swell_core::time::Span::from_mins(5));
        stage.observe(round, 640_000);
    }
    stage.forecast(1, 300_000);
    let id = stage.approved();
    stage.carry_out(id);
    stage.watch(4, 950_000);
    stage
}

#[test]
fn a_snapshot_and_the_rest_of_the_log_give_the_same_state() {
    let Stage { state, log, .. } = lively();
    let expected = digest(&state);
    let mut fresh = State::new(Rules::default());
    for (index, entry) in (1..).zip(&log) {
        fresh = restore(&save(&fresh)).expect("a snapshot is taken back");
        let _ = apply(&mut fresh, index, entry);
    }
    assert_eq!(digest(&fresh), expected);
    assert_eq!(fresh, state);
}

/// The same entries give the same bytes in every build: a change here is a change of the
/// rules, and needs a version of its own.
#[test]
fn what_a_log_means_does_not_change() {
    let by = |version| digest(&lively_by(Rules { version, ..Rules::default() }).state);
    let expected = [
        13_135_622_683_628_022_485,
        15_260_087_798_417_871_484,
        8_341_305_739_942_658_917,
        8_663_652_414_138_352_924,
        6_197_722_975_325_048_843,
        18_427_609_553_763_093_311,
        6_248_467_864_344_612_461,
    ];
    assert_eq!([1, 2, 3, 4, 5, 6, 7].map(by), expected);
}

#[test]
fn hurt_snapshots_are_not_taken() {
    let bytes = save(&lively().state);
    for cut in (0..bytes.len()).step_by(97) {
        assert!(restore(&bytes[..cut]).is_err(), "cut at {cut}");
    }
    for place in (0..bytes.len()).step_by(61) {
        let mut hurt = bytes.clone();
        hurt[place] ^= 16;
        assert_eq!(restore(&hurt).err(), Some(ImageError::Broken), "byte {place}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Bytes from anywhere are refused or read, and never end the program.
    #[test]
    fn any_bytes_are_borne(bytes in prop::collection::vec(any::<u8>(), 0..400), index in any::<u64>()) {
        let _ = restore(&bytes);
        let _ = swell_core::council::frame::open::<Entry>(index, &bytes);
    }
}
