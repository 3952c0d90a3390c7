//! The rows of the data store's table as objects: where each lies, and its bytes.

use bytes::Bytes;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use swell_core::cachegroup::names::{ContentId, Epoch, GroupId, Version};
use swell_core::cachegroup::store_table::{ContentRow, GroupRow};
use swell_core::cachegroup::voters::Voters;

use crate::naming::{ContentName, escape};

/// A row of the data store's table, which begins with what it is and how it is written.
pub trait Row: Serialize + DeserializeOwned + Default + Clone + PartialEq {
    /// What its bytes begin with. Programs refuse a row that begins otherwise, so that none that
    /// does not know all of it changes it.
    const FORMAT: &'static [u8];

    /// A row as an earlier program wrote it.
    fn of_earlier(_bytes: &[u8]) -> Option<Self> {
        None
    }
}

/// What rows began with before there was any other beginning.
const FIRST: &[u8] = b"swell1";

impl Row for ContentObject {
    const FORMAT: &'static [u8] = FIRST;
}

impl Row for GroupRow {
    const FORMAT: &'static [u8] = b"swell2";

    /// Without its voters: nobody's settings differed, or so it was hoped.
    fn of_earlier(bytes: &[u8]) -> Option<Self> {
        let (epoch, leader) = postcard::from_bytes(bytes.strip_prefix(FIRST)?).ok()?;
        Some(GroupRow { epoch: Epoch(epoch), leader, voters: Voters::default() })
    }
}

/// The object of a content's row.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ContentObject {
    /// What it is called, once somebody who knew had to do with it.
    pub name: Option<ContentName>,
    /// The row.
    pub row: ContentRow,
}

/// Where the row of a content is.
pub fn content_key(content: ContentId) -> String {
    let (workload, rest) = halves(content);
    format!("rows/{workload:08x}/{rest:024x}")
}

/// Where the row of a group is.
pub fn group_key(group: GroupId) -> String {
    format!("groups/{:08x}", group.0)
}

/// Where the bytes of a version are.
pub fn blob_key(content: ContentId, version: Version) -> String {
    let (workload, rest) = halves(content);
    format!("blobs/{workload:08x}/{rest:024x}/{version}")
}

/// Where it is said that a content of this name was written.
pub fn name_key(name: &ContentName) -> String {
    format!("{}/{}", names_key(name.workload()), escape(name.name()))
}

/// Where the names of a workload's contents are.
pub fn names_key(workload: &str) -> String {
    format!("names/{workload}")
}

/// Where the rows of a group's contents are.
pub fn rows_key(group: GroupId) -> String {
    format!("rows/{:08x}", group.0)
}

/// Where the bytes of a content's versions are, and the content, by the last part of its row's key.
pub fn blobs_key(group: GroupId, rest: &str) -> Option<(String, ContentId)> {
    let number = u128::from_str_radix(rest, 16).ok()?;
    let content = ContentId(u128::from(group.0) << 96 | number);
    (content_key(content).rsplit('/').next() == Some(rest))
        .then(|| (format!("blobs/{:08x}/{rest}", group.0), content))
}

fn halves(content: ContentId) -> (u32, u128) {
    ((content.0 >> 96) as u32, content.0 & (u128::MAX >> 32))
}

/// A row as bytes.
pub fn to_bytes<R: Row>(row: &R) -> Bytes {
    let begun = R::FORMAT.to_vec();
    postcard::to_extend(row, begun).expect("rows of numbers always become bytes").into()
}

/// A row from bytes; nothing if they are none, or of a later program.
pub fn of_bytes<R: Row>(bytes: &[u8]) -> Option<R> {
    match bytes.strip_prefix(R::FORMAT) {
        Some(row) => postcard::from_bytes(row).ok(),
        None => R::of_earlier(bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use swell_core::cachegroup::names::NodeId;

    #[test]
    fn rows_come_back_and_others_are_refused() {
        let name = ContentName::new("shop", "a/b").expect("a name");
        let row = ContentRow { group: Some(name.group()), ..ContentRow::default() };
        let object = ContentObject { name: Some(name), row };
        let bytes = to_bytes(&object);
        assert_eq!(of_bytes::<ContentObject>(&bytes), Some(object));
        assert_eq!(of_bytes::<ContentObject>(&bytes[..bytes.len() - 1]), None);
        assert_eq!(of_bytes::<ContentObject>(b"swell2"), None);
        assert_eq!(of_bytes::<ContentObject>(b""), None);
    }

    #[test]
    fn a_group_of_an_earlier_program_has_no_voters_yet() {
        let leader = Some(NodeId(7));
        let earlier = postcard::to_extend(&(3_u64, leader), FIRST.to_vec()).expect("plain data");
        let row = of_bytes::<GroupRow>(&earlier).expect("it is understood");
        assert_eq!(row, GroupRow { epoch: Epoch(3), leader, voters: Voters::default() });
        let voters = row.voters.followed_by(vec![NodeId(7), NodeId(8)]);
        let row = GroupRow { voters, ..row };
        assert_eq!(of_bytes::<GroupRow>(&to_bytes(&row)), Some(row.clone()));
        assert_eq!(to_bytes(&row).strip_prefix(FIRST), None, "an earlier program leaves it alone");
    }

    #[test]
    fn keys_say_whose_they_are() {
        let content = ContentId(0x1234_5678 << 96 | 0xab);
        assert_eq!(content_key(content), "rows/12345678/0000000000000000000000ab");
        let version = Version::NEVER;
        assert_eq!(blob_key(content, version), "blobs/12345678/0000000000000000000000ab/0.0.0");
        let name = ContentName::new("shop", "a/b").expect("a name");
        assert_eq!(name_key(&name), "names/shop/a=2Fb");
        let (group, rest) = (GroupId(0x1234_5678), "0000000000000000000000ab");
        assert_eq!(content_key(content), format!("{}/{rest}", rows_key(group)));
        let (blobs, found) = blobs_key(group, rest).expect("a content");
        assert_eq!((blob_key(content, version), found), (format!("{blobs}/0.0.0"), content));
        for wrong in ["", "ab", "+000000000000000000000ab", "0000000000000000000000AB"] {
            assert_eq!(blobs_key(group, wrong), None, "{wrong}");
        }
    }
}
