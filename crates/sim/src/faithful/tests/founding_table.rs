//! Does the founding simulator give the numbers its Python gave on its own traces?
//!
//! Measured with the unchanged original (commit f6e9bcf, seed 1) on the traces it
//! ships: cold % of served / dropped % of all / cold and dropped % of all. A `-` was
//! not measured.

use super::traces;
use crate::faithful::catalogue::{Original, run};

const POLICIES: [&str; 6] = [
    "dynamic-ttl",
    "lru",
    "lfu",
    "rand",
    "runtime-diff",
    "cold-cost",
];

type Row = (u64, [&'static str; 6]);

#[rustfmt::skip]
const TRACE_20_B: [Row; 6] = [
    (800, ["0.118/0.246/0.364", "0.561/0.769/1.326", "0.637/0.637/1.270", "1.454/1.666/3.096", "-", "-"]),
    (1_000, ["0.122/0.139/0.261", "0.405/0.516/0.919", "0.399/0.108/0.506", "0.770/0.883/1.646", "1.783/1.575/3.331", "1.031/0.995/2.015"]),
    (1_500, ["0.105/0.059/0.164", "0.162/0.088/0.249", "0.434/0.088/0.522", "0.186/0.088/0.274", "0.312/0.184/0.496", "0.309/0.189/0.498"]),
    (2_000, ["0.116/0.040/0.156", "0.155/0.073/0.227", "0.396/0.073/0.468", "0.205/0.067/0.271", "0.161/0.056/0.217", "0.154/0.062/0.216"]),
    (3_000, ["0.144/0.011/0.156", "0.160/0.000/0.160", "0.277/0.000/0.277", "0.165/0.000/0.165", "0.207/0.000/0.207", "0.212/0.000/0.212"]),
    (4_000, ["0.156/0.000/0.156", "0.156/0.000/0.156", "0.182/0.000/0.182", "0.161/0.000/0.161", "0.155/0.000/0.155", "0.155/0.000/0.155"]),
];

#[rustfmt::skip]
const TRACE_20_D: [Row; 4] = [
    (1_000, ["0.115/6.271/6.379", "3.117/14.167/16.842", "5.410/15.413/19.989", "5.098/15.410/19.722", "7.994/16.482/23.158", "8.954/17.573/24.954"]),
    (1_500, ["0.108/1.588/1.695", "2.341/10.804/12.893", "3.001/11.122/13.790", "2.246/10.359/12.372", "2.915/10.642/13.247", "3.193/11.006/13.848"]),
    (2_000, ["0.096/0.809/0.904", "0.417/1.945/2.353", "0.323/1.644/1.962", "0.718/3.590/4.283", "1.078/3.279/4.322", "2.391/7.717/9.924"]),
    (3_000, ["0.074/0.000/0.074", "0.074/0.000/0.074", "0.285/0.928/1.210", "0.221/0.795/1.014", "0.514/1.608/2.114", "0.458/1.410/1.861"]),
];

fn check(trace: &str, table: &[Row]) {
    let input = traces::founding(trace);
    for (memory_mb, expected) in table {
        let cell = |(policy, expected): (&str, &'static str)| {
            if expected == "-" {
                return expected.to_owned();
            }
            let original: Original = format!("founding:{policy}").parse().unwrap();
            let o = run(original, *memory_mb, 1, &input);
            format!("{:.3}/{:.3}/{:.3}", o.cold_pct(), o.drop_pct(), o.bad_pct())
        };
        let seen: Vec<String> = POLICIES.into_iter().zip(*expected).map(cell).collect();
        assert_eq!(seen, expected, "{trace} at {memory_mb} MB");
    }
}

#[test]
fn founding_numbers_on_20_b() {
    check("20-b", &TRACE_20_B);
}

#[test]
fn founding_numbers_on_20_d() {
    check("20-d", &TRACE_20_D);
}

#[test]
fn founding_extra_time_on_20_d() {
    // Extra time of cold runs in percent of warm run time, at 1000 MB.
    let input = traces::founding("20-d");
    for (policy, expected) in [
        ("dynamic-ttl", "6.3"),
        ("lru", "498.5"),
        ("cold-cost", "1388.7"),
    ] {
        let original: Original = format!("founding:{policy}").parse().unwrap();
        let increase_pct = run(original, 1_000, 1, &input).own_increase_pct;
        assert_eq!(format!("{increase_pct:.1}"), expected, "{policy}");
    }
}
