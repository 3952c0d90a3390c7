//! What people ask of the nodes of a site: to invite one, to join, to show them, to part.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use swell_api::site_joining::Pem;
use swell_api::site_nodes::{InviteNode, JoinNode, NodeInvitation, SiteNodes};
use swell_link::client::Client;
use swell_link::identity::Identity as Link;
use swell_link::purpose::{Purpose, check_name};
use swell_site::site::Site;
use tokio::sync::Mutex;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::api::context::{Crewed, Siting};
use crate::later::Followers;
use crate::nodes::applying::Applying;
use crate::nodes::bound::Bound;
use crate::nodes::certifying::certify;
use crate::nodes::crew::{Crew, Role};
use crate::nodes::kept::{Kept, MemberKept, SeatKept};
use crate::nodes::member::{Member, Parts as MemberParts};
use crate::nodes::seat::{Parts as SeatParts, Seat};
use crate::nodes::shown;
use crate::nodes::wire::{node_name, seat_name};
use crate::nodes::{answering, port};
use crate::observe::chance::bits;
use crate::refusal::{Reason, Refusal};
use crate::sites::asking::{checked, no_site, uncertified, unkept};
use crate::sites::contact::loads;
use crate::sites::desk::SiteDesk;
use crate::sites::identity::Identity;
use crate::sites::life::Around;
use crate::sites::reach;

/// How long a node that joins may take to hear the seat before people hear how far it is.
const SETTLED_MAX: Duration = Duration::from_secs(10);
const SETTLED_EVERY: Duration = Duration::from_millis(50);

/// What a node is among the nodes of its site, and what keeps it so.
struct Life {
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

/// This node among the nodes of its site.
pub struct CrewDesk {
    around: Around,
    followers: Arc<dyn Followers>,
    sited: Arc<SiteDesk>,
    data: PathBuf,
    listen: SocketAddr,
    is_tls: bool,
    life: Mutex<Option<Life>>,
}

impl CrewDesk {
    /// The desk of a node that listens there.
    pub fn new(
        around: Around,
        followers: Arc<dyn Followers>,
        sited: Arc<SiteDesk>,
        data: PathBuf,
        (listen, is_tls): (SocketAddr, bool),
    ) -> Arc<Self> {
        if MemberKept::path(&data).exists() {
            around.elsewhere.await_orders();
        }
        Arc::new(Self { around, followers, sited, data, listen, is_tls, life: Mutex::default() })
    }

    /// Makes this node again what it was when it went down. Where that cannot be, it serves on.
    pub async fn restore(&self) {
        let restored = async {
            if let Some(kept) = MemberKept::load(&self.data).map_err(|error| error.to_string())? {
                return self.follow(kept).await;
            }
            let kept = SeatKept::load(&self.data).map_err(|error| error.to_string())?;
            match (kept, self.sited.site()) {
                (Some(kept), Ok(site)) => self.sit(&site, kept).await,
                _ => Ok(()),
            }
        };
        if let Err(why) = restored.await {
            tracing::error!(%why, "this node does not come up among the nodes of its site");
        }
    }

    /// Ends that; it is again after the next start.
    pub async fn end(&self) {
        self.around.crew.set(Role::Alone);
        if let Some(Life { stop, tasks }) = self.life.lock().await.take() {
            stop.cancel();
            for task in tasks {
                // Nobody has to finish: what was begun is begun anew.
                task.abort();
                let _ = task.await;
            }
        }
    }

    fn crew(&self) -> &Arc<Crew> {
        &self.around.crew
    }

    fn links(&self) -> Result<Router, String> {
        let callee = self.crew().callee().ok_or("this node is coming up")?;
        Ok(answering::routes(callee))
    }

    /// This node has the seat, and others.
    async fn sit(&self, site: &Arc<Site>, kept: SeatKept) -> Result<(), String> {
        let identity = self.sited.identity().map_err(|refusal| refusal.title)?;
        let link = link(&identity.authority, &kept.certificate)?;
        let (at, stop) = (kept.at.clone(), CancellationToken::new());
        let Around { registry, live, belongings, code, deployer, .. } = &self.around;
        let bound = Bound { flows: belongings.flows.clone(), followers: self.followers.clone() };
        let seat = Seat::new(
            SeatParts {
                site: Arc::downgrade(site),
                contact: identity.contact.clone(),
                key: identity.seal_key.clone(),
                own: loads(&identity.capacity),
                registry: registry.clone(),
                deployer: deployer.clone(),
                live: live.clone(),
                bound,
                client: Client::new(link.clone()),
                data: self.data.clone(),
            },
            kept,
        );
        let router = port::routes(seat.clone(), code.clone()).merge(self.links()?);
        let open = port::open(link, (self.listen.ip(), &at), router, stop.clone()).await?;
        let looking = tokio::spawn(seat.clone().run(stop.clone()));
        *self.life.lock().await = Some(Life { stop, tasks: vec![open, looking] });
        self.crew().set(Role::Seat(seat));
        Ok(())
    }

    /// Another node has the seat.
    async fn follow(&self, kept: MemberKept) -> Result<(), String> {
        let link = link(&kept.invitation.authority, &kept.invitation.certificate)?;
        let Around { registry, live, meter, elsewhere, deployer, code, .. } = &self.around;
        let (at, stop) = (kept.at.clone(), CancellationToken::new());
        let gateway = reach::gateway(kept.address.as_deref(), self.listen, self.is_tls);
        let client = Client::new(link.clone());
        let member = Member::new(
            MemberParts {
                gateway,
                data: self.data.clone(),
                registry: registry.clone(),
                live: live.clone(),
                meter: meter.clone(),
                elsewhere: elsewhere.clone(),
                client: client.clone(),
                calls: Client::new(link.clone()),
            },
            kept,
        );
        let applying = Applying {
            deployer: deployer.clone(),
            code: code.clone(),
            registry: registry.clone(),
            client,
            seat: member.seat(),
            had: Default::default(),
            without: Default::default(),
        };
        let router = self.links()?;
        let open = port::open(link, (self.listen.ip(), &at), router, stop.clone()).await?;
        let following = tokio::spawn(member.clone().run(applying, stop.clone()));
        *self.life.lock().await = Some(Life { stop, tasks: vec![open, following] });
        self.crew().set(Role::Member(member));
        Ok(())
    }

    async fn certified(&self, identity: &Identity, name: String) -> Result<Pem, Refusal> {
        let (site, client) = (self.sited.site()?, self.sited.client().await?);
        certify(&site, identity, &client, name, Purpose::Node).await
    }

    /// The seat, taken if this site had no other nodes until now.
    async fn seat(&self, identity: &Identity) -> Result<Arc<Seat>, Refusal> {
        if let Some(seat) = self.crew().seat() {
            return Ok(seat);
        }
        let site = self.sited.site()?;
        let certificate = self.certified(identity, seat_name(&identity.contact.name)).await?;
        let at = reach::for_nodes(identity.address.as_deref(), None, self.listen).await?;
        let kept = SeatKept { certificate, at, nodes: BTreeMap::new() };
        kept.save(&self.data).map_err(|error| unkept(&error.to_string()))?;
        let sits = self.sit(&site, kept).await;
        sits.map_err(|why| Refusal::new(Reason::Internal, why))?;
        self.crew().seat().ok_or_else(no_site)
    }

    fn must_be_free(&self) -> Result<(), Refusal> {
        self.sited.must_be_none()?;
        if let Some(member) = self.crew().member() {
            let site = member.kept().invitation.site;
            let title = format!("this node is one of site `{site}` already");
            return Err(Refusal::new(Reason::Conflict, title)
                .hint("let it leave first, with `swell site node leave`"));
        }
        let (registry, flows) = (&self.around.registry, &self.around.belongings.flows);
        if !registry.is_empty() || !flows.all().is_empty() {
            let title = "this node has functions or flows of its own";
            return Err(Refusal::new(Reason::Conflict, title).hint(
                "a node of a site has what the site has: remove these first, or deploy them at \
                 the seat",
            ));
        }
        Ok(())
    }

    async fn settled(&self) -> Result<SiteNodes, Refusal> {
        let deadline = tokio::time::Instant::now() + SETTLED_MAX;
        let hears = || self.crew().member().is_some_and(|member| !member.is_cut_off());
        while !hears() && tokio::time::Instant::now() < deadline {
            tokio::time::sleep(SETTLED_EVERY).await;
        }
        self.nodes()
    }
}

fn link(authority: &str, pem: &Pem) -> Result<Link, String> {
    Link::of_pem(authority, &pem.certificate, &pem.key).map_err(|error| error.to_string())
}

impl Crewed for CrewDesk {
    fn nodes(&self) -> Result<SiteNodes, Refusal> {
        match self.crew().role() {
            Role::Member(member) => Ok(shown::as_member(&member)),
            Role::Seat(seat) => {
                let site = self.sited.site()?;
                Ok(shown::at_seat(&seat, &site))
            }
            Role::Alone => {
                let identity = self.sited.identity()?;
                Ok(shown::alone(&identity, &self.around.registry))
            }
        }
    }

    fn follows(&self) -> Option<(String, Option<String>)> {
        let member = self.crew().member()?;
        let gateway = member.heard().seat.map(|seat| seat.gateway);
        Some((member.kept().invitation.site, gateway))
    }

    fn may_leave(&self) -> Siting<'_, ()> {
        Box::pin(async move {
            let Some(seat) = self.crew().seat() else { return Ok(()) };
            if let Some(node) = seat.invited().first() {
                let title = format!("this site has other nodes, such as `{node}`");
                return Err(Refusal::new(Reason::Conflict, title)
                    .hint("let them leave first, or remove them with `swell site node remove`"));
            }
            self.end().await;
            SeatKept::forget(&self.data).map_err(|error| unkept(&error.to_string()))
        })
    }

    fn may_join(&self) -> Result<(), Refusal> {
        match self.follows() {
            None => Ok(()),
            Some((site, _)) => {
                let title = format!("this node is one of site `{site}`");
                Err(Refusal::new(Reason::Conflict, title)
                    .hint("let it leave first, with `swell site node leave`"))
            }
        }
    }

    fn invite(&self, asked: InviteNode) -> Siting<'_, NodeInvitation> {
        Box::pin(async move {
            if let Some((site, _)) = self.follows() {
                let title = format!("the seat of site `{site}` is at another node");
                return Err(Refusal::new(Reason::Conflict, title).hint("ask it there"));
            }
            let (identity, node) = (self.sited.identity()?, asked.node);
            let site = &identity.contact.name;
            let name = node_name(site, &node);
            let checked = check_name(&name).and_then(|_| check_name(&node));
            checked.map_err(|error| uncertified(&error))?;
            let seat = self.seat(&identity).await?;
            if node == *site || seat.invited().contains(&node) {
                let title = format!("`{node}` is a node of this site already");
                return Err(Refusal::new(Reason::Conflict, title).hint(
                    "choose another name, or take it out first with `swell site node remove`",
                ));
            }
            let certificate = self.certified(&identity, name).await?;
            seat.invite(&node).map_err(|error| unkept(&error.to_string()))?;
            Ok(NodeInvitation {
                site: site.clone(),
                node,
                authority: identity.authority.clone(),
                certificate,
                seat: seat.at(),
            })
        })
    }

    fn join(&self, asked: JoinNode) -> Siting<'_, SiteNodes> {
        Box::pin(async move {
            self.must_be_free()?;
            let JoinNode { invitation, capacity, reach } = asked;
            checked(capacity.cpu_milli)?;
            let address = reach.address;
            let at = reach::for_nodes(address.as_deref(), reach.port, self.listen).await?;
            let kept = MemberKept { invitation, capacity, address, at, lot: bits(), index: 0 };
            kept.save(&self.data).map_err(|error| unkept(&error.to_string()))?;
            self.around.elsewhere.await_orders();
            if let Err(why) = self.follow(kept).await {
                let _ = MemberKept::forget(&self.data);
                self.around.elsewhere.follow(None);
                let title = "this node does not come up as one of its site";
                return Err(Refusal::new(Reason::BadRequest, title).detail(why));
            }
            self.settled().await
        })
    }

    fn leave(&self, forget: bool) -> Siting<'_, ()> {
        Box::pin(async move {
            let Some(member) = self.crew().member() else {
                return Err(match self.sited.site() {
                    Ok(_) => Refusal::new(Reason::Conflict, "this node has the seat of its site")
                        .hint("let the whole site leave its cluster, with `swell site leave`"),
                    Err(refusal) => refusal,
                });
            };
            if let Err(error) = member.part().await
                && !forget
            {
                let title = "the seat does not let this node go";
                let refusal = Refusal::new(Reason::NotReady, title).detail(error.to_string());
                return Err(refusal
                    .hint("if it is gone for good, leave with `swell site node leave --forget`"));
            }
            self.end().await;
            let names: Vec<String> =
                self.around.registry.all().iter().map(|it| it.name.to_string()).collect();
            for name in names {
                self.around.deployer.remove(&name).await?;
            }
            MemberKept::forget(&self.data).map_err(|error| unkept(&error.to_string()))?;
            self.around.elsewhere.follow(None);
            Ok(())
        })
    }

    fn remove(&self, node: String) -> Siting<'_, ()> {
        Box::pin(async move {
            let unknown = || {
                let title = format!("this site has no node `{node}` besides its seat");
                Refusal::new(Reason::NotFound, title)
                    .hint("`swell site node list` shows those that it has")
            };
            let seat = self.crew().seat().ok_or_else(unknown)?;
            let gone = seat.dismiss(&node).map_err(|error| unkept(&error.to_string()))?;
            if gone { Ok(()) } else { Err(unknown()) }
        })
    }
}
