//! A site coming up, and going: its channels, its log, its service.

use std::net::{IpAddr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

use bytes::Bytes;
use swell_api::site_joining::SiteContact;
use swell_consensus::channel::resource::{Opening, ResourceChannel};
use swell_consensus::log::Look;
use swell_consensus::monitoring::state_channel::StateChannel;
use swell_consensus::monitoring::voice::Voice;
use swell_consensus::raft::settings::Settings as LogSettings;
use swell_consensus::storage::open::Past;
use swell_core::council::entry::Command;
use swell_core::council::member::Member;
use swell_core::council::rules::Rules;
use swell_core::council::state::State;
use swell_core::council::words::Loads;
use swell_core::time::{Instant, Span};
use swell_link::client::Client;
use swell_link::error::LinkError;
use swell_link::identity::Identity as Link;
use swell_outlook::board::{Contact, FlowPlace};
use swell_outlook::naming::site_id;
use swell_outlook::temper::SLOT;
use swell_site::kept::Kept;
use swell_site::settings::{Settings, hurried};
use swell_site::site::{Parts, Site};
use swell_site::troubles::About;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::clock::wall_ms;
use crate::content::gate::Gate;
use crate::deploy::deployer::Deployer;
use crate::flow::port::Port;
use crate::foresight::ground::Ground;
use crate::live::world::Live;
use crate::nodes::crew::Crew;
use crate::nodes::kept::{Kept as _, SeatKept};
use crate::registry::Registry;
use crate::sites::belongings::Belongings;
use crate::sites::channels::{Counter, JOIN, resource, state};
use crate::sites::contact::{loads, resource_of, taken};
use crate::sites::elsewhere::Elsewhere;
use crate::sites::identity::{FOLDER, Identity};
use crate::sites::joining::{Joining, Who, seat};
use crate::sites::meter::Meter;
use crate::sites::mover::SwellMover;
use crate::sites::queued::Queues;
use crate::sites::reach::listening;
use crate::sites::standby::Standby;
use crate::sites::stragglers::call_back;
use crate::sites::surroundings::Surroundings;
use crate::sites::values::Values;
use crate::store::code::CodeFolder;

/// Slots shorter than this are those of demonstrations, and so is all that goes by them.
const HURRIED: Span = Span::from_secs(60);

/// How long a site that asks to be admitted waits for an answer, and until it asks again.
const JOIN_MAX: Duration = Duration::from_secs(60);
const JOIN_AGAIN: Duration = Duration::from_secs(1);
/// How soon the first site looks whether it has its seat.
const SEAT_AGAIN: Duration = Duration::from_millis(100);
/// The longest answer to it.
const JOIN_BYTES_MAX: usize = 1 << 20;

/// The node around a site.
#[derive(Clone)]
pub struct Around {
    /// Changes functions.
    pub deployer: Arc<Deployer>,
    /// Keeps code.
    pub code: Arc<CodeFolder>,
    /// Knows what is deployed.
    pub registry: Arc<Registry>,
    /// Knows what runs.
    pub live: Arc<Live>,
    /// Knows what is announced.
    pub ground: Arc<Ground>,
    /// What was used here.
    pub meter: Arc<Meter>,
    /// What workloads have here besides functions.
    pub belongings: Belongings,
    /// Contents, if the node has any.
    pub contents: Option<Arc<Gate>>,
    /// Passes calls on to other sites.
    pub elsewhere: Arc<Elsewhere>,
    /// The other nodes of the site.
    pub crew: Arc<Crew>,
    /// Where the node is reached for items of flows by its settings, if it is.
    pub flow: Option<FlowPlace>,
}

/// A site that is up.
pub struct Up {
    /// The site.
    pub site: Arc<Site>,
    /// Who it is.
    pub identity: Identity,
    /// The resource channel, to other sites.
    pub client: Client,
    channel: ResourceChannel,
    stop: CancellationToken,
    tasks: Vec<JoinHandle<()>>,
}

/// The rules of a cluster with slots of this length.
pub fn rules(slot_ms: Option<u64>) -> Rules {
    match slot_ms.map(Span::from_millis) {
        None => Rules::with_slot(SLOT),
        Some(slot) if slot < HURRIED => hurried(slot),
        Some(slot) => Rules::with_slot(slot),
    }
}

impl Up {
    /// Brings a site up. Whether it is a member shows in its state; it asks to be admitted for
    /// as long as it is none. Its ports are on that interface.
    pub async fn start(
        identity: Identity,
        data: &Path,
        around: &Around,
        interface: IpAddr,
    ) -> Result<Self, String> {
        let Identity { contact, authority, .. } = &identity;
        let link = |pem: &swell_api::site_joining::Pem| {
            Link::of_pem(authority, &pem.certificate, &pem.key).map_err(|error| error.to_string())
        };
        let (resource_link, state_link) = (link(&identity.resource)?, link(&identity.state)?);
        let folder = data.join(FOLDER);
        let me = site_id(&contact.name);
        let rules = rules(identity.slot_ms);
        let resource_client = Client::new(resource_link.clone());
        let answers = Arc::new(OnceLock::new());
        // The site owns the channel, which therefore does not own the site.
        let answers_state = Arc::new(OnceLock::new());
        let stop = CancellationToken::new();
        let flow_port = flow_port(&identity, around, interface, &stop).await?;
        let standby = Standby::new(&folder);
        let counter = Counter {
            standby: standby.clone(),
            site: answers.clone(),
            deployer: around.deployer.clone(),
            registry: around.registry.clone(),
            code: around.code.clone(),
            belongings: around.belongings.clone(),
            contents: around.contents.clone(),
            client: resource_client.clone(),
            me: taken(contact),
            authority: identity.authority_key.clone().map(|key| (authority.clone(), key)),
            runtime: tokio::runtime::Handle::current(),
        };
        let voice = Voice { site: me, address: contact.state.clone(), life: wall_ms() };
        let listener = std_listener(listening(interface, &contact.state)?).await?;
        let state = StateChannel::open(voice, state_link, listener, state(answers_state.clone()));
        let state = state.map_err(|error| error.to_string())?;
        let channel = ResourceChannel::open(Opening {
            site: me,
            folder: folder.clone(),
            past: match identity.begun {
                true => Past::Begun,
                // Seconds: a site starts less often than that.
                false => Past::Unknown { life: wall_ms() / 1_000 },
            },
            identity: resource_link,
            listener: std_listener(listening(interface, &contact.resource)?).await?,
            settings: LogSettings { rules, ..LogSettings::default() },
            routes: resource(counter),
        });
        let channel = channel.await.map_err(|error| error.to_string())?;
        let log = channel.log();
        let kept = Kept::open(&folder, identity.begun).map_err(|error| error.to_string())?;
        if !identity.begun {
            // Before it promises anything to anybody.
            let begun = Identity { begun: true, ..identity.clone() };
            begun.save(data).map_err(|error| error.to_string())?;
        }
        let site = Site::new(Parts {
            log: log.clone(),
            mover: Arc::new(mover(
                around,
                resource_client.clone(),
                (taken(contact), answers_state.clone(), standby),
            )),
            neighbours: Arc::new(Surroundings {
                contact: taken(contact),
                registry: around.registry.clone(),
                flows: around.belongings.flows.clone(),
                meter: around.meter.clone(),
                capacity: loads(&identity.capacity),
                ground: around.ground.clone(),
                elsewhere: around.elsewhere.clone(),
                crew: around.crew.clone(),
                channel: state,
                client: resource_client.clone(),
            }),
            kept,
            settings: pace(rules.slot, identity.method.as_deref()),
            clock: Arc::new(|| Instant::from_millis(wall_ms())),
        });
        for known in &identity.contacts {
            site.meet(&taken(known), false);
        }
        // Nobody else sets it.
        let _ = answers.set(site.clone());
        let _ = answers_state.set(Arc::downgrade(&site));
        let far = Values::new(contact.name.clone(), Arc::downgrade(&site), resource_client.clone());
        around.belongings.stores.reach(Some(Arc::new(far)));
        let queues = Queues::new(Arc::downgrade(&site), resource_client.clone());
        around.belongings.queue.reach(Some(Arc::new(queues)));
        let calling = call_back(site.clone(), around.belongings.clone(), resource_client.clone());
        let mut tasks = vec![tokio::spawn(site.clone().run(stop.clone())), tokio::spawn(calling)];
        tasks.extend(flow_port);
        let client = resource_client.clone();
        let mut up = Self { site, identity, client, channel, stop, tasks };
        let (asking, site) = (up.identity.clone(), up.site.clone());
        up.tasks.push(if up.identity.authority_key.is_some() {
            let address = asking.contact.resource.clone();
            log.found(&[(me, address)].into()).await.map_err(|error| error.to_string())?;
            // What a site of several nodes bears, its seat says.
            let capacity = (!SeatKept::path(data).exists()).then(|| loads(&asking.capacity));
            let who = Who { name: asking.contact.name.clone(), lot: asking.lot };
            tokio::spawn(take_seat(site, loads(&asking.capacity), capacity, who))
        } else {
            let bears = (!SeatKept::path(data).exists()).then(|| loads(&asking.capacity));
            tokio::spawn(ask(asking, site, resource_client, bears))
        });
        Ok(up)
    }

    /// Ends it; the log is on disk when this returns.
    pub async fn end(self) {
        self.stop.cancel();
        if let Err(error) = self.channel.close().await {
            tracing::warn!(%error, "the log of this site did not close well");
        }
        for task in self.tasks {
            task.abort();
            let _ = task.await;
        }
    }
}

fn mover(
    around: &Around,
    client: Client,
    (me, site, standby): (Contact, Arc<OnceLock<Weak<Site>>>, Standby),
) -> SwellMover {
    let Around { deployer, code, registry, live, belongings, contents, crew, .. } = around.clone();
    let faring = Default::default();
    SwellMover {
        deployer,
        code,
        registry,
        live,
        crew,
        belongings,
        contents,
        client,
        me,
        site,
        standby,
        faring,
    }
}

/// Opens the port for items of flows, where the node has none of its own.
async fn flow_port(
    identity: &Identity,
    around: &Around,
    interface: IpAddr,
    stop: &CancellationToken,
) -> Result<Option<JoinHandle<()>>, String> {
    let (None, Some(pem), Some(place)) = (&around.flow, &identity.flow, &identity.contact.flow)
    else {
        return Ok(None);
    };
    let link = Link::of_pem(&identity.authority, &pem.certificate, &pem.key);
    let link = link.map_err(|error| error.to_string())?;
    let port = Port::of(link, listening(interface, &place.at)?).await?;
    let flows = &around.belongings.flows;
    flows.parts.links.set(Some(port.link()));
    Ok(Some(port.open(flows.clone(), stop.clone())))
}

/// How a site takes its time where slots are that long, and by which method it forecasts: one that
/// this program does not know any more gives way to the usual ones.
fn pace(slot: Span, method: Option<&str>) -> Settings {
    let usual = Settings::default();
    let half = Duration::from_nanos(slot.nanos() / 2);
    let (dwell, judging) = (half.min(usual.dwell), half.min(usual.judging));
    let method = method.and_then(|name| name.parse().ok()).unwrap_or_default();
    Settings { dwell, judging, method, ..usual }
}

/// Sees to it that the site that founded the cluster has its seat, if need be with that very
/// capacity.
async fn take_seat(site: Arc<Site>, capacity: Loads, exactly: Option<Loads>, who: Who) {
    let me = site.me();
    let is_seated = |member: &Member| {
        member.lot.is_some() && exactly.is_none_or(|capacity| member.capacity == capacity)
    };
    while !site.log().look(|state| state.members.get(&me).is_some_and(is_seated)) {
        let who = Who { name: who.name.clone(), lot: who.lot };
        if let Err(why) = seat(&**site.log(), me, capacity, who).await {
            tracing::warn!(%why, "this site has no seat yet");
        }
        tokio::time::sleep(SEAT_AGAIN).await;
    }
}

/// Asks those that are there until this site is a member. What it bears it then says itself, where
/// the council knows another figure: of one that comes back, nobody else could.
async fn ask(identity: Identity, site: Arc<Site>, client: Client, bears: Option<Loads>) {
    let me = site.me();
    let Identity { contact, capacity, lot, .. } = identity;
    let joining = Joining { contact, capacity, lot };
    let body = Bytes::from(serde_json::to_vec(&joining).unwrap_or_default());
    loop {
        let is_introduced =
            |state: &State| state.members.get(&me).is_some_and(|of| of.lot.is_some());
        if site.log().look(is_introduced) {
            let bore = |state: &State| state.members.get(&me).map(|of| of.capacity);
            let Some(capacity) = bears.filter(|it| site.log().look(bore) != Some(*it)) else {
                return;
            };
            match site.say(Command::Admit { site: me, capacity }, JOIN_MAX).await {
                Ok(_) => return,
                Err(error) => tracing::warn!(%error, "what this site bears is not known yet"),
            }
            tokio::time::sleep(JOIN_AGAIN).await;
            continue;
        }
        for known in site.contacts().into_values() {
            let to = resource_of(&known);
            let asked = client.post(&to, JOIN, body.clone(), JOIN_BYTES_MAX, JOIN_MAX).await;
            match asked.map(|answer| serde_json::from_slice::<Vec<SiteContact>>(&answer)) {
                Ok(Ok(contacts)) => {
                    contacts.iter().for_each(|contact| site.meet(&taken(contact), false));
                    break;
                }
                Ok(Err(error)) => tracing::warn!(site = %known.name, %error, "it answers oddly"),
                Err(LinkError::Refused { status: 409, reason, .. }) => {
                    site.note(About::Log, &reason)
                }
                Err(error) => tracing::warn!(%error, "this site is not admitted yet"),
            }
        }
        tokio::time::sleep(JOIN_AGAIN).await;
    }
}

/// A port for a channel that has threads of its own.
async fn std_listener(address: SocketAddr) -> Result<std::net::TcpListener, String> {
    let bound = async { TcpListener::bind(address).await?.into_std() };
    let told = |error| format!("cannot listen on {address} for other sites: {error}");
    bound.await.map_err(told)
}
