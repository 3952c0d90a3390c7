//! What the journal is told of flows beside what they are judged by: their names, and now and then how
//! they stand, so that people and simulators can see what came and went.

use swell_core::flow::analyzer::Analyzer;
use swell_core::flow::view::FifoId;

use crate::flow::functions::Tick;
use crate::flow::looks::Looks;

/// Ticks after which the journal is shown again how a flow stands, and of how many in a tick.
const SHOWN_TICKS: u32 = 10;
const SHOWN_MAX: u32 = 2;

impl Looks {
    /// Has what a journal needs to know besides recorded: what new flows are called, and how some
    /// that are awake stand, in turns.
    pub(crate) fn record(&mut self, tick: &Tick<'_>, analyzer: &mut Analyzer) {
        let Some(recorder) = analyzer.recorder() else { return };
        for id in recorder.unnamed() {
            let Some(up) = self.watched(id).and_then(|watched| watched.up.upgrade()) else {
                continue;
            };
            let Ok(line) = &up.line else { continue };
            let mut owners: Vec<String> = line.owners().map(str::to_string).collect();
            owners.extend(self.abroad.names(&line.spec));
            recorder.name(id, &line.spec.name, owners);
        }
        let awake = self.shelves.count_awake();
        // Each once a second, as long as there is room for that.
        let due = awake.div_ceil(SHOWN_TICKS).min(SHOWN_MAX);
        for _ in 0..due {
            // Few flows have their turns at some ticks of a second.
            if awake < SHOWN_TICKS && self.ticks % u64::from(SHOWN_TICKS) >= u64::from(awake) {
                break;
            }
            let Some(id) = self.next_awake() else {
                break;
            };
            self.shown = Some(id);
            self.look_at_functions(tick, id);
            let Some((_, owner, others)) = self.both(tick.now, id) else { continue };
            let Some(view) = self.view(id, &owner, &others) else { continue };
            let shown = self.watched(id).map_or((0, 0), |watched| {
                let up = watched.up.upgrade();
                let line = up.as_ref().and_then(|up| up.line.as_ref().ok());
                let bytes = line.map_or(0.0, |line| line.meter.counters().mean_bytes());
                (watched.sight.put(), bytes as u64)
            });
            recorder.show(tick.now, &view, shown);
        }
    }

    /// Whose turn it is.
    fn next_awake(&self) -> Option<FifoId> {
        let next = self.shelves.next_awake(self.shown);
        next.or_else(|| self.shelves.next_awake(None))
    }
}
