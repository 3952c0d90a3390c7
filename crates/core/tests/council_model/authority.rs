//! A move that was approved, and everybody who may act for the workload meanwhile.

use std::collections::BTreeMap;

use stateright::{Model, Property};
use swell_core::council::entry::{Command, News, Reason};
use swell_core::council::fence::Fence;
use swell_core::council::order::{Order, Task, orders, runs};
use swell_core::council::rules::{Counting, Defects};
use swell_core::council::state::State;
use swell_core::council::words::{Epoch, ProposalId};
use swell_core::ids::SiteId;
use swell_core::time::Span;

use crate::stage::{Known, SHOP, SITES, search};

const ONE: &str = "one site acts in an epoch";
const ONWARDS: &str = "no site acts in an epoch before its last";
const SERVED: &str = "it runs somewhere";
const MOVED: &str = "it is moved";
const BACK: &str = "it is taken back";
const ON: &str = "it is moved on";

/// What is broken on purpose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flaw {
    None,
    /// What is approved is carried out under the epoch that was.
    Unfenced,
    /// Hands act without asking their fence.
    OpenFence,
    /// A fence does not outlast its program.
    ForgetfulFence,
}

/// How often each thing may go wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
struct Left {
    crashes: u8,
    ticks: u8,
    stops: u8,
    orders: u8,
    freezes: u8,
}

struct Moving {
    flaw: Flaw,
    left: Left,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Site {
    /// The log as it has read it.
    known: Known,
    life: u64,
    /// Kept on disk.
    fence: Fence,
    is_running: bool,
    /// An epoch in which it set out to act, and has not yet.
    frozen: Option<Epoch>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct World {
    log: Known,
    sites: Vec<Site>,
    /// Who acted in an epoch, and in which each site did last.
    actors: BTreeMap<Epoch, u32>,
    last: BTreeMap<u32, Epoch>,
    left: Left,
    broken: Option<&'static str>,
}

impl std::hash::Hash for World {
    fn hash<H: std::hash::Hasher>(&self, hasher: &mut H) {
        (&self.log, self.left, self.broken).hash(hasher);
        for site in &self.sites {
            (&site.known, site.life, site.is_running).hash(hasher);
            format!("{:?} {:?}", site.fence, site.frozen).hash(hasher);
        }
        format!("{:?} {:?}", self.actors, self.last).hash(hasher);
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Deed {
    /// A site reads all that is in the log.
    Read(u32),
    /// It does the first thing that it is ordered to, and tells.
    Work(u32),
    /// It acts as the authority that it believes to be.
    Act(u32),
    /// It sets out to, and stops in the middle.
    Freeze(u32),
    /// It goes on.
    Thaw(u32),
    /// It stops what it runs for no reason any more.
    Clear(u32),
    /// It falls, and comes back with its snapshot.
    Crash(u32),
    /// Longer than a step may take goes by.
    Tick,
    /// The move is taken back by who ordered it.
    Stop,
    /// The workload is ordered to the third site, and all are for it.
    Order,
}

fn authority(state: &State) -> (SiteId, Epoch) {
    let authority = state.workloads[&SHOP].authority;
    (authority.holder, authority.epoch)
}

/// An order of the first site that all vote for.
fn ordered(log: &Known, destination: u32) -> Option<Known> {
    let filed = log.after(0, 1, Command::Propose(Box::new(log.order(destination))))?;
    let (proposal, reason) = (ProposalId(filed.state.index), Reason::Ordered);
    let vote = |log: Known, by: u32| {
        let vote = Command::Vote { proposal, yes: true, reason, claim_ppm: 0 };
        // Once it is decided further votes are refused.
        log.after(by, 1, vote).unwrap_or(log)
    };
    let voted = (0..SITES).fold(filed, vote);
    voted.state.open.get(&proposal)?.movement?;
    Some(voted)
}

impl Moving {
    fn begin(&self) -> World {
        let defects = Defects { unfenced: true, ..Defects::default() };
        let counting = match self.flaw {
            Flaw::Unfenced => Counting::Founding(defects),
            _ => Counting::Weighted,
        };
        let log = ordered(&Known::begin(counting), 1).expect("all are for it");
        let site = |id: u32| Site {
            known: log.clone(),
            life: 1,
            fence: Fence::default(),
            is_running: id == 0,
            frozen: None,
        };
        let sites = (0..SITES).map(site).collect();
        let (actors, last) = Default::default();
        World { sites, log, actors, last, left: self.left, broken: None }
    }

    /// Whether the fence of a site lets something through.
    fn passes(&self, site: &mut Site, epoch: Epoch) -> bool {
        site.fence.pass(SHOP, epoch).is_ok() || self.flaw == Flaw::OpenFence
    }

    fn act(&self, world: &mut World, by: u32, epoch: Epoch) -> Option<()> {
        self.passes(&mut world.sites[by as usize], epoch).then_some(())?;
        if *world.actors.entry(epoch).or_insert(by) != by {
            world.broken = Some(ONE);
        }
        let last = world.last.insert(by, epoch);
        if last.is_some_and(|last| last > epoch) {
            world.broken = Some(ONWARDS);
        }
        Some(())
    }

    fn work(&self, world: &mut World, by: u32) -> Option<()> {
        let site = &mut world.sites[by as usize];
        let Order { proposal, epoch, task, .. } =
            orders(&site.known.state, SiteId(by)).into_iter().next()?;
        self.passes(site, epoch).then_some(())?;
        let news = match task {
            Task::Start => News::Started,
            Task::Prove => News::Healthy,
            Task::Shift { parts, .. } => News::Shifted(parts),
            Task::Drain => News::Drained,
            Task::TakeBack => News::Returned,
        };
        site.is_running |= task == Task::Start;
        let told = Command::Report { proposal, epoch, news, why: None };
        if let Some(log) = world.log.after(by, site.life, told) {
            world.log = log;
        }
        Some(())
    }

    fn clear(&self, world: &mut World, by: u32) -> Option<()> {
        let site = &mut world.sites[by as usize];
        let is_over = site.is_running && !runs(&site.known.state, SiteId(by), SHOP);
        is_over.then_some(())?;
        let (_, epoch) = authority(&site.known.state);
        self.passes(site, epoch).then_some(())?;
        site.is_running = false;
        if world.sites.iter().all(|site| !site.is_running) {
            world.broken = Some(SERVED);
        }
        Some(())
    }

    fn crash(&self, world: &mut World, by: u32) -> Option<()> {
        world.left.crashes = world.left.crashes.checked_sub(1)?;
        // Its snapshot is of when the move was approved.
        let begin = self.begin().sites.remove(by as usize);
        let site = &mut world.sites[by as usize];
        let forgets = self.flaw == Flaw::ForgetfulFence;
        let fence = if forgets { Fence::default() } else { site.fence.clone() };
        *site = Site { life: site.life + 1, fence, is_running: site.is_running, ..begin };
        Some(())
    }

    fn in_log(world: &mut World, by: u32, command: Command) -> Option<()> {
        world.log = world.log.after(by, world.sites[by as usize].life, command)?;
        Some(())
    }
}

impl Model for Moving {
    type State = World;
    type Action = Deed;

    fn init_states(&self) -> Vec<World> {
        vec![self.begin()]
    }

    fn actions(&self, world: &World, deeds: &mut Vec<Deed>) {
        if world.broken.is_some() {
            return;
        }
        let each: [fn(u32) -> Deed; 7] =
            [Deed::Read, Deed::Work, Deed::Act, Deed::Freeze, Deed::Thaw, Deed::Clear, Deed::Crash];
        deeds.extend((0..SITES).flat_map(|by| each.map(|deed| deed(by))));
        deeds.extend([Deed::Tick, Deed::Stop, Deed::Order]);
    }

    fn next_state(&self, world: &World, deed: Deed) -> Option<World> {
        let mut next = world.clone();
        let held = |by: u32| {
            let (holder, epoch) = authority(&world.sites[by as usize].known.state);
            (holder == SiteId(by)).then_some(epoch)
        };
        match deed {
            Deed::Read(by) => next.sites[by as usize].known = world.log.clone(),
            Deed::Work(by) => self.work(&mut next, by)?,
            Deed::Act(by) => self.act(&mut next, by, held(by)?)?,
            Deed::Freeze(by) => {
                next.left.freezes = world.left.freezes.checked_sub(1)?;
                next.sites[by as usize].frozen = Some(held(by)?);
            }
            Deed::Thaw(by) => {
                let epoch = next.sites[by as usize].frozen.take()?;
                self.act(&mut next, by, epoch)?;
            }
            Deed::Clear(by) => self.clear(&mut next, by)?,
            Deed::Crash(by) => self.crash(&mut next, by)?,
            Deed::Tick => {
                next.left.ticks = world.left.ticks.checked_sub(1)?;
                for _ in 0..STEP_TICKS {
                    let at = next.log.state.now + Span::from_mins(3);
                    Self::in_log(&mut next, 0, Command::Tick { at })?;
                }
            }
            Deed::Stop => {
                next.left.stops = world.left.stops.checked_sub(1)?;
                let proposal = *world.log.state.open.keys().next()?;
                Self::in_log(&mut next, 0, Command::Withdraw { proposal })?;
            }
            Deed::Order => {
                next.left.orders = world.left.orders.checked_sub(1)?;
                let is_first_life = world.sites.iter().all(|site| site.life == 1);
                next.log = is_first_life.then(|| ordered(&world.log, 2)).flatten()?;
            }
        }
        (next != *world).then_some(next)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always(ONE, |_, world: &World| world.broken != Some(ONE)),
            Property::always(ONWARDS, |_, world: &World| world.broken != Some(ONWARDS)),
            Property::always(SERVED, |_, world: &World| world.broken != Some(SERVED)),
            Property::sometimes(MOVED, |_, world: &World| world.actors.values().any(|by| *by == 1)),
            Property::sometimes(BACK, |_, world: &World| {
                let acted = world.actors.values();
                acted.clone().any(|by| *by == 1) && acted.last() == Some(&0)
            }),
            Property::sometimes(ON, |_, world: &World| world.actors.values().any(|by| *by == 2)),
        ]
    }
}

/// So many ticks use up the time of a step, however long they are.
const STEP_TICKS: usize = 4;

/// So many at most are looked at.
const STATES: usize = 60_000;

#[test]
fn authority_is_never_twofold_while_a_move_goes_on_or_back() {
    let none = Left { crashes: 0, ticks: 0, stops: 0, orders: 0, freezes: 0 };
    for (name, left, expected) in [
        ("a crash", Left { crashes: 1, ..none }, vec![MOVED]),
        ("taken back", Left { stops: 1, ..none }, vec![MOVED, BACK]),
        ("late", Left { freezes: 1, stops: 1, ..none }, vec![MOVED, BACK]),
        ("overdue", Left { ticks: 1, ..none }, vec![MOVED, BACK]),
        ("moved on", Left { stops: 1, orders: 1, ..none }, vec![MOVED, BACK, ON]),
    ] {
        let found = search(name, Moving { flaw: Flaw::None, left }, &[], STATES);
        let always = [ONE, ONWARDS, SERVED];
        assert!(always.iter().all(|law| !found.discovered.contains(law)), "{name}");
        assert!(expected.iter().all(|wanted| found.discovered.contains(wanted)), "{name}");
    }
}

#[test]
fn each_flaw_of_authority_is_found_out() {
    let left = Left { crashes: 1, ticks: 0, stops: 1, orders: 0, freezes: 1 };
    for (flaw, law) in
        [(Flaw::Unfenced, ONE), (Flaw::OpenFence, ONWARDS), (Flaw::ForgetfulFence, ONWARDS)]
    {
        let found = search(&format!("{flaw:?}"), Moving { flaw, left }, &[law], STATES);
        assert!(found.discovered.contains(law), "{flaw:?}");
    }
}
