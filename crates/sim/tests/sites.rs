//! Sites under real load: what each policy comes to.

use swell_sim::sites::demand::Demand;
use swell_sim::sites::play::{Stage, Way};
use swell_sim::sites::scenario::Scenario;
use swell_trace::bundled::Bundled;
use swell_trace::open::Options;

#[test]
fn look() {
    for trace in ["200", "1350"] {
        let trace = Bundled::find(trace).unwrap().open(&Options::default()).unwrap();
        for liars in [0, 1] {
            for seed in 1..=3 {
                let scenario = Scenario { seed, liars, ..Scenario::default() };
                let stage = Stage::new(scenario, Demand::new(&trace, &scenario).unwrap());
                for way in Way::ALL {
                    println!(
                        "{} {liars} {seed} {:9} {:?}",
                        trace.name(),
                        way.name(),
                        stage.play(way)
                    );
                }
            }
        }
    }
}
