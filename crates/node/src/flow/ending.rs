//! How flows end: in order, with what is in them kept, or for good.

use std::sync::Arc;
use std::time::Duration;

use crate::flow::flows::Flows;
use crate::flow::keep::Keep;
use crate::flow::launch::Use;
use crate::flow::letters::{broke, unkept, unknown};
use crate::flow::up::{Up, gone};
use crate::refusal::{Reason, Refusal};

/// How long native processes may take to be told that their flow goes down.
const LEAVING: Duration = Duration::from_secs(1);

impl Flows {
    /// Removes a flow. One with items in it only with `discard`.
    pub async fn remove(self: &Arc<Self>, name: &str, discard: bool) -> Result<(), Refusal> {
        let was_away = self.get(name).is_some_and(|up| up.away.is_some());
        let _turn = self.turns.of(name).await;
        let up = self.get(name).ok_or_else(|| unknown(name))?;
        if let Some(away) = up.away.as_ref().filter(|_| !was_away) {
            let node = away.to().node;
            let title = format!("the flow `{name}` went to `{node}` meanwhile");
            return Err(Refusal::new(Reason::Conflict, title)
                .hint("remove it there, and then here what is left of the way to it"));
        }
        let depth = match &up.line {
            Ok(line) => line.meter.depth(),
            Err(_) if up.away.is_some() => 0,
            Err(_) if discard => 0,
            Err(_) => self.kept(&up).await?,
        };
        if depth > 0 && !discard {
            let title = format!("`{name}` holds {depth} items that are not done with");
            return Err(Refusal::new(Reason::Conflict, title)
                .hint(format!("wait until they are, or let them go: `swell flow rm {name} --discard`, `?discard=true`")));
        }
        let (flows, named) = (self.clone(), name.to_string());
        let removed = tokio::task::spawn_blocking(move || flows.store.remove(&named)).await;
        removed.map_err(broke)?.map_err(|error| unkept(&error))?;
        self.take_out(name);
        self.errands.forget(name);
        self.take_down(&up).await;
        gone(up).await;
        let folder = self.folder(name);
        if let Err(error) = std::fs::remove_dir_all(&folder)
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::warn!(%error, folder = %folder.display(), "items of a flow stay on disk");
        }
        Ok(())
    }

    /// Items on disk of a flow that is not up.
    async fn kept(self: &Arc<Self>, up: &Up) -> Result<u64, Refusal> {
        let (lanes, most) = (up.record.lock().lanes(), up.spec.disk_bytes);
        let folder = self.folder(&up.spec.name);
        let counted = tokio::task::spawn_blocking(move || -> std::io::Result<u64> {
            let there = lanes.iter().map(|lane| folder.join(lane)).filter(|lane| lane.exists());
            there.map(|lane| Keep::open(lane, most).map(|keep| keep.items())).sum()
        });
        counted.await.map_err(broke)?.map_err(|error| {
            let title = format!("nobody can tell what `{}` holds on disk", up.spec.name);
            Refusal::new(Reason::Storage, title)
                .detail(error.to_string())
                .hint("mend that, or let it go whatever it is: `--discard`, `?discard=true`")
        })
    }

    /// Stops all flows in order. Items that lie in memory only are saved.
    pub async fn end(self: &Arc<Self>) {
        self.stop.cancel();
        let (drain, drained) = (self.parts.drain, self.drained.clone());
        let draining = tokio::spawn(async move {
            tokio::time::sleep(drain).await;
            drained.cancel();
        });
        // All at once: calls under way have the same time to finish, however many there are.
        let names = self.all().into_iter().map(|up| up.spec.name.clone());
        let ends: Vec<_> = names.map(|name| tokio::spawn(self.clone().end_one(name))).collect();
        for end in ends {
            if let Err(error) = end.await {
                tracing::error!(%error, "a flow did not end in order");
            }
        }
        draining.abort();
        *self.invoker.lock() = None;
    }

    async fn end_one(self: Arc<Self>, name: String) {
        // A change that is under way is carried out first: until then nobody else has its items.
        let _turn = self.turns.of(&name).await;
        let Some(up) = self.get(&name) else { return };
        self.take_down_in(&up, self.parts.drain).await;
        let before = up.record.lock().clone();
        let record = up.remember();
        if record != before
            && let Err(refusal) = self.save(&record).await
        {
            let flow = &record.spec.name;
            tracing::warn!(%flow, why = ?refusal.detail, "how often a flow moved is not on disk");
        }
    }

    /// Stops a flow: the call under way may finish, within bounds, or is cut short as after any
    /// change of hands.
    pub(crate) async fn take_down(self: &Arc<Self>, up: &Up) {
        let drain = self.parts.drain;
        let patience = up.line.as_ref().ok().and_then(|line| line.patience(line.whose_call()));
        let patience = patience.map_or(drain, |span| Duration::from_nanos(span.nanos()));
        self.take_down_in(up, drain.min(patience)).await;
    }

    /// The same with a bound of its own on the call under way; when the node goes down it has no
    /// longer than any.
    pub(crate) async fn take_down_in(self: &Arc<Self>, up: &Up, drain: Duration) {
        if let Ok(line) = &up.line {
            line.lanes.iter().for_each(|lane| lane.close());
        }
        up.stop.cancel();
        let task = up.task.lock().take();
        if let Some(mut task) = task {
            let is_late = tokio::select! {
                biased;
                ended = tokio::time::timeout(drain, &mut task) => ended.is_err(),
                () = self.drained.cancelled() => true,
            };
            if is_late {
                up.cut.cancel();
                let _ = task.await;
            }
        }
        if let Some(away) = &up.away {
            away.natives.gone(LEAVING).await;
        }
        if let Ok(line) = &up.line {
            line.natives.gone(LEAVING).await;
            self.keep_used(line.uses()).await;
        }
    }

    /// Keeps what flows used of their lanes, and what changes cost.
    pub(crate) async fn keep_used(self: &Arc<Self>, uses: Vec<(String, String, Use)>) {
        let flows = self.clone();
        let kept = tokio::task::spawn_blocking(move || {
            let costs = flows.costs.lock().clone();
            flows.store.keep_used(&uses, &costs)
        });
        let kept = kept.await;
        if let Ok(Err(error)) = kept {
            tracing::warn!(%error, "what flows used is not on disk");
        }
    }
}
