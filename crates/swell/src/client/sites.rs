//! Sites, proposals, authority and the ledger.

use serde::de::DeserializeOwned;
use swell_api::site::{Cluster, FileProposal, Filed, Proposal, SetMode};
use swell_api::site_joining::{InitSite, Invitation, InviteSite, JoinSite};
use swell_api::site_nodes::{InviteNode, JoinNode, NodeInvitation, SiteNodes};
use swell_api::site_outlook::{ShadowReceipt, SiteOutlook};
use swell_api::site_reading::{Authorities, Ledger, Proposals, Read, Standing};
use ureq::SendBody;
use ureq::http::{Method, Request};

use crate::cli::site::Reading;
use crate::client::failure::{is_fine, refused};
use crate::client::node::{NodeClient, escaped, query};
use crate::error::Letter;
use crate::say::say;

impl NodeClient {
    /// Reads what was decided, and says so where that may be stale though nobody wanted it to be.
    fn look<T: DeserializeOwned>(
        &self,
        what: &str,
        reading: Reading,
        path: &str,
    ) -> Result<Read<T>, Letter> {
        let read: Read<T> = self.get(what, path)?;
        if !reading.local && read.consistency == Standing::Local {
            say("may be stale: no majority of the sites answers, this is what the node knows");
        }
        Ok(read)
    }

    /// The sites, as the node's sees them.
    pub fn cluster(&self, reading: Reading) -> Result<Read<Cluster>, Letter> {
        self.look("the sites", reading, &format!("/v1/site{}", query(&[consistency(reading)])))
    }

    /// Founds a cluster.
    pub fn init_site(&self, asked: &InitSite) -> Result<Cluster, Letter> {
        self.send("the cluster", Method::POST, "/v1/site/init", asked)
    }

    /// Makes an invitation.
    pub fn invite_site(&self, name: &str) -> Result<Invitation, Letter> {
        let asked = InviteSite { site: name.to_string() };
        self.send("the invitation", Method::POST, "/v1/site/invitations", &asked)
    }

    /// Joins a cluster.
    pub fn join_site(&self, asked: &JoinSite) -> Result<Cluster, Letter> {
        self.send("the cluster", Method::POST, "/v1/site/join", asked)
    }

    /// Leaves it.
    pub fn leave_site(&self, forget: bool) -> Result<(), Letter> {
        self.delete(if forget { "/v1/site?forget=true" } else { "/v1/site" })
    }

    /// Has it certified anew.
    pub fn renew_site(&self) -> Result<(), Letter> {
        let request = Request::post(self.uri("/v1/site/certificates")?);
        let answer = self.run(self.request(request, SendBody::none())?)?;
        if is_fine(answer.status()) { Ok(()) } else { Err(refused(answer)) }
    }

    /// Removes another site that is gone for good.
    pub fn remove_site(&self, name: &str) -> Result<(), Letter> {
        self.delete(&format!("/v1/site/members/{}", escaped(name)))
    }

    /// The nodes of the node's site.
    pub fn site_nodes(&self) -> Result<SiteNodes, Letter> {
        self.get("the nodes of the site", "/v1/site/nodes")
    }

    /// Makes an invitation for a node of the site.
    pub fn invite_node(&self, name: &str) -> Result<NodeInvitation, Letter> {
        let asked = InviteNode { node: name.to_string() };
        self.send("the invitation", Method::POST, "/v1/site/nodes/invitations", &asked)
    }

    /// Joins a site.
    pub fn join_site_node(&self, asked: &JoinNode) -> Result<SiteNodes, Letter> {
        self.send("the nodes of the site", Method::POST, "/v1/site/nodes/join", asked)
    }

    /// Leaves it.
    pub fn leave_site_node(&self, forget: bool) -> Result<(), Letter> {
        self.delete(if forget { "/v1/site/nodes?forget=true" } else { "/v1/site/nodes" })
    }

    /// Removes another node from the site.
    pub fn remove_site_node(&self, name: &str) -> Result<(), Letter> {
        self.delete(&format!("/v1/site/nodes/{}", escaped(name)))
    }

    /// Sets whether anything moves.
    pub fn set_site_mode(&self, asked: &SetMode) -> Result<(), Letter> {
        let body = serde_json::to_vec(asked).expect("a mode is JSON");
        let mut body = body.as_slice();
        let request = Request::put(self.uri("/v1/site/mode")?)
            .header("content-type", "application/json")
            .header("content-length", body.len());
        let answer = self.run(self.request(request, SendBody::from_reader(&mut body))?)?;
        if is_fine(answer.status()) { Ok(()) } else { Err(refused(answer)) }
    }

    /// Proposals, newest first.
    pub fn proposals(&self, reading: Reading) -> Result<Read<Proposals>, Letter> {
        self.look("proposals", reading, &format!("/v1/proposals{}", query(&[consistency(reading)])))
    }

    /// One proposal.
    pub fn proposal(&self, id: u64, reading: Reading) -> Result<Read<Proposal>, Letter> {
        self.look(
            "the proposal",
            reading,
            &format!("/v1/proposals/{id}{}", query(&[consistency(reading)])),
        )
    }

    /// Files a proposal.
    pub fn file_proposal(&self, asked: &FileProposal) -> Result<Filed, Letter> {
        self.send("the proposal", Method::POST, "/v1/proposals", asked)
    }

    /// Takes one back.
    pub fn withdraw_proposal(&self, id: u64) -> Result<(), Letter> {
        self.delete(&format!("/v1/proposals/{id}"))
    }

    /// Forgets a workload whose site is lost.
    pub fn forget_workload(&self, workload: &str) -> Result<(), Letter> {
        self.delete(&format!("/v1/authorities/{workload}"))
    }

    /// Who has authority over what.
    pub fn authorities(&self, reading: Reading) -> Result<Read<Authorities>, Letter> {
        self.look(
            "authority",
            reading,
            &format!("/v1/authorities{}", query(&[consistency(reading)])),
        )
    }

    /// What the node's site expects.
    pub fn site_outlook(
        &self,
        site: Option<&str>,
        workload: Option<&str>,
        node: Option<&str>,
    ) -> Result<SiteOutlook, Letter> {
        let asked = [("site", site), ("workload", workload), ("node", node)];
        let query = query(&asked.map(|(key, value)| (key, value.map(escaped))));
        self.get("what is expected", &format!("/v1/site/forecast{query}"))
    }

    /// What moves in shadow mode would have come to.
    pub fn shadow_receipt(&self, since: &str) -> Result<ShadowReceipt, Letter> {
        let query = query(&[("since", Some(escaped(since)))]);
        self.get("the receipt", &format!("/v1/site/receipt{query}"))
    }

    /// What sites forecast, what came, and what they weigh.
    pub fn ledger(&self, site: Option<&str>, reading: Reading) -> Result<Read<Ledger>, Letter> {
        let query = query(&[("site", site.map(escaped)), consistency(reading)]);
        self.look("the ledger", reading, &format!("/v1/ledger{query}"))
    }
}

/// How true what is read must be, as the API asks for it.
fn consistency(reading: Reading) -> (&'static str, Option<String>) {
    let word = match reading {
        Reading { fresh: true, .. } => Some("linearizable"),
        Reading { local: true, .. } => Some("local"),
        Reading { fresh: false, local: false } => None,
    };
    ("consistency", word.map(str::to_string))
}
