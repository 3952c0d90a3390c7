//! What a caller has seen, so that no later read of its takes it back in time.
//!
//! A session carries, per group, the latest moment whose writes it knows of (its *floor*), and
//! for single contents the version it must not fall below (a *pin*). A copy may be read without
//! asking anybody if it was found valid at the floor or later and is not older than its pin.
//!
//! Each version carries the session of who wrote it, and who reads the version takes that up.
//! This is what makes causality hold across groups: a write in one group that follows a write
//! in another leads its readers to the other's floor, on whatever node they are. (Waiting for
//! the first write to be visible before making the second is not enough: it keeps *leaders* in
//! order, and a copy is read without asking one.)

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::cachegroup::names::{ContentId, GroupId, Payload, Sequence, Version};

/// So many contents are pinned one by one; beyond, a pin becomes a floor.
pub const PINS_MAX: usize = 16;

/// So many groups may be in a session that comes from outside.
pub const FLOORS_MAX: usize = 1024;

/// What a caller has seen.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Session {
    floors: BTreeMap<GroupId, Sequence>,
    pins: BTreeMap<ContentId, (GroupId, Version)>,
}

/// One version of a content, with all that is said of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Revision {
    /// Which.
    pub version: Version,
    /// Its bytes. None for a content that was deleted, or never written.
    pub payload: Option<Payload>,
    /// What its writer had seen.
    pub past: Session,
}

impl Session {
    /// The moment of the group that copies must be valid at.
    pub fn floor(&self, group: GroupId) -> Sequence {
        self.floors.get(&group).copied().unwrap_or(Sequence::START)
    }

    /// The version that copies must not be older than.
    pub fn pin(&self, content: ContentId) -> Version {
        self.pins.get(&content).map_or(Version::NEVER, |&(_, version)| version)
    }

    /// Takes up what another has seen.
    pub fn absorb(&mut self, other: &Session) {
        for (&group, &floor) in &other.floors {
            self.raise(group, floor);
        }
        for (&content, &(group, version)) in &other.pins {
            self.pin_to(content, group, version);
        }
    }

    /// Takes up that a version was read or written. `committed` is the moment the group
    /// learned of it; where that is not known (it came from the data store, or is not committed
    /// yet), the content itself is pinned.
    pub fn saw(
        &mut self,
        group: GroupId,
        content: ContentId,
        revision: &Revision,
        committed: Option<Sequence>,
    ) {
        self.absorb(&revision.past);
        match committed {
            Some(committed) => {
                self.raise(group, committed);
                if self.pin(content) <= revision.version {
                    self.pins.remove(&content);
                }
            }
            None => self.pin_to(content, group, revision.version),
        }
    }

    /// Raises the floor of a group.
    pub fn raise(&mut self, group: GroupId, floor: Sequence) {
        if floor > self.floor(group) {
            self.floors.insert(group, floor);
        }
    }

    /// Too many pins: the oldest becomes a floor that no copy of its version's reign reaches.
    /// A later reign has looked at the data store after that version was there.
    fn pin_to(&mut self, content: ContentId, group: GroupId, version: Version) {
        if version <= self.pin(content) {
            return;
        }
        self.pins.insert(content, (group, version));
        if self.pins.len() > PINS_MAX {
            let oldest =
                self.pins.iter().min_by_key(|&(content, &(_, version))| (version, content));
            let (&content, &(group, version)) = oldest.expect("there are pins");
            self.pins.remove(&content);
            self.raise(group, Sequence::end_of(version.epoch));
        }
    }

    /// As bytes, to give to the caller.
    pub fn to_bytes(&self) -> Vec<u8> {
        postcard::to_allocvec(self).expect("maps of numbers always become bytes")
    }

    /// From bytes that a caller gave; nothing if they are not a session of bearable size. A
    /// caller can lie about what it saw and thereby ask for fresher data, or older.
    pub fn from_bytes(bytes: &[u8]) -> Option<Session> {
        let (session, rest) = postcard::take_from_bytes::<Session>(bytes).ok()?;
        let fits = session.floors.len() <= FLOORS_MAX && session.pins.len() <= PINS_MAX;
        (fits && rest.is_empty()).then_some(session)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cachegroup::names::Epoch;

    const GROUP: GroupId = GroupId(1);

    fn version(counter: u64) -> Version {
        Version { tenure: 0, epoch: Epoch(1), counter }
    }

    fn at(counter: u64) -> Sequence {
        Sequence { epoch: Epoch(1), counter }
    }

    fn revision(counter: u64) -> Revision {
        Revision { version: version(counter), ..Revision::default() }
    }

    #[test]
    fn floors_only_rise() {
        let mut session = Session::default();
        session.saw(GROUP, ContentId(1), &revision(1), Some(at(5)));
        session.saw(GROUP, ContentId(2), &revision(2), Some(at(3)));
        assert_eq!(session.floor(GROUP), at(5));
        assert_eq!(session.floor(GroupId(2)), Sequence::START);
    }

    #[test]
    fn what_its_writer_had_seen_is_seen() {
        let mut writer = Session::default();
        writer.saw(GROUP, ContentId(1), &revision(1), Some(at(5)));
        let mut reader = Session::default();
        let written = Revision { past: writer, ..revision(9) };
        reader.saw(GroupId(2), ContentId(2), &written, Some(at(1)));
        assert_eq!(reader.floor(GROUP), at(5));
    }

    #[test]
    fn a_pin_goes_when_the_group_knows_of_its_version() {
        let mut session = Session::default();
        session.saw(GROUP, ContentId(1), &revision(4), None);
        assert_eq!(session.pin(ContentId(1)), version(4));
        session.saw(GROUP, ContentId(1), &revision(3), Some(at(1)));
        assert_eq!(session.pin(ContentId(1)), version(4), "an older one does not unpin");
        session.saw(GROUP, ContentId(1), &revision(4), Some(at(2)));
        assert_eq!(session.pin(ContentId(1)), Version::NEVER);
    }

    #[test]
    fn pins_beyond_the_limit_become_a_floor() {
        let mut session = Session::default();
        for content in 0..=PINS_MAX as u64 {
            session.saw(GROUP, ContentId(u128::from(content)), &revision(content + 1), None);
        }
        assert_eq!(session.pins.len(), PINS_MAX);
        assert_eq!(session.pin(ContentId(0)), Version::NEVER);
        assert_eq!(session.floor(GROUP), Sequence::end_of(Epoch(1)));
    }

    #[test]
    fn bytes_are_taken_whole_or_not_at_all() {
        let mut session = Session::default();
        session.saw(GROUP, ContentId(1), &revision(4), None);
        session.saw(GROUP, ContentId(2), &revision(5), Some(at(7)));
        let bytes = session.to_bytes();
        assert_eq!(Session::from_bytes(&bytes), Some(session));
        assert_eq!(Session::from_bytes(&bytes[..bytes.len() - 1]), None);
        assert_eq!(Session::from_bytes(&[bytes, vec![0]].concat()), None);
        assert_eq!(Session::from_bytes(b"\xff\xff\xff\xff\xff"), None);
    }
}
