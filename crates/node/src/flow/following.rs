//! How the watch follows the table of flows: it looks at those only that came or went.

use std::collections::BTreeMap;

use swell_core::flow::view::FifoId;

use crate::flow::changes::Change;
use crate::flow::looks::Looks;
use crate::flow::shelves::Watched;
use crate::flow::sight::LineSight;

impl Looks {
    /// Follows the table of flows, in which this changed; how many flows it looked at for that.
    pub(crate) fn follow(&mut self, changes: BTreeMap<FifoId, Change>) -> usize {
        let count = changes.len();
        for (id, change) in changes {
            let Change::Came(up) = change else {
                self.forget(id);
                continue;
            };
            let Some(strong) = up.upgrade() else { continue };
            let Ok(line) = &strong.line else { continue };
            if let Some(known) = self.shelves.get_mut(id) {
                known.up = up;
                continue;
            }
            let sight = LineSight::new(line, &mut self.functions);
            self.functions.hold(sight.functions(), !sight.is_alone());
            self.shelves.put(Watched { id, up, sight, owner: None }, line.meter.bell());
        }
        count
    }

    fn forget(&mut self, id: FifoId) {
        let Some(Watched { sight, .. }) = self.shelves.take(id) else { return };
        self.functions.let_go(sight.functions(), !sight.is_alone());
        self.gone.push(id);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::sync::Arc;

    use swell_core::time::Instant;

    use crate::flow::alone::flow_alone;
    use crate::flow::changes::Changes;
    use crate::flow::news::News;
    use crate::flow::records::FlowRecord;
    use crate::flow::up::Up;

    /// A flow that is up, with this number.
    fn up(news: &News, id: u32) -> Arc<Up> {
        let (line, _folder) = flow_alone(news, id, 0);
        let record = FlowRecord::new(line.spec.clone());
        Arc::new(Up { line: Ok(Arc::new(line)), ..Up::changing(record) })
    }

    #[test]
    fn a_change_costs_what_changed() {
        let (news, changes) = (News::default(), Changes::default());
        let mut looks = Looks::new(1.0, 0);
        let ids = |looks: &Looks| {
            let lines = looks.shelves.all.iter().flat_map(|shelf| &shelf.lines);
            lines.map(|watched| watched.id.0).collect::<Vec<_>>()
        };
        // Three blocks, and not in the order of their numbers.
        let ups: Vec<_> = [130, 5, 64, 63, 6, 131].map(|id| up(&news, id)).into();
        ups.iter().for_each(|up| changes.note(None, Some(up)));
        assert_eq!(looks.follow(changes.take()), 6);
        assert_eq!(ids(&looks), [5, 6, 63, 64, 130, 131]);
        assert_eq!((looks.shelves.all.len(), looks.shelves.count_awake()), (3, 6));
        assert_eq!(looks.follow(changes.take()), 0, "nothing changed");

        // One in place of another, one that goes, and one that nobody saw.
        let (next, unseen) = (up(&news, 200), up(&news, 201));
        changes.note(Some(&ups[1]), Some(&next));
        changes.note(Some(&ups[2]), None);
        changes.note(None, Some(&unseen));
        changes.note(Some(&unseen), None);
        assert_eq!(looks.follow(changes.take()), 3, "of those that are there it looks at none");
        assert_eq!(ids(&looks), [6, 63, 130, 131, 200]);
        assert_eq!(looks.take_gone(), [FifoId(5), FifoId(64)]);
        assert!(looks.sight(FifoId(64)).is_none() && looks.sight(FifoId(200)).is_some());
        let turns = [None, Some(6), Some(63), Some(64), Some(131), Some(200)];
        let turns = turns.map(|last| looks.shelves.next_awake(last.map(FifoId)));
        assert_eq!(turns.map(|id| id.map_or(0, |id| id.0)), [6, 63, 130, 130, 200, 0]);

        // The same flow with another record keeps what is known of it.
        looks.on_moved(Instant::ZERO, FifoId(200), 0);
        changes.note(Some(&next), None);
        changes.note(None, Some(&next));
        assert_eq!(looks.follow(changes.take()), 1);
        assert_eq!(looks.take_gone(), [] as [FifoId; 0]);
    }
}
