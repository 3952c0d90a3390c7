//! What sites say to each other about the log, as bytes.

use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, TransferLeaderRequest, TransferLeaderResponse,
    VoteRequest, VoteResponse,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use swell_core::council::entry::Entry;

use crate::log::Change;
use crate::types::{SnapshotMeta, Types, Vote};

/// The form of messages; sites that speak another do not understand each other.
const VERSION: u8 = 2;

/// The longest message, in bytes: a snapshot is the longest.
pub const MESSAGE_MAX: usize = 32 << 20;

/// What a site asks of another.
#[derive(Debug, Serialize, Deserialize)]
pub enum Request {
    /// The leader gives entries, or shows that it is there.
    Append(AppendEntriesRequest<Types>),
    /// A candidate asks for a vote.
    Vote(VoteRequest<Types>),
    /// A site asks whether it would get a vote (Ongaro, dissertation, section 9.6).
    PreVote(VoteRequest<Types>),
    /// The leader hands over.
    Transfer(TransferLeaderRequest<Types>),
    /// The leader gives a snapshot in place of entries it does not have any more.
    Snapshot {
        /// The leader's vote.
        vote: Vote,
        /// What it stands for.
        meta: SnapshotMeta,
        /// The image of the state.
        image: Vec<u8>,
    },
    /// A site wants an entry in the log, with its vote right behind it where that is a proposal;
    /// the leader puts them there.
    Propose(Vec<Entry>),
    /// Up to where must a site have applied to read what was decided before now?
    ReadIndex,
    /// A site wants a change of members; the leader makes it.
    Change(Change),
}

/// What it is answered.
#[derive(Debug, Serialize, Deserialize)]
pub enum Reply {
    /// To entries.
    Append(AppendEntriesResponse<Types>),
    /// To a candidate, or who might become one.
    Vote(VoteResponse<Types>),
    /// To who shall lead.
    Transfer(TransferLeaderResponse<Types>),
    /// To a snapshot: the vote of who answers.
    Snapshot(Vote),
    /// It is in the log and committed.
    Committed,
    /// The log's index that has to be applied.
    ReadIndex(u64),
    /// The members are changed.
    Changed,
    /// Another leads, or nobody.
    NotLeader(Option<u64>),
    /// It is not done, as told; the same again would not be either.
    Refused(String),
    /// It is not done, as told; later it may be.
    Unable(String),
    /// Who asks is no member.
    NotMember,
}

impl Request {
    /// What it is, in a word.
    pub fn name(&self) -> &'static str {
        match self {
            Request::Append(rpc) if rpc.entries.is_empty() => "heartbeat",
            Request::Append(_) => "entries",
            Request::Vote(_) => "vote",
            Request::PreVote(_) => "pre-vote",
            Request::Transfer(_) => "transfer",
            Request::Snapshot { .. } => "snapshot",
            Request::Propose(_) => "proposal",
            Request::ReadIndex => "read",
            Request::Change(_) => "change",
        }
    }
}

/// As bytes.
pub fn encode<T: Serialize>(message: &T) -> Vec<u8> {
    let start = vec![VERSION];
    postcard::to_extend(message, start).expect("what is in memory can be written to memory")
}

/// From bytes; a reason if they are no message.
pub fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, String> {
    match bytes.split_first() {
        Some((&VERSION, payload)) => match postcard::take_from_bytes(payload) {
            Ok((message, [])) => Ok(message),
            _ => Err("the message is cut or changed".to_owned()),
        },
        Some((version, _)) => Err(format!(
            "the message has form {version}, and this program knows {VERSION}: bring both sites \
             to the same release"
        )),
        None => Err("the message is empty".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use openraft::vote::RaftVote;

    #[test]
    fn what_is_no_message_is_told_apart() {
        let vote = Vote::from_leader_id(openraft::vote::RaftLeaderId::new(3, 2), false);
        let bytes = encode(&Request::Vote(VoteRequest::new(vote, None)));
        assert!(matches!(decode(&bytes), Ok(Request::Vote(request)) if request.vote == vote));
        for cut in 0..bytes.len() {
            assert!(decode::<Request>(&bytes[..cut]).is_err(), "cut at {cut}");
        }
        let mut longer = bytes.clone();
        longer.push(0);
        assert!(decode::<Request>(&longer).is_err());
        let mut other = bytes;
        other[0] = 9;
        assert!(decode::<Request>(&other).is_err_and(|why| why.contains("same release")));
    }
}
