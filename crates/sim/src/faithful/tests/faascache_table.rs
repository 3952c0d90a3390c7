//! Does FaasCache's simulator give the numbers its Python gave?
//!
//! Measured with the unchanged original (seed 1): cold % of served / dropped % of all
//! on the founding traces, cold % alone on the Azure sample of 200 functions. Where the
//! measurement was written down with fewer than three decimals, the missing ones are
//! ours.

use super::traces;
use crate::faithful::catalogue::{Original, run};
use crate::faithful::input::Input;
use crate::faithful::minutes;
use crate::faithful::outcome::Outcome;

const POLICIES: [&str; 8] = ["gd", "ttl", "lru", "lnd", "hist", "freq", "size", "rand"];

type Row = (u64, [&'static str; 8]);

#[rustfmt::skip]
const TRACE_20_B: [Row; 5] = [
    (800, ["1.485/1.591", "0.689/0.590", "0.475/0.334", "6.747/3.818", "15.044/16.334", "1.330/0.341", "0.788/0.514", "6.936/5.813"]),
    (1_000, ["0.271/0.056", "0.579/0.390", "0.271/0.056", "1.377/0.302", "12.996/12.776", "0.608/0.056", "0.231/0.058", "1.053/0.468"]),
    (1_500, ["0.278/0.076", "0.422/0.076", "0.274/0.076", "0.765/0.076", "14.867/8.779", "0.648/0.076", "0.275/0.076", "0.348/0.076"]),
    (2_000, ["0.291/0.028", "0.379/0.028", "0.278/0.028", "0.670/0.029", "16.191/5.572", "0.686/0.028", "0.284/0.028", "0.270/0.029"]),
    (3_000, ["0.255/0.000", "0.317/0.000", "0.280/0.000", "0.641/0.000", "15.759/0.730", "0.268/0.000", "0.245/0.000", "0.257/0.000"]),
];

#[rustfmt::skip]
const TRACE_20_D: [Row; 4] = [
    (1_000, ["4.940/13.022", "3.631/12.678", "3.856/12.642", "4.975/12.772", "3.867/12.663", "4.526/12.968", "4.740/13.022", "4.529/12.148"]),
    (1_500, ["2.730/7.954", "2.381/8.576", "3.003/8.853", "2.489/7.274", "2.694/9.163", "2.593/8.370", "2.700/7.645", "1.675/7.302"]),
    (2_000, ["0.362/1.183", "1.614/4.033", "0.272/1.164", "0.465/0.854", "0.856/2.760", "0.352/1.183", "0.336/1.183", "0.464/1.995"]),
    (3_000, ["0.074/0.000", "1.660/2.358", "0.079/0.000", "0.080/0.000", "0.471/1.505", "0.073/0.000", "0.075/0.000", "0.289/0.846"]),
];

fn outcome(policy: &str, memory_mb: u64, input: &Input) -> Outcome {
    let original: Original = format!("faascache:{policy}").parse().unwrap();
    run(original, memory_mb, 1, input)
}

fn check(trace: &str, table: &[Row]) {
    let input = traces::founding(trace);
    for (memory_mb, expected) in table {
        let cell = |policy| {
            let o = outcome(policy, *memory_mb, &input);
            format!("{:.3}/{:.3}", o.cold_pct(), o.drop_pct())
        };
        let seen = POLICIES.map(cell);
        assert_eq!(seen, *expected, "{trace} at {memory_mb} MB");
    }
}

#[test]
fn faascache_numbers_on_20_b() {
    check("20-b", &TRACE_20_B);
}

#[test]
fn faascache_numbers_on_20_d() {
    check("20-d", &TRACE_20_D);
}

#[test]
fn faascache_numbers_on_azure_200() {
    // The measurement kept functions called once, took 8 GB for 8000 MB, and gave
    // functions with an average of 0 ms one millisecond more for both runs.
    let mut rows = traces::azure_200();
    for row in rows.iter_mut().filter(|row| row.average_ms == 0.0) {
        row.average_ms += 1.0;
        row.maximum_ms += 1.0;
    }
    let input = minutes::spread(&rows, 1).unwrap();
    assert_eq!(
        (input.functions().len(), input.calls().len()),
        (200, 155_469)
    );
    let table = [
        ("lru", "9.868", "1.359"),
        ("gd", "13.105", "5.846"),
        ("lnd", "15.313", "4.806"),
        ("size", "10.217", "2.497"),
        ("ttl", "9.960", "1.784"),
        ("hist", "18.646", "8.259"),
    ];
    for (policy, at_8_gb, at_16_gb) in table {
        for (memory_mb, expected) in [(8_000, at_8_gb), (16_000, at_16_gb)] {
            let cold_pct = outcome(policy, memory_mb, &input).cold_pct();
            assert_eq!(
                format!("{cold_pct:.3}"),
                expected,
                "{policy} at {memory_mb} MB"
            );
        }
    }
}
