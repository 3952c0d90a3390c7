//! More proposals than there is room for, and fewer sites than are good.

use swell_core::council::proposal::{Cause, Filing, Outcome};
use swell_core::council::refusal::Refusal;
use swell_core::council::state::OPEN_MAX;

use crate::stage::Stage;

/// One site may have so many voted on at a time.
const OF_ONE: u32 = 16;

#[test]
fn of_too_many_proposals_the_least_gives_way_to_one_that_matters_more() {
    let sites = OPEN_MAX as u32 / OF_ONE + 1;
    let mut stage = Stage::new(sites);
    let order = |stage: &Stage| Filing { cause: Cause::Order, ..stage.filing() };
    let mut last = None;
    for site in 1..sites {
        for _ in 0..OF_ONE {
            let filing = order(&stage);
            last = Some(stage.propose(site, filing).expect("there is room"));
        }
        let one_more = stage.propose(site, order(&stage));
        assert!(matches!(one_more, Err(Refusal::TooMany(_))), "{one_more:?}");
    }
    assert_eq!(stage.state.open.len(), OPEN_MAX);
    let no_more = stage.propose(0, order(&stage));
    assert!(matches!(no_more, Err(Refusal::TooMany(_))), "it matters no more: {no_more:?}");
    stage.forecast(0, 900_000);
    let urgent = stage.propose(0, stage.filing()).expect("it matters more");
    assert_eq!(stage.outcome(last.expect("one was filed")), Some(Outcome::Displaced));
    assert!(stage.state.open.contains_key(&urgent));
    assert_eq!(stage.state.open.len(), OPEN_MAX);
}

#[test]
fn of_too_many_of_one_site_its_own_least_gives_way() {
    let mut stage = Stage::new(3);
    let order = |stage: &Stage| Filing { cause: Cause::Order, ..stage.filing() };
    let own: Vec<_> =
        (0..OF_ONE).map(|_| stage.propose(0, order(&stage)).expect("there is room")).collect();
    let others = stage.propose(1, order(&stage)).expect("another site has room of its own");
    stage.forecast(0, 900_000);
    stage.propose(0, stage.filing()).expect("it matters more");
    assert_eq!(stage.outcome(own[OF_ONE as usize - 1]), Some(Outcome::Displaced));
    assert!(stage.state.open.contains_key(&own[0]) && stage.state.open.contains_key(&others));
}

#[test]
fn of_two_sites_neither_decides_alone_and_each_can_block() {
    for refuses in [None, Some(0), Some(1)] {
        let mut stage = Stage::new(2);
        stage.forecast(0, 900_000);
        let id = stage.propose(0, stage.filing()).expect("filed");
        let shares: Vec<u32> = stage.state.open[&id].ballot.weights.values().copied().collect();
        assert_eq!(shares, [500_000; 2], "no cap leaves two sites less than a half each");
        for site in 0..2 {
            assert!(stage.state.open[&id].movement.is_none(), "one vote is not enough");
            stage.vote(site, id, Some(site) != refuses).expect("voted");
            if Some(site) == refuses {
                break;
            }
        }
        match refuses {
            Some(_) => assert_eq!(stage.outcome(id), Some(Outcome::Rejected)),
            None => assert!(stage.state.open[&id].movement.is_some()),
        }
    }
}
