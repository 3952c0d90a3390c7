//! Once a slot is over: what all sites used is read, forecast, and said in the log.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use swell_consensus::log::{LogError, Look};
use swell_core::council::entry::Command;
use swell_core::council::order::runs;
use swell_core::council::proposal::Cause;
use swell_core::council::propose::{Unrelieved, unrelieved};
use swell_core::council::words::{Criticality, Slot, WorkloadId};
use swell_core::ids::SiteId;
use tokio::task::JoinSet;

use crate::site::Site;
use crate::troubles::About;
use swell_outlook::board::Board;
use swell_outlook::evacuation::Stranded;
use swell_outlook::naming::{Names, workload_id};
use swell_outlook::oddities::Noticed;
use swell_outlook::statements::{forecasts, observations, proposals, workloads};
use swell_outlook::{aftermath, failing, lost, maintained};

/// After so many slots it is kept what was learned.
const REMEMBER_EVERY: u64 = 15;

/// How long a board may take, at most.
const BOARD_MAX: Duration = Duration::from_secs(5);

impl Site {
    /// Does what a slot that is over asks for.
    pub(crate) async fn on_slot(self: &Arc<Self>, over: Slot) {
        let boards = self.boards().await;
        let rules = self.log.look(|state| state.rules);
        let (occasions, nodes) = (self.neighbours.occasions(), self.neighbours.nodes());
        let down = self.log.look(|state| {
            let members = state.members.keys().copied();
            members.filter(|site| state.maintenance.is_down(*site, over)).collect()
        });
        let site = self.clone();
        let seen = tokio::task::spawn_blocking(move || {
            let mut monitor = site.monitor.lock();
            monitor.excuse(down);
            monitor.see_nodes(over, nodes);
            monitor.on_slot(over, &boards, &occasions, &rules);
            drop(monitor);
            site.tell_what_is_odd(over);
        });
        if seen.await.is_err() {
            let why = "the monitor of this site broke: what it saw of a slot is lost";
            return self.note(About::Monitor, why);
        }
        self.is_well(About::Monitor);
        let doubted = self.look(|_, monitor| monitor.doubted().clone());
        self.log.look(|state| self.troubles.lock().review(state, |site| doubted.contains(&site)));
        for site in doubted {
            let name = self.names().site(site);
            let why = format!("site `{name}` tells of other calls than others saw answered there");
            self.note(About::Word(site), &why);
        }
        if over.0.is_multiple_of(REMEMBER_EVERY) {
            let site = self.clone();
            let kept = tokio::task::spawn_blocking(move || site.remember()).await;
            kept.unwrap_or_else(|error| self.note(About::Disk, &error.to_string()));
        }
        let (here, own) = (self.here(), self.board());
        let said = self.look(|state, monitor| {
            let mut said = workloads(state, monitor, self.me, &here);
            said.extend(observations(state, monitor, self.me));
            said.extend(forecasts(state, monitor, self.me));
            said.extend(aftermath::complaints(state, monitor, self.me));
            said.extend(self.nearness.lock().news(state, self.me));
            said.extend(maintained::statement(state, self.me, &own));
            said
        });
        self.say_all(said).await;
        self.own_what_is_held();
        let temper = self.settings.temper;
        let said = self.look(|state, monitor| {
            let joined = self.told.read().joined();
            let mut said = proposals(state, self.me, &joined, &temper);
            let is_there = |site: SiteId| self.is_reached(site);
            let mut filings =
                failing::proposals((state, &joined), monitor, self.me, &is_there, &temper);
            filings.extend(maintained::proposals((state, &joined), self.me, &is_there, &temper));
            if self.neighbours.there().is_some() {
                filings.extend(lost::proposals((state, &joined), self.me, &is_there, &temper));
            }
            said.extend(filings.into_iter().map(|it| Command::Propose(Box::new(it))));
            said
        });
        self.say_all(said).await;
        self.tell_what_is_stranded();
        self.tell_what_strays();
        self.tell_what_is_too_much();
        // Of all that is held elsewhere it is looked again what has changed.
        self.stood.lock().clear();
    }

    /// Notes what has to leave this site, or one that it stands in for, and has nowhere to go.
    fn tell_what_is_stranded(&self) {
        let (names, temper) = (self.names(), self.settings.temper);
        let is_there = |site: SiteId| self.is_reached(site);
        let found = self.log.look(|state| {
            let mut found = maintained::stranded(state, self.me, &is_there, &temper);
            if self.neighbours.there().is_some() {
                found.extend(lost::stranded(state, self.me, &is_there, &temper));
            }
            found
        });
        let told = found.iter().map(|of| (of.workload, stranding(of, &names)));
        for why in self.troubles.lock().these(About::Stranded, told.collect()) {
            tracing::warn!(site = self.me.0, "{why}");
        }
    }

    /// Notes that this site will be overloaded, where nothing can be done about it.
    fn tell_what_is_too_much(&self) {
        let (joined, temper) = (self.told.read().joined(), self.settings.temper);
        let found = self.log.look(|state| unrelieved(state, (self.me, &joined), self.me, &temper));
        match found {
            Some((metric, why)) => {
                let (metric, why) = (metric.name(), unrelieved_for(why));
                let why = format!(
                    "this site has, or soon will have, too much to do in {metric}, and no move helps: {why}"
                );
                self.note(About::Overload, &why);
            }
            None => self.is_well(About::Overload),
        }
    }

    /// Notes what is deployed here under a name that another site serves.
    fn tell_what_strays(&self) {
        let (names, here) = (self.names(), self.board().cards);
        let ours = self.kept.lock().ours().clone();
        let told: BTreeMap<WorkloadId, String> = self.log.look(|state| {
            let strays = here.keys().filter_map(|name| {
                let id = workload_id(name);
                let holder = state.workloads.get(&id)?.authority.holder;
                let is_stray = !runs(state, self.me, id) && !ours.contains(&id);
                let site = names.site(holder);
                let why = format!(
                    "`{name}` is deployed here, and is what site `{site}` serves under that name: \
                     calls go there; remove it here, or give it another name"
                );
                is_stray.then_some((id, why))
            });
            strays.collect()
        });
        for why in self.troubles.lock().these(About::Stray, told) {
            tracing::warn!(site = self.me.0, "{why}");
        }
    }

    /// Tells the node what was noticed in a slot about workloads that are this site's, so that of
    /// all sites one tells.
    fn tell_what_is_odd(&self, over: Slot) {
        let (noticed, slot) = self.look(|state, monitor| {
            let is_own = |one: &&Noticed| {
                let known = state.workloads.get(&workload_id(&one.anomaly.function));
                known.is_some_and(|known| known.authority.holder == self.me)
            };
            let noticed = monitor.oddities().noticed_in(over).filter(is_own).cloned();
            (noticed.collect::<Vec<Noticed>>(), state.rules.slot)
        });
        if !noticed.is_empty() {
            self.neighbours.on_noticed(noticed, slot);
        }
    }

    /// Boards of all members, each as it is when it comes.
    async fn boards(self: &Arc<Self>) -> BTreeMap<SiteId, Option<Board>> {
        let (members, slot) = self
            .log
            .look(|state| (state.members.keys().copied().collect::<Vec<_>>(), state.rules.slot));
        let most = Duration::from_nanos(slot.nanos() / 4).min(BOARD_MAX);
        let mut reads = JoinSet::new();
        for id in members.iter().copied().filter(|id| *id != self.me) {
            let Some(contact) = self.contacts.read().get(&id).cloned() else { continue };
            let site = self.clone();
            reads.spawn(async move {
                let asked = async {
                    let board = site.neighbours.read(&contact).await;
                    // The connection is there now.
                    let way = match board {
                        Ok(_) => site.neighbours.round_trip(&contact).await,
                        Err(_) => None,
                    };
                    board.map(|board| (board, way))
                };
                let read = tokio::time::timeout(most, asked).await;
                let late = || Err("it did not answer in time".to_string());
                (id, contact, read.unwrap_or_else(|_| late()))
            });
        }
        let mut boards: BTreeMap<SiteId, Option<Board>> =
            members.iter().map(|id| (*id, None)).collect();
        let own = self.board();
        *self.cards.write() = own.cards.clone();
        self.hear(self.me, &own);
        boards.insert(self.me, Some(own));
        while let Some(read) = reads.join_next().await {
            let Ok((id, contact, read)) = read else { continue };
            match read {
                Ok((board, way)) if board.contact.name == contact.name => {
                    self.is_well(About::Contact(id));
                    self.hear(id, &board);
                    if let Some(way) = way {
                        let round_us = u32::try_from(way.as_micros()).unwrap_or(u32::MAX);
                        self.nearness.lock().measure(id, round_us);
                    }
                    boards.insert(id, Some(board));
                }
                Ok((board, _)) => {
                    let (name, other) = (&contact.name, &board.contact.name);
                    let why = format!("where site `{name}` should be, site `{other}` answers");
                    self.note(About::Contact(id), &why);
                }
                Err(why) => tracing::debug!(site = %contact.name, %why, "a site is not reached"),
            }
        }
        self.note_reached(&boards.iter().map(|(id, board)| (*id, board.is_some())).collect());
        boards
    }

    /// Remembers who answered, and tells people whom that is news of.
    fn note_reached(&self, members: &BTreeMap<SiteId, bool>) {
        let reached = members.iter().filter(|(_, is_there)| **is_there).map(|(id, _)| *id);
        let before = std::mem::replace(&mut self.told.write().reached, reached.collect());
        let contacts = self.contacts.read();
        for (id, is_there) in turned(&before, members).filter(|(id, _)| *id != self.me) {
            let name = contacts.get(&id).map_or("", |contact| contact.name.as_str());
            match is_there {
                true => tracing::info!(site = name, "a site is reached"),
                false => tracing::warn!(site = name, "a site is not reached any more"),
            }
        }
    }

    /// What is deployed here.
    fn here(&self) -> BTreeMap<WorkloadId, Criticality> {
        let cards = self.cards.read();
        cards.iter().map(|(name, card)| (workload_id(name), card.criticality)).collect()
    }

    /// Writes down that what this site holds is its own: it stops that one day if another one has taken
    /// it over, and nothing else that is deployed here.
    pub(crate) fn own_what_is_held(&self) {
        let held: Vec<WorkloadId> = self.log.look(|state| {
            let held = state.workloads.iter().filter(|(_, of)| of.authority.holder == self.me);
            held.map(|(id, _)| *id).collect()
        });
        let mut kept = self.kept.lock();
        for workload in held {
            if let Err(error) = kept.own(workload) {
                drop(kept);
                return self.note(About::Disk, &error.to_string());
            }
        }
    }

    /// Says all of it at once, as the log groups what it writes.
    pub(crate) async fn say_all(self: &Arc<Self>, commands: Vec<Command>) {
        let mut saying = JoinSet::new();
        for command in commands {
            let site = self.clone();
            saying.spawn(async move { site.say(command, site.settings.patience).await });
        }
        while let Some(said) = saying.join_next().await {
            match said {
                Ok(Ok(decided)) => {
                    if let Err(refusal) = decided.outcome {
                        // Late by a moment, mostly; the next slot brings another chance.
                        tracing::debug!(%refusal, "the council refused what this site said");
                    }
                }
                Ok(Err(LogError::TimedOut)) => {
                    let why = "this site cannot reach a majority of the sites: it goes on serving \
                               and moves nothing";
                    self.note(About::Log, why);
                }
                Ok(Err(error)) => self.note(About::Log, &error.to_string()),
                Err(_) => {}
            }
        }
    }
}

/// Why a workload has to leave, and what is in its way.
fn stranding(of: &Stranded, names: &Names) -> String {
    let (workload, source) = (names.workload(of.workload), names.site(of.source));
    let why = match of.cause {
        Cause::Maintenance { .. } => "which will be down for maintenance",
        _ => "which is lost",
    };
    let nearly = match &of.nearly {
        Some((site, refusal)) => {
            let refusal = names.in_words(&refusal.to_string());
            format!("at `{}`, where most room is, {refusal}", names.site(*site))
        }
        None => "no other site takes it".to_string(),
    };
    format!("`{workload}` of site `{source}`, {why}, has nowhere to go: {nearly}")
}

/// Why nothing relieves a site.
fn unrelieved_for(why: Unrelieved) -> &'static str {
    match why {
        Unrelieved::NothingMoves => "nothing that it serves may move now",
        Unrelieved::NothingHelps => "none of what it serves takes enough of it",
        Unrelieved::NoRoom => "no other site has room for what would help",
        Unrelieved::TriedBefore => "what would help was voted down or taken back of late",
    }
}

/// Members of which it is news whether they are reached.
fn turned(
    before: &[SiteId],
    members: &BTreeMap<SiteId, bool>,
) -> impl Iterator<Item = (SiteId, bool)> {
    let told = members.iter().map(|(id, is_there)| (*id, *is_there));
    told.filter(move |(id, is_there)| before.contains(id) != *is_there)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_that_is_lost_is_told_of_once() {
        let (one, two, gone) = (SiteId(1), SiteId(2), SiteId(3));
        let told = |before: &[SiteId], two_is_there| {
            let members = BTreeMap::from([(one, true), (two, two_is_there)]);
            turned(before, &members).collect::<Vec<_>>()
        };
        assert_eq!(told(&[one, two, gone], false), [(two, false)], "who left is no news");
        assert!(told(&[one], false).is_empty(), "it was told before");
        assert_eq!(told(&[one], true), [(two, true)]);
    }
}
