//! In shadow mode nothing moves, and a receipt tells what would have.

use std::time::Duration;

use swell_consensus::log::Look;
use swell_core::council::entry::Command;
use swell_core::council::proposal::{Cause, Outcome};
use swell_core::council::state::{Ended, State};
use swell_core::council::words::{Mode, ProposalId, Slot};
use swell_outlook::naming::site_id;
use swell_site::receipt::{Receipt, Verdict, receipt};

use crate::moving::{file, filing, rising, steady, sudden};
use crate::town::{Demand, Town};

async fn shadowed(demands: &[(&'static str, usize, Demand)]) -> Town {
    let town = Town::new(demands).await;
    town.pass(1.0).await;
    let set = Command::SetMode { workload: None, mode: Mode::Shadow };
    let said = town.sites[0].say(set, Duration::from_secs(1)).await.expect("it is decided");
    said.outcome.expect("it is set");
    town
}

fn told(town: &Town, from: Slot) -> Receipt {
    town.sites[2].look(|state, monitor| receipt(state, monitor, from))
}

/// Moves away from oslo that were approved.
fn shadows(state: &State) -> Vec<ProposalId> {
    let is_so = |ended: &Ended| {
        ended.outcome == Outcome::Shadow && ended.proposal.filing.source == site_id("oslo")
    };
    state.ended.iter().filter(|(_, ended)| is_so(ended)).map(|(id, _)| *id).collect()
}

#[tokio::test(start_paused = true)]
async fn what_a_move_would_have_saved_is_told_by_what_came() {
    let town = shadowed(&[("shop", 0, rising), ("mail", 0, steady), ("news", 1, steady)]).await;
    let begin = town.logs[0].look(|state| state.slot());
    town.until(60, "a move is approved", |state| !shadows(state).is_empty()).await;
    let pending = told(&town, begin);
    assert_eq!(pending.moves[0].verdict, Verdict::Pending, "{pending:?}");
    town.pass(40.0).await;
    assert_eq!(town.holder("shop"), Some("oslo"), "nothing moved");
    assert_eq!(town.holder("mail"), Some("oslo"), "nothing moved");
    let told = told(&town, begin);
    let first = &told.moves[0];
    assert_eq!(first.verdict, Verdict::Helped, "{told:?}");
    assert!(first.source.came > first.source.would, "{first:?}");
    assert!(first.source.peak_came_ppm > first.source.peak_would_ppm, "{first:?}");
    assert!(first.destination.peak_would_ppm > first.destination.peak_came_ppm, "{first:?}");
    let (oslo, sites) = (told.sites[&site_id("oslo")], told.sites.values());
    assert!(oslo.came > 5 && oslo.would < oslo.came, "{oslo:?}");
    assert_eq!(sites.map(|site| site.came).max(), Some(oslo.came), "nobody else was overloaded");
    // Nothing moved, so the same is proposed again: it would have been gone.
    assert!(told.moves[1..].iter().all(|it| it.verdict != Verdict::Helped), "{told:?}");
    assert!(told.slots > 20, "{told:?}");
    let later = self::told(&town, told.until);
    assert!(later.moves.len() < told.moves.len(), "of the last slot only: {later:?}");
}

#[tokio::test(start_paused = true)]
async fn a_takeover_is_proposed_once_a_loss_and_judged_by_whether_the_site_stayed_lost() {
    let town = shadowed(&[("mail", 0, steady), ("news", 1, steady)]).await;
    *town.world.gossips.lock() = true;
    let begin = town.logs[0].look(|state| state.slot());
    let takeovers = |state: &State| {
        let is_so = |ended: &&Ended| ended.proposal.filing.cause == Cause::SourceLost;
        state.ended.values().filter(is_so).count()
    };
    town.pass(16.0).await;
    for loss in 1..=2 {
        town.cluster.cut(site_id("lima"));
        town.world.cut.lock().insert(1);
        town.until(40, "it is decided", |state| takeovers(state) == loss).await;
        town.pass(24.0).await;
        assert_eq!(town.logs[0].look(takeovers), loss, "nothing new is known");
        town.cluster.heal(site_id("lima"));
        town.world.cut.lock().clear();
        town.pass(12.0).await;
    }
    let told = told(&town, begin);
    let first = &told.moves[0];
    assert_eq!(first.verdict, Verdict::Helped, "{told:?}");
    // Five calls come in each tenth of a second of a slot of two seconds.
    assert!(first.lost_slots >= 3, "{first:?}");
    assert!((80..=120).contains(&(first.lost_calls / first.lost_slots)), "{first:?}");
}

#[tokio::test(start_paused = true)]
async fn moves_that_would_have_been_wrong_are_told_as_such() {
    let town = shadowed(&[("mail", 0, steady), ("news", 1, sudden)]).await;
    let begin = town.logs[0].look(|state| state.slot());
    town.pass(22.0).await;
    for (to, count) in [(1, 1), (2, 2)] {
        file(&town, filing(&town, "mail", 0, to)).await.expect("it can be filed");
        town.until(30, "it is approved", |state| shadows(state).len() == count).await;
    }
    town.pass(20.0).await;
    file(&town, filing(&town, "mail", 0, 2)).await.expect("it can be filed");
    town.until(30, "it is approved", |state| shadows(state).len() == 3).await;
    town.pass(20.0).await;
    let told = told(&town, begin);
    // Lima, being overloaded, proposes something as well.
    let ours = town.logs[0].look(shadows);
    let ours = told.moves.iter().filter(|it| ours.contains(&it.proposal));
    let verdicts: Vec<Verdict> = ours.map(|it| it.verdict).collect();
    // The second came while the first was being checked; by the third it was back.
    assert_eq!(verdicts, [Verdict::TakenBack, Verdict::Repeated, Verdict::Needless], "{told:?}");
    assert_eq!(town.holder("mail"), Some("oslo"), "nothing moved");
}
