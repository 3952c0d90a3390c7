//! Openraft's messages to one other site.

use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bytes::Bytes;
use openraft::error::{
    NetworkError, RPCError, ReplicationClosed, StreamingError, Timeout, Unreachable,
};
use openraft::impls::BasicNode;
use openraft::network::RPCOption;
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, TransferLeaderRequest,
    TransferLeaderResponse, VoteRequest, VoteResponse,
};
use openraft::{OptionalSend, RPCTypes, RaftNetworkFactory, RaftNetworkV2};
use swell_core::ids::SiteId;

use crate::raft::carrier::{Carrier, CarryError, Urgency};
use crate::raft::vitals::Vitals;
use crate::raft::wire::{Reply, Request, decode, encode};
use crate::types::{Snapshot, Types, Vote, node, site};

/// Ways to other sites.
#[derive(Clone)]
pub(crate) struct Network {
    from: SiteId,
    carrier: Arc<dyn Carrier>,
    sent: Arc<AtomicU64>,
    vitals: Vitals,
}

/// The way to one site.
pub(crate) struct Way {
    network: Network,
    to: u64,
    address: String,
}

impl Network {
    pub(crate) fn new(from: SiteId, carrier: Arc<dyn Carrier>, vitals: Vitals) -> Self {
        Self { from, carrier, sent: Arc::default(), vitals }
    }

    /// Messages sent so far.
    pub(crate) fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Asks a site and waits for its answer.
    pub(crate) async fn ask(
        &self,
        to: u64,
        address: &str,
        urgency: Urgency,
        request: &Request,
        within: Duration,
    ) -> Result<Reply, CarryError> {
        let no_site = || CarryError::Unreachable(format!("{to} is no site"));
        let target = site(to).ok_or_else(no_site)?;
        let message = Bytes::from(encode(request));
        let number = self.sent.fetch_add(1, Ordering::Relaxed);
        tracing::trace!(number, site = to, bytes = message.len(), what = request.name(), "asked");
        let answer = self.carrier.call(target, address, urgency, message, within).await?;
        tracing::trace!(number, site = to, "answered");
        decode(&answer).map_err(CarryError::Unreachable)
    }
}

impl Way {
    async fn ask(
        &self,
        urgency: Urgency,
        kind: RPCTypes,
        request: Request,
        within: Duration,
    ) -> Result<Reply, RPCError<Types>> {
        let Self { network, to, address } = self;
        match network.ask(*to, address, urgency, &request, within).await {
            Ok(Reply::Refused(why) | Reply::Unable(why)) => {
                Err(RPCError::Unreachable(Unreachable::from_string(why)))
            }
            Ok(reply) => Ok(reply),
            Err(CarryError::TimedOut) => Err(RPCError::Timeout(Timeout {
                action: kind,
                id: node(network.from),
                target: *to,
                timeout: within,
            })),
            Err(CarryError::Full) => Err(RPCError::Network(NetworkError::new(&CarryError::Full))),
            Err(error) => Err(RPCError::Unreachable(Unreachable::new(&error))),
        }
    }
}

impl Way {
    /// Learns from an answer what the site has, or has no more.
    fn learn(
        &self,
        response: &AppendEntriesResponse<Types>,
        term: u64,
        last: Option<u64>,
        was_confirmed: bool,
    ) {
        let (Some(to), vitals) = (site(self.to), &self.network.vitals) else { return };
        let confirmed = match response {
            AppendEntriesResponse::Success => last,
            AppendEntriesResponse::PartialSuccess(upto) => upto.map(|id| id.index),
            AppendEntriesResponse::Conflict => {
                if was_confirmed {
                    vitals.forgot(to);
                }
                None
            }
            AppendEntriesResponse::HigherVote(_) => None,
        };
        if let Some(index) = confirmed {
            vitals.confirm(to, term, index);
        }
    }
}

fn strange() -> RPCError<Types> {
    RPCError::Network(NetworkError::from_string("the answer is to another question"))
}

impl RaftNetworkFactory<Types> for Network {
    type Network = Way;

    async fn new_client(&mut self, target: u64, node: &BasicNode) -> Way {
        Way { network: self.clone(), to: target, address: node.addr.clone() }
    }
}

impl RaftNetworkV2<Types> for Way {
    type SnapshotData = Vec<u8>;

    async fn append_entries(
        &mut self,
        rpc: AppendEntriesRequest<Types>,
        option: RPCOption,
    ) -> Result<AppendEntriesResponse<Types>, RPCError<Types>> {
        let (term, before) = (rpc.vote.leader_id().term, rpc.prev_log_id.map(|id| id.index));
        let last = rpc.entries.last().map(|entry| entry.log_id.index).or(before);
        // As known before it is asked: an answer to an earlier question proves nothing.
        let confirmed = site(self.to).and_then(|to| self.network.vitals.confirmed(to, term));
        let request = Request::Append(rpc);
        let kind = RPCTypes::AppendEntries;
        match self.ask(Urgency::Urgent, kind, request, option.hard_ttl()).await? {
            Reply::Append(response) => {
                self.learn(&response, term, last, before.is_some() && before <= confirmed);
                Ok(response)
            }
            _ => Err(strange()),
        }
    }

    async fn vote(
        &mut self,
        rpc: VoteRequest<Types>,
        option: RPCOption,
    ) -> Result<VoteResponse<Types>, RPCError<Types>> {
        let request = Request::Vote(rpc);
        match self.ask(Urgency::Urgent, RPCTypes::Vote, request, option.hard_ttl()).await? {
            Reply::Vote(response) => Ok(response),
            _ => Err(strange()),
        }
    }

    async fn pre_vote(
        &mut self,
        rpc: VoteRequest<Types>,
        option: RPCOption,
    ) -> Result<VoteResponse<Types>, RPCError<Types>> {
        let request = Request::PreVote(rpc);
        match self.ask(Urgency::Urgent, RPCTypes::Vote, request, option.hard_ttl()).await? {
            Reply::Vote(response) => Ok(response),
            _ => Err(strange()),
        }
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: Snapshot,
        cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        option: RPCOption,
    ) -> Result<SnapshotResponse<Types>, StreamingError<Types>> {
        let request = Request::Snapshot { vote, meta: snapshot.meta, image: snapshot.snapshot };
        let kind = RPCTypes::InstallSnapshot;
        tokio::select! {
            closed = cancel => Err(StreamingError::Closed(closed)),
            answer = self.ask(Urgency::Usual, kind, request, option.hard_ttl()) => match answer? {
                Reply::Snapshot(vote) => Ok(SnapshotResponse::new(vote)),
                _ => Err(strange().into()),
            },
        }
    }

    async fn transfer_leader(
        &mut self,
        rpc: TransferLeaderRequest<Types>,
        option: RPCOption,
    ) -> Result<TransferLeaderResponse<Types>, RPCError<Types>> {
        let request = Request::Transfer(rpc);
        let kind = RPCTypes::TransferLeader;
        match self.ask(Urgency::Urgent, kind, request, option.hard_ttl()).await? {
            Reply::Transfer(response) => Ok(response),
            _ => Err(strange()),
        }
    }
}
