//! Carrying out what was decided: the steps of moves that are this site's, and stopping what has
//! left it.

use std::sync::Arc;
use std::time::Duration;

use swell_consensus::log::Look;
use swell_core::council::entry::{Command, News};
use swell_core::council::order::{Order, Task, orders};
use swell_core::council::proposal::Trouble;
use swell_core::council::words::{Epoch, WorkloadId};

use crate::kept::KeptError;
use crate::mover::{Job, Mover, Step, StepError};
use crate::site::Site;
use crate::troubles::About;

/// How long a step that failed is left alone before it is tried again.
const PAUSE: Duration = Duration::from_millis(300);

impl Site {
    /// Carries out an order, and says so. It ends without a word once the order does not stand
    /// any more: who took too long is taken back by the log.
    pub(crate) async fn carry_out(self: &Arc<Self>, order: Order) {
        let Order { proposal, epoch, ref workloads, task, .. } = order;
        let owns = task == Task::Start;
        match self.pass(workloads, epoch, owns) {
            Ok(()) => {}
            Err(KeptError::Fenced(_)) => return,
            Err(error) => return self.note(About::Disk, &error.to_string()),
        }
        let note = |why: &str| {
            for workload in workloads {
                self.note(About::Workload(*workload), why);
            }
        };
        let (news, why) = loop {
            match self.attempt(&order).await {
                Ok(()) => break (done(task), None),
                Err(StepError::Never(why)) => {
                    note(&why);
                    match trouble(task) {
                        Some(trouble) => break (News::Trouble(trouble), Some(why)),
                        None => tokio::time::sleep(PAUSE).await,
                    }
                }
                Err(StepError::Again(why)) => {
                    note(&why);
                    tokio::time::sleep(PAUSE).await;
                }
            }
            if !self.log.look(|state| orders(state, self.me).contains(&order)) {
                return;
            }
        };
        if why.is_none() {
            workloads.iter().for_each(|workload| self.is_well(About::Workload(*workload)));
        }
        let report = Command::Report { proposal, epoch, news, why };
        if let Err(error) = self.say(report, self.settings.patience).await {
            self.note(About::Log, &error.to_string());
        }
    }

    async fn attempt(&self, order: &Order) -> Result<(), StepError> {
        let unknown =
            |what: &str| StepError::Again(format!("{what} of a move is not known here yet"));
        let other = self.contacts.read().get(&order.other).cloned();
        let other = other.ok_or_else(|| unknown("the other site"))?;
        if matches!(order.task, Task::Shift { .. }) {
            tokio::time::sleep(self.settings.dwell).await;
        }
        let (is_lost, step_max) = self.log.look(|state| {
            let movement = state.open.get(&order.proposal).and_then(|open| open.movement);
            (movement.is_some_and(|movement| !movement.has_source()), state.rules.step)
        });
        // Whether more traffic follows hangs on the first part: that is waited for if it is thin.
        let patience = match order.task {
            Task::Shift { parts: 1, .. } => {
                Duration::from_nanos(step_max.nanos() / 4).min(self.settings.judging)
            }
            _ => Duration::ZERO,
        };
        for workload in &order.workloads {
            let name = self.told.read().names.workloads.get(workload).cloned();
            let workload = name.ok_or_else(|| unknown("a workload"))?;
            let (epoch, other) = (order.epoch, other.clone());
            let job = Job { workload, epoch, other, is_lost, patience };
            step(&*self.mover, order.task, &job).await?;
        }
        Ok(())
    }

    /// Stops a workload that has left this site for good.
    pub(crate) async fn release(self: &Arc<Self>, workload: WorkloadId, epoch: Epoch) {
        match self.pass(&[workload], epoch, false) {
            Ok(()) => {}
            Err(KeptError::Fenced(_)) => return,
            Err(error) => return self.note(About::Disk, &error.to_string()),
        }
        let Some(name) = self.told.read().names.workloads.get(&workload).cloned() else { return };
        let holder = self.log.look(|state| Some(state.workloads.get(&workload)?.authority.holder));
        let other = holder.and_then(|holder| self.contacts.read().get(&holder).cloned());
        let Some(other) = other else {
            let why = format!("workload `{name}` stays until it is known who has it");
            return self.note(About::Workload(workload), &why);
        };
        let patience = Duration::ZERO;
        let job = Job { workload: name, epoch, other, is_lost: false, patience };
        match self.mover.release(&job).await {
            Ok(()) => {
                let disowned = self.kept.lock().disown(workload);
                if let Err(error) = disowned {
                    self.note(About::Disk, &error.to_string());
                }
            }
            Err(error) => {
                self.note(About::Workload(workload), &error.to_string());
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

fn step<'a>(mover: &'a dyn Mover, task: Task, job: &'a Job) -> Step<'a> {
    match task {
        Task::Start => mover.start(job),
        Task::Prove => mover.prove(job),
        Task::Shift { .. } => mover.check(job),
        Task::Drain => mover.drain(job),
        Task::TakeBack => mover.take_back(job),
    }
}

fn done(task: Task) -> News {
    match task {
        Task::Start => News::Started,
        Task::Prove => News::Healthy,
        Task::Shift { parts, .. } => News::Shifted(parts),
        Task::Drain => News::Drained,
        Task::TakeBack => News::Returned,
    }
}

/// What it is called that a step cannot be done. Taking back has no other way out than to be
/// done, or to take too long.
fn trouble(task: Task) -> Option<Trouble> {
    match task {
        Task::Start => Some(Trouble::NotStarted),
        Task::Prove => Some(Trouble::NotHealthy),
        Task::Shift { .. } => Some(Trouble::NotShifted),
        Task::Drain => Some(Trouble::NotDrained),
        Task::TakeBack => None,
    }
}
