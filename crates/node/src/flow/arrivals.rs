//! Flows that come from another node: what arrives is kept aside, on disk, until all of it is
//! there and the other node has let go.
//!
//! Invariant: a flow begins here only when the node that had it says so after it wrote down
//! that it is gone, so at no time do two nodes take items out of it. A stream that breaks off
//! leaves both as they were.

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use swell_api::flow::NATIVE;
use swell_fifo::layout::LANES_MAX;
use swell_link::purpose::check_name;

use crate::deploy::bounds::is_name;
use crate::flow::arriving::{Arriving, Refused};
use crate::flow::flows::Flows;
use crate::flow::keep::Keep;
use crate::flow::records::FlowRecord;
use crate::flow::up::gone;
use crate::flow::wire::{Chunk, Move, Offer, Seal, at_home, function_of, parse, text};

/// The ending of the folder that a flow arrives in; no flow's name has it.
const ARRIVING: &str = "arriving";
/// The file that says that all is there.
const SEALED: &str = "sealed.json";

/// A flow that is all here.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Sealed {
    peer: String,
    offer: Offer,
}

impl Flows {
    /// Another node would send a flow here.
    pub(crate) fn take_offer(&self, peer: &str, offer: Offer) -> Result<(), Refused> {
        let (name, home) = (offer.spec.name.clone(), self.home()?);
        let problems = self.problems(&offer.spec, &offer.spec.from);
        if !problems.is_empty() {
            return Err((
                409,
                format!("the flow `{name}` cannot be here: {}", problems.join("; ")),
            ));
        }
        for lane in &offer.lanes {
            check_lane(lane).map_err(|why| (400, why))?;
            // Who has no node in its name was there before its node spoke to others.
            let called = offer.called.get(lane).unwrap_or(lane);
            if called != lane && called != function_of(lane) {
                let called = called.escape_default();
                return Err((400, format!("items of `{lane}` are not called after `{called}`")));
            }
        }
        let lanes: Vec<String> = offer.lanes.iter().map(|lane| at_home(lane, &home)).collect();
        let own = offer.spec.from.iter().filter(|from| !lanes.contains(from));
        if lanes.len() + own.count() > LANES_MAX {
            return Err((409, format!("the flow `{name}` has more than {LANES_MAX} lanes")));
        }
        self.is_newer(&name, offer.term)?;
        if let Some(sealed) = self.sealed(&name)
            && (sealed.peer != peer || sealed.offer.term >= offer.term)
        {
            let other = &sealed.peer;
            return Err((409, format!("`{name}` has come from `{other}` and begins soon")));
        }
        let folder = self.arriving(&name);
        let opened = || -> io::Result<BTreeMap<String, Keep>> {
            remove(&folder)?;
            fs::create_dir_all(&folder)?;
            let keep = |lane: &String| {
                Ok((lane.clone(), Keep::open(folder.join(lane), offer.spec.disk_bytes)?))
            };
            lanes.iter().map(keep).collect()
        };
        let keeps = opened().map_err(|error| unkept(&error))?;
        let arriving = Arriving { peer: peer.to_string(), offer, keeps };
        self.arrivals.0.lock().insert(name, arriving);
        Ok(())
    }

    /// Some items of a flow arrived. Those that were here already are passed over.
    pub(crate) fn take_items(&self, peer: &str, chunk: &Chunk) -> Result<(), Refused> {
        let home = self.home()?;
        let (flow, term) = (&chunk.head.flow, chunk.head.term);
        let mut arrivals = self.arrivals.0.lock();
        let arriving = arrivals.get_mut(flow).filter(|one| one.is_of(peer, term));
        let arriving = arriving.ok_or_else(|| stale(flow, term))?;
        let most = arriving.offer.spec.disk_bytes;
        let lane = at_home(&chunk.head.lane, &home);
        let keep = arriving.keeps.get_mut(&lane);
        let keep = keep.ok_or_else(|| (400, format!("no lane `{lane}` was offered")))?;
        if chunk.first > keep.next() {
            // What lies between was done with before it could be sent; the seal checks that.
            keep.finish(chunk.first).map_err(|error| unkept(&error))?;
        }
        let numbered = (chunk.first..).zip(&chunk.items);
        let due = keep.next();
        for (sequence, item) in numbered.filter(|(sequence, _)| *sequence >= due) {
            if !keep.has_room(item.len()) {
                let why = format!("the lane `{lane}` has more than its {most} bytes of disk");
                return Err((507, why));
            }
            keep.append(sequence, item).map_err(|error| unkept(&error))?;
        }
        Ok(())
    }

    /// All of a flow should be here by now. It is on the disk when this returns.
    pub(crate) fn take_seal(&self, peer: &str, seal: &Seal) -> Result<(), Refused> {
        let home = self.home()?;
        let mut arrivals = self.arrivals.0.lock();
        let arriving = arrivals.get_mut(&seal.flow).filter(|one| one.is_of(peer, seal.term));
        let arriving = arriving.ok_or_else(|| stale(&seal.flow, seal.term))?;
        for ends in &seal.lanes {
            let lane = at_home(&ends.lane, &home);
            let keep = arriving.keeps.get_mut(&lane);
            let keep = keep.ok_or_else(|| (400, format!("no lane `{lane}` was offered")))?;
            keep.finish(ends.first).map_err(|error| unkept(&error))?;
            let missing = (ends.next - ends.first.min(ends.next)).saturating_sub(keep.items());
            if missing > 0 || ends.first > ends.next {
                return Err((409, format!("{missing} items of the lane `{lane}` did not arrive")));
            }
            // An empty lane goes on with the numbers it had, too.
            keep.mark(ends.first).map_err(|error| unkept(&error))?;
            if let Some(file) = keep.file() {
                file.sync_data().map_err(|error| unkept(&error))?;
            }
        }
        let arriving = arrivals.remove(&seal.flow).expect("it was just there");
        let sealed = Sealed { peer: arriving.peer, offer: arriving.offer };
        let folder = self.arriving(&seal.flow);
        write_whole(&folder, SEALED, &text(&sealed)).map_err(|error| unkept(&error))
    }

    /// The other node let go: the flow begins here. Asked for again, nothing changes.
    pub(crate) async fn begin_here(
        self: &Arc<Self>,
        peer: &str,
        order: &Move,
    ) -> Result<(), Refused> {
        let name = &order.flow;
        let _turn = self.turns.of(name).await;
        // It has begun here already, and may have gone further since. One that is taken to be elsewhere
        // under this very term never began: what came of it is here.
        let has_begun = self.get(name).is_some_and(|up| {
            let known = up.record.lock().term;
            known > order.term || known == order.term && up.away.is_none()
        });
        if has_begun {
            return Ok(());
        }
        let sealed = self.sealed(name).filter(|sealed| sealed.peer == peer);
        let sealed = sealed.filter(|sealed| sealed.offer.term == order.term);
        let Sealed { offer, .. } = sealed.ok_or_else(|| stale(name, order.term))?;
        let former = self.get(name);
        let before = former.as_ref().map(|former| former.record.lock().clone());
        let before = before.unwrap_or_else(|| FlowRecord::new(offer.spec.clone()));
        let epoch = if former.is_some() { before.epoch.saturating_add(1) } else { 0 };
        let away = former.as_ref().and_then(|former| former.away.clone());
        if let Some(former) = former {
            self.take_down(&former).await;
            gone(former).await;
        }
        // No function is removed meanwhile that it names.
        let _everybody = self.turns.of_all().await;
        self.settle_in(name).map_err(|error| unkept(&error))?;
        let home = self.home()?;
        let remote: Vec<String> = offer.lanes.iter().map(|lane| at_home(lane, &home)).collect();
        let mut nodes = offer.nodes;
        nodes.remove(&*home);
        let called = offer.lanes.iter().map(|lane| {
            let called = offer.called.get(lane).unwrap_or(lane);
            (at_home(lane, &home), called.clone())
        });
        let mut record = FlowRecord {
            called: called.filter(|(lane, called)| lane != called).collect(),
            term: offer.term,
            identity: offer.identity,
            nodes,
            went: before.went,
            came: before.came + 1,
            moves: before.moves,
            ping_pongs: before.ping_pongs,
            // It may have had more owners since it was offered.
            epoch: offer.epoch.max(epoch),
            remote: remote.iter().filter(|it| !offer.spec.from.contains(it)).cloned().collect(),
            owner: offer.owner,
            pinned: offer.pinned,
            frozen: offer.frozen,
            rests: offer.rests,
            ..FlowRecord::new(offer.spec)
        };
        record.call_after(&home, |lane| remote.contains(lane));
        let saved = self.save(&record).await;
        saved.map_err(|refusal| (507, refusal.title.clone()))?;
        let folder = self.folder(name);
        // It only says what the record says by now.
        let _ = fs::remove_file(folder.join(SEALED));
        let up = self.bring_up(record);
        if let Err(why) = &up.line {
            tracing::error!(flow = %name, %why, "a flow that came did not come up");
        }
        if let Ok(line) = &up.line {
            let returns = up.record.lock().rests.returns();
            let _ = line.returns.set(returns);
            if returns > 0 {
                line.hands.lock().came_home();
            }
        }
        if let (Ok(line), Some(away)) = (&up.line, away) {
            line.meter.recall(&away.counts());
            // Nobody has put anything in yet.
            let due =
                line.lanes.iter().map(|lane| (lane.from.to_string(), (lane.born(), lane.due())));
            away.come_home(due.collect());
        }
        tracing::info!(flow = %name, from = %peer, "a flow came from another node");
        let record = up.record.lock().clone();
        self.put_in(up);
        self.errands.begin(&record);
        Ok(())
    }

    /// The other node keeps the flow.
    pub(crate) fn forget_offer(&self, peer: &str, order: &Move) {
        let mut arrivals = self.arrivals.0.lock();
        // An order that is late must not end a try that came after it.
        let was_open = arrivals.get(&order.flow).is_some_and(|one| one.is_of(peer, order.term));
        if was_open {
            arrivals.remove(&order.flow);
        }
        let sealed = self.sealed(&order.flow);
        let was_sealed = sealed.is_some_and(|one| one.peer == peer && one.offer.term == order.term);
        if was_open || was_sealed {
            // What stays is taken away by the next offer.
            let _ = remove(&self.arriving(&order.flow));
        }
    }

    /// Takes away what had begun to arrive before this node came up.
    pub(crate) fn clear_arrivals(&self) {
        let Ok(entries) = fs::read_dir(self.folder("")) else { return };
        for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
            let is_arriving = path.extension().is_some_and(|ending| ending == ARRIVING);
            if is_arriving && !path.join(SEALED).exists() {
                let _ = remove(&path);
            }
        }
    }

    /// The name of this node among nodes.
    pub(crate) fn home(&self) -> Result<Arc<str>, Refused> {
        let link = self.parts.links.get();
        link.map(|link| link.name).ok_or_else(|| (503, "it speaks to no nodes".to_string()))
    }

    fn is_newer(&self, name: &str, term: u32) -> Result<(), Refused> {
        let Some(up) = self.get(name) else { return Ok(()) };
        let record = up.record.lock();
        if record.moved.is_none() {
            return Err((409, format!("a flow `{name}` is here already")));
        }
        if record.term >= term { Err(stale(name, term)) } else { Ok(()) }
    }

    fn arriving(&self, name: &str) -> PathBuf {
        self.folder(name).with_extension(ARRIVING)
    }

    /// The flow of that name that is all here, whether or not its folder was moved by now.
    fn sealed(&self, name: &str) -> Option<Sealed> {
        let folders = [self.arriving(name), self.folder(name)];
        folders.iter().find_map(|folder| parse(&fs::read(folder.join(SEALED)).ok()?).ok())
    }

    /// Moves what arrived to where flows are.
    fn settle_in(&self, name: &str) -> io::Result<()> {
        let (from, to) = (self.arriving(name), self.folder(name));
        if from.exists() {
            remove(&to)?;
            fs::rename(&from, &to)?;
            fs::File::open(self.folder(""))?.sync_all()?;
        }
        Ok(())
    }
}

/// Lanes come with the names of their functions or processes and nodes, which become names of folders.
fn check_lane(lane: &str) -> Result<(), String> {
    let why = || format!("`{}` is no lane", lane.escape_default());
    let (function, node) = lane.split_once('@').ok_or_else(why)?;
    let name = function.strip_prefix(NATIVE).unwrap_or(function);
    let is_fine = is_name(name) && check_name(node).is_ok() && function_of(lane) == function;
    if is_fine { Ok(()) } else { Err(why()) }
}

fn stale(flow: &str, term: u32) -> Refused {
    (409, format!("term {term} of the flow `{flow}` is over, or was never offered"))
}

fn unkept(error: &io::Error) -> Refused {
    (507, format!("it could not be kept: {error}"))
}

fn remove(folder: &Path) -> io::Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Writes a file that is there whole or not at all.
fn write_whole(folder: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let draft = folder.join(format!("{name}.draft"));
    let mut file = fs::File::create(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(draft, folder.join(name))?;
    fs::File::open(folder)?.sync_all()
}
