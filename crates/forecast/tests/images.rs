//! What is kept over restarts is taken whole or refused with a reason, and answers of other
//! programs never panic, whatever became of them.

use proptest::prelude::*;
use swell_forecast::calendar::announced::Announced;
use swell_forecast::calibrate::layer::Calibration;
use swell_forecast::calibrate::ledger::Ledger;
use swell_forecast::calibrate::stream::Came;
use swell_forecast::checkpoint::CheckpointError;
use swell_forecast::effects::book::{Book, Outcome, Part};
use swell_forecast::league::rules::USUAL;
use swell_forecast::league::table::League;
use swell_forecast::regressor::inputs::EACH;
use swell_forecast::regressor::prometheus;
use swell_forecast::regressor::ridge::Ridge;
use swell_forecast::watch::board::Board;
use swell_forecast::watch::watcher::Sight;

type Read = fn(&[u8]) -> Result<Vec<u8>, CheckpointError>;

/// Bytes of everything that is kept, with how they are read and written again.
fn images() -> Vec<(&'static str, Vec<u8>, Read)> {
    let quantiles = [0.0, 1.0, 2.0, 4.0, 6.0];
    let mut book = Book::default();
    let functions = vec![Part { function: "cart".into(), expected: 10.0, got: 30.0 }];
    let announced = Announced::Times(2.0);
    let occurrence = "sale@5".to_string();
    let outcome =
        Outcome { occurrence, end_ms: 5, announced, expected: 20.0, got: 50.0, functions };
    book.learn("sale", outcome);
    let mut board = Board::default();
    let mut layer = Calibration::new(2, 3);
    let mut ledger = Ledger::new(2, 3, 100.0);
    let mut ridge = Ridge::new(&["queue"], EACH);
    for step in 0..300u64 {
        let (count, place) = (step as u32 % 7, step as usize % 288);
        let sight = Sight { step, count: Some(count), quantiles: Some(quantiles), place, day: 288 };
        board.look("cart", &sight);
        let count = count as f32;
        layer.learn(1, 2, &[("cart", Came { plain: quantiles, shown: quantiles, count })]);
        ledger.add(1, 2, &quantiles, count);
        ridge.learn("cart", &[0.5, -1.0, f64::from(count)], &quantiles, count);
    }
    vec![
        ("effects", book.to_bytes(), |bytes| Book::from_bytes(bytes).map(|of| of.to_bytes())),
        ("watchers", board.to_bytes(), |bytes| Board::from_bytes(bytes).map(|of| of.to_bytes())),
        ("edges", layer.to_bytes(), |bytes| Calibration::from_bytes(bytes).map(|of| of.to_bytes())),
        ("coverage", ledger.to_bytes(), |bytes| Ledger::from_bytes(bytes).map(|of| of.to_bytes())),
        ("regressors", ridge.to_bytes(), |bytes| Ridge::from_bytes(bytes).map(|of| of.to_bytes())),
        ("league", League::new(USUAL).to_bytes(), |bytes| {
            League::from_bytes(USUAL, bytes).map(|of| of.to_bytes())
        }),
    ]
}

#[test]
fn what_was_written_is_read_and_written_alike() {
    for (name, bytes, read) in images() {
        assert_eq!(read(&bytes).as_ref(), Ok(&bytes), "{name}");
        for (other, others, _) in images().iter().filter(|(other, ..)| *other != name) {
            let found = read(others);
            assert!(matches!(found, Err(CheckpointError::Kind { .. })), "{other} as {name}");
        }
    }
}

#[test]
fn what_is_cut_or_of_another_version_is_refused_with_a_reason() {
    for (name, bytes, read) in images() {
        for end in (0..bytes.len()).step_by(1 + bytes.len() / 500) {
            let error = read(&bytes[..end]).expect_err(name).to_string();
            assert!(!error.is_empty());
        }
        let mut other = bytes.clone();
        other[8] = 99;
        assert_eq!(read(&other), Err(CheckpointError::Version(99)), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn spoiled_bytes_are_refused(places in prop::collection::vec((any::<usize>(), 1u8..), 1..4)) {
        for (name, mut bytes, read) in images() {
            let mut is_changed = false;
            for &(place, by) in &places {
                let place = place % bytes.len();
                bytes[place] ^= by;
                is_changed = true;
            }
            // Two changes may undo each other.
            let is_same = images().iter().any(|(_, whole, _)| *whole == bytes);
            prop_assert!(!is_changed || is_same || read(&bytes).is_err(), "{name}");
        }
    }

    /// The digest is right, and what it guards was written by nobody.
    #[test]
    fn bytes_of_nobody_are_refused_or_sane(body in prop::collection::vec(any::<u8>(), 0..200)) {
        for (name, bytes, read) in images() {
            let head = 8 + 4 + 8;
            let kind = 1 + usize::from(bytes[head]);
            let mut content = bytes[head..head + kind].to_vec();
            content.extend(&body);
            let mut forged = bytes[..12].to_vec();
            forged.extend(xxhash_rust::xxh3::xxh3_64(&content).to_le_bytes());
            forged.extend(content);
            if let Ok(again) = read(&forged) {
                prop_assert!(read(&again).is_ok(), "{name}");
            }
        }
    }

    #[test]
    fn no_answer_of_a_server_panics(
        cuts in prop::collection::vec((0usize..200, 0usize..9, "[\\[\\]{}\",0-9a-zNI+-]{0,6}"), 0..5),
    ) {
        let mut text = r#"{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"queue":"mail"},"values":[[1435781430.781,"1"],[1435781460,"2"]]}]}}"#.to_string();
        for (place, len, piece) in cuts {
            let start = place.min(text.len());
            let end = (start + len).min(text.len());
            text.replace_range(start..end, &piece);
        }
        if let Ok(series) = prometheus::read(text.as_bytes()) {
            for samples in series {
                prop_assert!(samples.points.is_sorted_by(|a, b| a.0 < b.0));
                prop_assert!(samples.points.iter().all(|(_, value)| value.is_finite()));
            }
        }
    }
}
