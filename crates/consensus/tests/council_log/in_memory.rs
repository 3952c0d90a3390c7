//! The log in the memory of one process.

use std::time::Duration;

use swell_consensus::log::{Decided, Log, LogError, Look};
use swell_consensus::memory::memory_log::MemoryLog;
use swell_core::council::entry::Command;
use swell_core::council::image::digest;
use swell_core::council::rules::Rules;
use swell_core::council::words::{Criticality, Loads, WorkloadId};
use swell_core::ids::SiteId;
use swell_core::time::Instant;

const SOON: Duration = Duration::from_secs(5);

#[tokio::test(start_paused = true)]
async fn a_site_that_was_cut_off_catches_up_and_decides_nothing_meanwhile() {
    let sites = [SiteId(0), SiteId(1), SiteId(2)];
    let (cluster, logs) = MemoryLog::cluster(&sites, Rules::default());
    for site in sites {
        let admit = Command::Admit { site, capacity: Loads::cpu(100) };
        let decided = logs[0].propose(admit, SOON).await.expect("there is a majority");
        assert_eq!(decided.outcome, Ok(()));
    }
    let tick = Command::Tick { at: Instant::from_millis(1) };
    let leads = LogError::NotLeader { leader: Some(SiteId(0)) };
    assert_eq!(logs[1].propose(tick.clone(), SOON).await, Err(leads));
    logs[0].propose(tick.clone(), SOON).await.expect("it leads");

    cluster.cut(SiteId(0));
    let nobody = LogError::NotLeader { leader: None };
    assert_eq!(logs[0].propose(tick.clone(), SOON).await, Err(nobody));
    assert_eq!(logs[0].propose(Command::Renew, SOON).await, Err(LogError::TimedOut));
    assert_eq!(logs[0].barrier(SOON).await, Err(LogError::TimedOut));
    let workload = WorkloadId(4);
    let demand = Loads::cpu(1);
    let register = Command::Register { workload, criticality: Criticality::Low, demand };
    let decided = logs[2].propose(register, SOON).await.expect("two of three");
    assert_eq!(decided, Decided { index: 5, outcome: Ok(()) });
    assert!(!logs[0].look(|state| state.workloads.contains_key(&workload)));

    cluster.heal(SiteId(0));
    assert_eq!(logs[0].barrier(SOON).await, Ok(5));
    let digests: Vec<u64> = logs.iter().map(|log| log.look(digest)).collect();
    assert!(digests.iter().all(|digest| *digest == digests[0]), "{digests:?}");
}
