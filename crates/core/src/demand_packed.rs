//! Forecasts of many functions in few bytes, for journals: a node tells one each minute.
//!
//! Functions come in their order and calls in theirs, so that differences are small; quantiles
//! rise, are mostly whole calls, and are mostly those of the step before. Nothing is rounded:
//! what is read is what was written, whatever it was. For serde's `with`.

use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserializer, Serializer};

use crate::demand::{DemandForecast, FunctionDemand, StepDemand};
use crate::ids::FunctionId;
use crate::time::{Instant, Span};

/// The quantiles are those of the step before.
const SAME: u32 = 1;
/// The quantiles are whole calls.
const CALLS: u32 = 2;
/// Thousandths of a call.
const CALL: u32 = 1000;

/// Writes a forecast.
pub fn serialize<S: Serializer>(forecast: &DemandForecast, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_bytes(&pack(forecast))
}

/// Reads a forecast.
pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Box<DemandForecast>, D::Error> {
    let unsound = || D::Error::custom("these bytes are no forecast");
    unpack(&from.deserialize_byte_buf(Bytes)?).map(Box::new).ok_or_else(unsound)
}

struct Bytes;

impl<'de> Visitor<'de> for Bytes {
    type Value = Vec<u8>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes of a forecast")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Vec<u8>, E> {
        Ok(bytes.to_vec())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut bytes: A) -> Result<Vec<u8>, A::Error> {
        let mut all = Vec::new();
        while let Some(byte) = bytes.next_element()? {
            all.push(byte);
        }
        Ok(all)
    }
}

fn pack(forecast: &DemandForecast) -> Vec<u8> {
    let mut out = Vec::with_capacity(16 + 12 * forecast.functions.len());
    put(&mut out, forecast.origin.nanos());
    put(&mut out, forecast.step.nanos());
    put(&mut out, forecast.functions.len() as u64);
    let mut former = u32::MAX;
    for FunctionDemand { function, confidence, steps, known } in &forecast.functions {
        put(&mut out, function.0.wrapping_sub(former).wrapping_sub(1).into());
        former = function.0;
        put(&mut out, (*confidence).into());
        put(&mut out, (steps.len() as u64) << 1 | u64::from(!known.is_empty()));
        let mut before = [0; 4];
        for step in steps {
            before = put_step(&mut out, step, before);
        }
        if !known.is_empty() {
            put(&mut out, known.len() as u64);
            let mut former = forecast.origin.nanos();
            for at in known {
                put(&mut out, at.nanos().wrapping_sub(former));
                former = at.nanos();
            }
        }
    }
    out
}

fn put_step(out: &mut Vec<u8>, step: &StepDemand, before: [u32; 4]) -> [u32; 4] {
    let StepDemand { chance, q10, q50, q90, q95 } = *step;
    let quantiles = [q10, q50, q90, q95];
    let is_same = quantiles == before;
    let calls = quantiles.iter().all(|quantile| quantile.is_multiple_of(CALL));
    let flags = if is_same {
        SAME
    } else if calls {
        CALLS
    } else {
        0
    };
    put(out, u64::from(chance) << 2 | u64::from(flags));
    if !is_same {
        let unit = if calls { CALL } else { 1 };
        let mut former = 0u32;
        for quantile in quantiles {
            put(out, (quantile / unit).wrapping_sub(former).into());
            former = quantile / unit;
        }
    }
    quantiles
}

/// Seven bits a byte, the lowest first; the last byte is below 128.
fn put(out: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

/// The forecast that these bytes are, all of them. Takes memory in proportion to them, whatever
/// they claim.
fn unpack(bytes: &[u8]) -> Option<DemandForecast> {
    let rest = &mut &bytes[..];
    let (origin, step) = (take(rest)?, take(rest)?);
    let count = take(rest)?;
    let mut functions = Vec::new();
    let mut former = u32::MAX;
    for _ in 0..count {
        let function = take32(rest)?.wrapping_add(former).wrapping_add(1);
        former = function;
        let confidence = u16::try_from(take(rest)?).ok()?;
        let lists = take(rest)?;
        let (mut steps, mut known) = (Vec::new(), Vec::new());
        let mut before = [0; 4];
        for _ in 0..lists >> 1 {
            let step = take_step(rest, before)?;
            before = [step.q10, step.q50, step.q90, step.q95];
            steps.push(step);
        }
        if lists & 1 == 1 {
            let mut former = origin;
            for _ in 0..take(rest)? {
                former = take(rest)?.wrapping_add(former);
                known.push(Instant::from_nanos(former));
            }
        }
        functions.push(FunctionDemand { function: FunctionId(function), confidence, steps, known });
    }
    let (origin, step) = (Instant::from_nanos(origin), Span::from_nanos(step));
    rest.is_empty().then_some(DemandForecast { origin, step, functions })
}

fn take_step(rest: &mut &[u8], before: [u32; 4]) -> Option<StepDemand> {
    let first = take32(rest)?;
    let chance = u16::try_from(first >> 2).ok()?;
    let mut quantiles = before;
    if first & SAME == 0 {
        let unit = if first & CALLS == 0 { 1 } else { CALL };
        let mut former = 0u32;
        for quantile in &mut quantiles {
            former = take32(rest)?.wrapping_add(former);
            *quantile = former.checked_mul(unit)?;
        }
    }
    let [q10, q50, q90, q95] = quantiles;
    Some(StepDemand { chance, q10, q50, q90, q95 })
}

fn take(rest: &mut &[u8]) -> Option<u64> {
    let mut number = 0u64;
    for shift in (0..64).step_by(7) {
        let (&byte, more) = rest.split_first()?;
        *rest = more;
        let bits = u64::from(byte & 0x7f);
        number |= bits << shift;
        if byte < 0x80 {
            return (bits << shift >> shift == bits).then_some(number);
        }
    }
    None
}

fn take32(rest: &mut &[u8]) -> Option<u32> {
    u32::try_from(take(rest)?).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn forecasts() -> impl Strategy<Value = DemandForecast> {
        let quantile = || prop_oneof![any::<u32>(), (0u32..900).prop_map(|calls| calls * CALL)];
        let step = (any::<u16>(), [quantile(), quantile(), quantile(), quantile()]).prop_map(
            |(chance, [q10, q50, q90, q95])| StepDemand { chance: chance >> 2, q10, q50, q90, q95 },
        );
        let steps = prop::collection::vec(step, 0..5);
        let known = prop::collection::vec(any::<u64>().prop_map(Instant::from_nanos), 0..4);
        let function = (any::<u32>(), any::<u16>(), steps, known).prop_map(
            |(function, confidence, steps, known)| FunctionDemand {
                function: FunctionId(function),
                confidence,
                steps,
                known,
            },
        );
        let functions = prop::collection::vec(function, 0..6);
        (any::<u64>(), any::<u64>(), functions).prop_map(|(origin, step, functions)| {
            let (origin, step) = (Instant::from_nanos(origin), Span::from_nanos(step));
            DemandForecast { origin, step, functions }
        })
    }

    proptest! {
        #[test]
        fn what_was_packed_is_unpacked(forecast in forecasts()) {
            let bytes = pack(&forecast);
            let cut = unpack(&bytes[..bytes.len() - 1]);
            prop_assert_eq!((unpack(&bytes), cut), (Some(forecast), None));
        }

        #[test]
        fn no_bytes_panic_or_take_more_than_they_are(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Some(forecast) = unpack(&bytes) {
                let steps: usize = forecast.functions.iter().map(|own| own.steps.len()).sum();
                prop_assert!(steps + forecast.functions.len() <= bytes.len());
            }
        }
    }

    #[test]
    fn a_minute_of_a_busy_node_takes_less_than_half_of_what_it_took() {
        let own = |function: u32| {
            let calls = function % 40 * CALL;
            let step = |chance: u16| StepDemand {
                chance,
                q10: calls / 4 / CALL * CALL,
                q50: calls / 2 / CALL * CALL,
                q90: calls,
                q95: calls + calls / 5 / CALL * CALL,
            };
            let chance = (function * 7919 % 1001) as u16;
            let steps = vec![step(chance), step(1000 - chance)];
            let function = FunctionId(function + function / 5);
            FunctionDemand { function, confidence: 700, steps, known: Vec::new() }
        };
        let forecast = DemandForecast {
            origin: Instant::from_millis(86_400_000),
            step: Span::from_mins(1),
            functions: (0..10_000).map(own).collect(),
        };
        let plain = postcard::to_allocvec(&forecast).expect("a vector takes every encoding").len();
        let packed = pack(&forecast).len();
        assert!(packed * 2 < plain, "{packed} of {plain} bytes");
        assert!(packed < 13 * 10_000, "{packed} bytes");
    }
}
