//! What people ask of a site: to found a cluster, to join one, to show it, to propose.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use parking_lot::RwLock;
use swell_api::site::{
    Authority, Cluster, ClusterState, FileProposal, Filed, LedgerRow, Proposal, SetMode,
};
use swell_api::site_joining::{
    FlowContact, InitSite, Invitation, InviteSite, JoinSite, Reach, SiteContact,
};
use swell_api::site_outlook::{ShadowReceipt, SiteOutlook};
use swell_consensus::log::Look;
use swell_core::council::entry::Command;
use swell_core::council::words::ProposalId;
use swell_core::time::Span;
use swell_link::authority::Authority as Issuer;
use swell_link::client::Client;
use swell_link::purpose::Purpose;
use swell_outlook::board::FlowPlace;
use swell_outlook::naming::site_id;
use swell_site::route::Route;
use swell_site::site::Site;

use crate::api::context::{Only, Sited, Siting};
use crate::observe::chance::bits;
use crate::refusal::{Reason, Refusal};
use crate::sites::asking::{
    checked, claim, declined, filing, forgotten, is_method, issue, mode, no_site, seat_elsewhere,
    uncertified, unkept, unsaid,
};
use crate::sites::elsewhere::Elsewhere;
use crate::sites::identity::Identity;
use crate::sites::joining::must_be_free;
use crate::sites::leaving::{PATIENCE, dismiss, must_be_gone};
use crate::sites::life::{Around, Up, rules};
use crate::sites::seal::{self, Key};
use crate::sites::{certificates, ledger, outlook, reach, reading, view};

/// How long a new site may take to become a member before people hear how far it is.
const SETTLED_MAX: Duration = Duration::from_secs(30);
const SETTLED_EVERY: Duration = Duration::from_millis(50);

/// The site of a node, if it is one.
pub struct SiteDesk {
    around: Around,
    data: PathBuf,
    listen: SocketAddr,
    is_tls: bool,
    elsewhere: Arc<Elsewhere>,
    up: RwLock<Option<Arc<Site>>>,
    /// Why the site that this node is did not come up.
    down: RwLock<Option<String>>,
    life: tokio::sync::Mutex<Option<Up>>,
}

impl SiteDesk {
    /// The desk of a node that listens there.
    pub fn new(
        around: Around,
        data: PathBuf,
        (listen, is_tls): (SocketAddr, bool),
        elsewhere: Arc<Elsewhere>,
    ) -> Arc<Self> {
        // Until the site is up nobody knows what it holds.
        elsewhere.expect(Identity::is_kept(&data));
        let (up, down, life) = Default::default();
        Arc::new(Self { around, data, listen, is_tls, elsewhere, up, down, life })
    }

    /// Brings up the site that this node was when it went down, if it was one. Where that cannot
    /// be, the node serves on without: it decides nothing, moves nothing, and says why.
    pub async fn restore(&self) {
        let identity = Identity::load(&self.data)
            .map_err(|error| format!("who this site is cannot be read: {error}"));
        let restored = async {
            match identity? {
                Some(identity) => self.begin(self.moved_in(identity)?).await,
                None => Ok(()),
            }
        };
        if let Err(why) = restored.await {
            tracing::error!(%why, "the site of this node does not come up; its functions are served");
            *self.down.write() = Some(why);
        }
    }

    /// The identity with where the gateway is now: others hear of it from this site's board.
    fn moved_in(&self, mut identity: Identity) -> Result<Identity, String> {
        let former = identity.contact.clone();
        identity.contact.gateway =
            reach::gateway(identity.address.as_deref(), self.listen, self.is_tls);
        if let Some(FlowPlace { node, at }) = self.around.flow.clone() {
            identity.contact.flow = Some(FlowContact { node, at });
        }
        if identity.contact != former {
            identity.save(&self.data).map_err(|error| error.to_string())?;
        }
        Ok(identity)
    }

    /// Ends the site; it is one again after the next start.
    pub async fn end(&self) {
        // What it held is not its own any more, or will be again: nobody else may act for it.
        self.elsewhere.expect(true);
        self.elsewhere.set(None);
        *self.up.write() = None;
        self.around.belongings.stores.reach(None);
        if self.around.flow.is_none() {
            self.around.belongings.flows.parts.links.set(None);
        }
        if let Some(up) = self.life.lock().await.take() {
            up.end().await;
        }
    }

    async fn begin(&self, identity: Identity) -> Result<(), String> {
        let mut life = self.life.lock().await;
        self.elsewhere.seal_with(Key::of(&identity.seal_key));
        let up = Up::start(identity, &self.data, &self.around, self.listen.ip()).await?;
        self.elsewhere.set(Some(up.site.clone()));
        *self.up.write() = Some(up.site.clone());
        *life = Some(up);
        Ok(())
    }

    pub(crate) fn site(&self) -> Result<Arc<Site>, Refusal> {
        if let Some(why) = self.down.read().clone() {
            let title = "the site of this node has not come up";
            return Err(Refusal::new(Reason::NotReady, title).detail(why));
        }
        self.up.read().clone().ok_or_else(|| match self.around.crew.member() {
            Some(member) => seat_elsewhere(&member),
            None => no_site(),
        })
    }

    pub(crate) fn identity(&self) -> Result<Identity, Refusal> {
        let kept = Identity::load(&self.data).map_err(|error| unkept(&error.to_string()))?;
        kept.ok_or_else(no_site)
    }

    pub(crate) fn must_be_none(&self) -> Result<(), Refusal> {
        if self.down.read().is_none() && self.site().is_err() {
            return Ok(());
        }
        Err(Refusal::new(Reason::Conflict, "this node is a site already")
            .hint("let it leave first, with `swell site leave`"))
    }

    /// Where this site will be found.
    async fn contact(&self, name: &str, reach: &Reach) -> Result<SiteContact, Refusal> {
        let told = reach::gateway(reach.address.as_deref(), self.listen, self.is_tls);
        reach::contact(name, reach, (self.listen, told), self.around.flow.clone()).await
    }

    /// Keeps who this node is and brings it up; if it does not come up, it is nobody again.
    async fn become_site(&self, identity: Identity) -> Result<(), Refusal> {
        identity.save(&self.data).map_err(|error| unkept(&error.to_string()))?;
        if let Err(why) = self.begin(identity).await {
            let _ = Identity::forget(&self.data);
            self.elsewhere.expect(false);
            return Err(Refusal::new(Reason::Internal, "the site does not come up").detail(why));
        }
        Ok(())
    }

    /// The cluster once this site is a member, or as it is if that takes long.
    async fn settled(&self) -> Result<Cluster, Refusal> {
        let deadline = tokio::time::Instant::now() + SETTLED_MAX;
        loop {
            let cluster = self.cluster()?;
            if cluster.state == ClusterState::Deciding || tokio::time::Instant::now() > deadline {
                return Ok(cluster);
            }
            tokio::time::sleep(SETTLED_EVERY).await;
        }
    }

    /// The resource channel, to other sites.
    pub(crate) async fn client(&self) -> Result<Client, Refusal> {
        self.life.lock().await.as_ref().map(|up| up.client.clone()).ok_or_else(no_site)
    }

    async fn say(&self, site: &Site, command: Command) -> Result<u64, Refusal> {
        let decided = site.say(command, PATIENCE).await.map_err(|error| unsaid(&error))?;
        match decided.outcome {
            Ok(()) => Ok(decided.index),
            Err(refused) => Err(declined(site, &refused)),
        }
    }
}

impl Sited for SiteDesk {
    fn elsewhere(&self, function: &str, workload: Option<&str>) -> Option<String> {
        let site = self.up.read().clone()?;
        match site.route_of(function, Some(workload.unwrap_or(function))) {
            Route::There(other) => Some(site.names().site(other)),
            Route::Here | Route::Share { .. } => None,
        }
    }

    fn claim<'a>(&'a self, function: &'a str, workload: Option<&'a str>) -> Siting<'a, ()> {
        Box::pin(claim(self.up.read().clone(), function, workload))
    }

    fn catch_up(&self) -> Siting<'_, ()> {
        Box::pin(reading::catch_up(self.site()))
    }

    fn tries_to_catch_up(&self) -> Siting<'_, bool> {
        Box::pin(reading::tries_to_catch_up(self.site()))
    }

    fn cluster(&self) -> Result<Cluster, Refusal> {
        if let Some(why) = self.down.read().clone() {
            return Ok(view::stopped(self.identity().ok(), why));
        }
        let (site, identity) = (self.site()?, self.identity()?);
        Ok(view::cluster(&site, &identity.cluster, &identity.contact.name))
    }

    fn proposals(&self) -> Result<Vec<Proposal>, Refusal> {
        let site = self.site()?;
        let names = site.names();
        Ok(site.log().look(|state| view::proposals(state, &names)))
    }

    fn proposal(&self, id: u64) -> Result<Proposal, Refusal> {
        let site = self.site()?;
        let names = site.names();
        let found = site.log().look(|state| view::one(state, &names, id));
        found.ok_or_else(|| {
            Refusal::new(Reason::NotFound, format!("no proposal {id} is remembered"))
                .hint("`swell proposal list` shows those that are")
        })
    }

    fn authorities(&self) -> Result<Vec<Authority>, Refusal> {
        let site = self.site()?;
        let names = site.names();
        Ok(site.log().look(|state| view::authorities(state, &names)))
    }

    fn ledger(&self, of: Option<&str>) -> Result<Vec<LedgerRow>, Refusal> {
        let site = self.site()?;
        let (names, only) = (site.names(), of.map(site_id));
        let rows = site.log().look(|state| {
            let is_known = only.is_none_or(|only| state.members.contains_key(&only));
            is_known.then(|| ledger::ledger(state, &names, only))
        });
        rows.ok_or_else(|| {
            let title = format!("there is no site `{}` in this cluster", of.unwrap_or_default());
            Refusal::new(Reason::NotFound, title).hint("`swell site list` shows those that are")
        })
    }

    fn outlook(&self, only: Only<'_>) -> Result<SiteOutlook, Refusal> {
        let site = self.site()?;
        outlook::asked(&site, only)
    }

    fn shadow(&self, since: Span) -> Result<ShadowReceipt, Refusal> {
        let site = self.site()?;
        let names = site.names();
        Ok(site.look(|state, monitor| outlook::shadow(state, monitor, &names, since)))
    }

    fn init(&self, asked: InitSite) -> Siting<'_, Cluster> {
        Box::pin(async move {
            self.must_be_none()?;
            let InitSite { cluster, site, capacity, slot_ms, method, reach } = asked;
            if let Some(problem) = rules(slot_ms).problem() {
                return Err(Refusal::new(Reason::BadRequest, format!("`slot_ms`: {problem}")));
            }
            checked(capacity.cpu_milli)?;
            is_method(method.as_deref())?;
            let now = SystemTime::now();
            let issuer = Issuer::found(&cluster, now).map_err(|error| uncertified(&error))?;
            let identity = Identity {
                cluster,
                contact: self.contact(&site, &reach).await?,
                address: reach.address,
                capacity,
                slot_ms,
                authority: issuer.certificate().to_string(),
                authority_key: Some(issuer.key()),
                resource: issue(&issuer, &site, Purpose::Resource, 0)?,
                state: issue(&issuer, &site, Purpose::State, 0)?,
                flow: Some(issue(&issuer, &site, Purpose::Flow, 0)?),
                seal_key: seal::draw(),
                contacts: Vec::new(),
                lot: bits(),
                method,
                begun: false,
            };
            self.become_site(identity).await?;
            self.settled().await
        })
    }

    fn invite(&self, asked: InviteSite) -> Result<Invitation, Refusal> {
        let (site, identity) = (self.site()?, self.identity()?);
        certificates::invitation(&site, &identity, asked)
    }

    fn renew(&self) -> Siting<'_, ()> {
        Box::pin(async move {
            let (site, client) = (self.site()?, self.client().await?);
            certificates::renew(&site, self.identity()?, &client, &self.data).await
        })
    }

    fn join(&self, asked: JoinSite) -> Siting<'_, Cluster> {
        Box::pin(async move {
            self.must_be_none()?;
            let JoinSite { invitation, capacity, method, reach } = asked;
            checked(capacity.cpu_milli)?;
            is_method(method.as_deref())?;
            let identity = Identity {
                contact: self.contact(&invitation.site, &reach).await?,
                address: reach.address,
                cluster: invitation.cluster,
                capacity,
                slot_ms: invitation.slot_ms,
                authority: invitation.authority,
                authority_key: None,
                resource: invitation.resource,
                state: invitation.state,
                flow: invitation.flow,
                seal_key: invitation.seal_key,
                contacts: invitation.contacts,
                lot: bits(),
                method,
                begun: false,
            };
            must_be_free(&identity).await?;
            self.become_site(identity).await?;
            self.settled().await
        })
    }

    fn leave(&self, forget: bool) -> Siting<'_, ()> {
        Box::pin(async move {
            let site = if forget && self.down.read().is_some() { None } else { Some(self.site()?) };
            if let Some(site) = site.filter(|_| !forget) {
                dismiss(&site, site.me()).await.map_err(|refusal| match refusal.reason {
                    Reason::NotReady => refusal
                        .hint("if the cluster is no more, `swell site leave --forget` forgets it"),
                    _ => refusal,
                })?;
            }
            self.end().await;
            Identity::forget(&self.data).map_err(|error| unkept(&error.to_string()))?;
            *self.down.write() = None;
            self.elsewhere.expect(false);
            Ok(())
        })
    }

    fn remove(&self, name: String) -> Siting<'_, ()> {
        Box::pin(async move {
            let (site, client) = (self.site()?, self.client().await?);
            must_be_gone(&site, &name, &client, || self.cluster()).await?;
            dismiss(&site, site_id(&name)).await
        })
    }

    fn file(&self, asked: FileProposal) -> Siting<'_, Filed> {
        Box::pin(async move {
            let site = self.site()?;
            let id = self.say(&site, Command::Propose(Box::new(filing(&site, &asked)?))).await?;
            Ok(Filed { id })
        })
    }

    fn withdraw(&self, id: u64) -> Siting<'_, ()> {
        Box::pin(async move {
            let site = self.site()?;
            self.say(&site, Command::Withdraw { proposal: ProposalId(id) }).await.map(drop)
        })
    }

    fn forget(&self, workload: String) -> Siting<'_, ()> {
        Box::pin(async move {
            let site = self.site()?;
            self.say(&site, forgotten(&site, &workload)?).await.map(drop)
        })
    }

    fn set_mode(&self, asked: SetMode) -> Siting<'_, ()> {
        Box::pin(async move {
            let site = self.site()?;
            self.say(&site, mode(&site, &asked)?).await.map(drop)
        })
    }
}
