//! One native process at the door: who it is, what it wants, and its part until it ends.

use std::fmt::Display;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use tokio::io::Interest;
use tokio::net::UnixDatagram;
use tokio::sync::oneshot;
use tokio::time::timeout;
use tokio_util::sync::CancellationToken;

use swell_api::flow::{Full, NATIVE};
use swell_fifo::handshake::{Hello, NAME_MAX, PROTOCOL, Refused, Role, Told};
use swell_fifo::parcel;

use crate::flow::flows::Flows;
use crate::flow::line::Line;
use crate::flow::natives::{Native, Natives, keeping};
use crate::flow::peer::Peer;
use crate::flow::pool::Regions;
use crate::flow::up::{Down, Up};
use crate::native::intake::{Ended, Intake, Source};
use crate::native::sink::Sink;

/// How long a process may take to say what it wants.
const HELLO: Duration = Duration::from_secs(5);

/// How often is looked whether the flow was taken back.
const GLANCE: Duration = Duration::from_millis(2);

/// Why a process takes no part, for it.
struct No(Refused, String);

/// Serves a process until it or its flow ends.
pub(crate) async fn serve(flows: Arc<Flows>, number: u64, socket: UnixDatagram, group_too: bool) {
    let socket = Arc::new(socket);
    if let Err(No(code, why)) = take_part(&flows, number, &socket, group_too).await {
        tracing::info!(?code, %why, "a native process was refused");
        // One that is gone does not hear it.
        let _ = parcel::send(&*socket, &Told::Refused { code, why }, &[]);
    }
}

async fn take_part(
    flows: &Arc<Flows>,
    number: u64,
    socket: &Arc<UnixDatagram>,
    group_too: bool,
) -> Result<(), No> {
    let nonsense = |error: io::Error| No(Refused::Nonsense, error.to_string());
    let peer = Peer::of(socket).map_err(nonsense)?;
    let hello = match timeout(HELLO, receive(socket)).await {
        Ok(Ok(Some(hello))) => hello,
        Ok(Ok(None)) => return Ok(()),
        Ok(Err(error)) => return Err(nonsense(error)),
        Err(_) => {
            let why = format!("nothing was said within {} s", HELLO.as_secs());
            return Err(No(Refused::Nonsense, why));
        }
    };
    // Not before it has spoken: a socket closed with words in it takes the answer with it.
    if !peer.is_permitted(group_too) {
        let why = format!(
            "user {} may not take part in the flows of this node; run as the node's user, or let \
             its group in with `flow.socket-mode`",
            peer.uid
        );
        return Err(No(Refused::NotPermitted, why));
    }
    let up = find(flows, &hello)?;
    let (stop, regions) = (up.stop.clone(), flows.regions.clone());
    let session = Session { number, peer, up, regions, socket, stop };
    match hello.role {
        Role::Producer => session.produce(hello).await,
        Role::Consumer => session.consume(&hello).await,
    }
}

/// The flow that a process wants to take part in.
fn find(flows: &Flows, hello: &Hello) -> Result<Arc<Up>, No> {
    if hello.protocol != PROTOCOL {
        let why = format!(
            "this node speaks version {PROTOCOL} of its socket, the process {}; use the client \
             of the node's version",
            hello.protocol
        );
        return Err(No(Refused::Version, why));
    }
    let short = |text: &str| text.chars().take(NAME_MAX).collect::<String>();
    flows.get(&hello.flow).ok_or_else(|| {
        let why = format!("no flow `{}` is deployed here", short(&hello.flow));
        No(Refused::UnknownFlow, why)
    })
}

/// A process that takes part.
struct Session<'a> {
    number: u64,
    peer: Peer,
    up: Arc<Up>,
    regions: Arc<Regions>,
    socket: &'a Arc<UnixDatagram>,
    stop: CancellationToken,
}

impl Session<'_> {
    /// Lets the process take part under its name.
    fn admit(&self, among: &Natives, name: String, role: Role) -> Result<Arc<Native>, No> {
        let socket = self.socket.clone();
        let native = Arc::new(Native::new(self.number, name, role, self.peer, socket));
        if among.add(&native) {
            return Ok(native);
        }
        let name = &native.name;
        let why = match among.has_left(name, role) {
            true => format!(
                "what a former process `{name}` put in waits for room in the flow, and goes first"
            ),
            false => format!("another process is connected as `{name}`"),
        };
        Err(No(Refused::Taken, why))
    }

    fn undeclared(&self, name: &str, key: &str) -> No {
        let name: String = name.chars().take(NAME_MAX + NATIVE.len()).collect();
        let flow = &self.up.spec.name;
        let why = format!("the flow `{flow}` does not name `{name}` in {key}");
        No(Refused::NotDeclared, why)
    }

    /// Nobody can take part just now.
    fn not_up(&self, why: &impl Display) -> No {
        let flow = &self.up.spec.name;
        No(Refused::NotUp, format!("the flow `{flow}` is not up: {why}"))
    }

    async fn produce(self, hello: Hello) -> Result<(), No> {
        let name = format!("{NATIVE}{}", hello.name);
        if !self.up.spec.from.contains(&name) {
            return Err(self.undeclared(&name, "`from`"));
        }
        let sink = Arc::new(Sink::of(&self.up, &name).ok_or_else(|| match &self.up.line {
            Err(why) => self.not_up(why),
            Ok(_) => self.undeclared(&name, "`from`"),
        })?);
        let media_type: String = hello.media_type.chars().take(255).collect();
        let native = self.admit(sink.natives(), name, Role::Producer)?;
        let told = self.take_in(&native, &sink, media_type).await;
        sink.natives().remove(self.number);
        told
    }

    async fn take_in(
        &self,
        native: &Arc<Native>,
        sink: &Arc<Sink>,
        media: String,
    ) -> Result<(), No> {
        let no_room = |error: String| No(Refused::NoRoom, error);
        let next = tokio::select! {
            next = sink.next() => next.map_err(|why| self.not_up(&why))?,
            () = self.stop.cancelled() => return Err(self.not_up(&Down::Changing)),
        };
        let from = Source { sink: sink.clone(), native: native.clone(), media_type: media, next };
        let intake = Intake::new(from, self.regions.clone(), self.stop.clone())
            .map_err(|error| no_room(error.to_string()))?;
        let told = Told::Produce {
            next,
            item_max: sink.spec.item_bytes,
            rejects: sink.spec.full == Full::Reject,
            keeping: keeping(&sink.spec),
        };
        let descriptors = [intake.control.reader(), intake.page.reader(), intake.region().writer()];
        if !native.tell(&told, &descriptors) {
            return Ok(());
        }
        let leaving = intake.leaving();
        let (tell, mut ended) = oneshot::channel();
        intake.begin(tell).map_err(|error| no_room(error.to_string()))?;
        let said = tokio::select! {
            ended = &mut ended => return self.ended(native, ended),
            said = receive::<Hello>(self.socket) => said,
            () = self.stop.cancelled() => {
                leaving.wake();
                return self.ended(native, ended.await);
            }
        };
        native.has_left.store(true, Ordering::Relaxed);
        leaving.tell();
        let ended = ended.await;
        match said {
            Ok(Some(_)) => Err(No(Refused::Nonsense, "one hello is enough".to_string())),
            _ => self.ended(native, ended),
        }
    }

    fn ended(
        &self,
        native: &Native,
        ended: Result<Ended, oneshot::error::RecvError>,
    ) -> Result<(), No> {
        match ended {
            Ok(Ended::Nonsense(why)) => Err(No(Refused::Nonsense, why)),
            Ok(Ended::Left) => Ok(()),
            Ok(Ended::Closed) | Err(_) => {
                native.tell(&Told::Closing, &[]);
                Ok(())
            }
        }
    }

    async fn consume(self, hello: &Hello) -> Result<(), No> {
        let line = match &self.up.line {
            Ok(line) => line.clone(),
            // A process takes items at the node that has them.
            Err(why) => return Err(self.not_up(why)),
        };
        let name = format!("{NATIVE}{}", hello.name);
        let place = line.owners().position(|owner| *owner == name);
        let place = place.ok_or_else(|| self.undeclared(&name, "`to` or `owners`"))?;
        let native = self.admit(&line.natives, name, Role::Consumer)?;
        let owner = line.owner_name(line.owner()).to_string();
        native.tell(&Told::StandBy { owner }, &[]);
        self.offer(&line, place);
        let said = tokio::select! {
            said = receive::<Hello>(self.socket) => Some(said),
            () = native.over.cancelled() => None,
            () = self.stop.cancelled() => None,
        };
        if self.stop.is_cancelled() {
            // The daemon takes the flow back, and saves what lies in memory only.
            native.tell(&Told::Closing, &[]);
            while line.native_owner() == Some(self.number) {
                tokio::time::sleep(GLANCE).await;
            }
            native.over.cancel();
        } else {
            line.leave(self.number);
        }
        line.natives.remove(self.number);
        match (native.why(), said) {
            (Some((code, why)), _) => Err(No(code, why)),
            (None, Some(Ok(Some(_)))) => {
                Err(No(Refused::Nonsense, "one hello is enough".to_string()))
            }
            _ => Ok(()),
        }
    }

    /// Lets a process have the flow that just connected, unless another has it, or a person said
    /// where it is to be.
    fn offer(&self, line: &Arc<Line>, place: usize) {
        let pinned = self.up.record.lock().pinned.clone();
        let is_elsewhere = pinned.is_some_and(|pinned| pinned != line.owner_name(place));
        let is_over = self.stop.is_cancelled();
        if is_over || is_elsewhere || line.native_owner().is_some() {
            return;
        }
        if let Err(error) = line.hand_over(place, ("connected", "the process connected")) {
            let (flow, owner) = (&line.spec.name, line.owner_name(place));
            tracing::warn!(%flow, %owner, %error, "a flow does not go to a process");
        }
    }
}

/// Waits for a message; nothing once the other end is gone.
async fn receive<T: serde::de::DeserializeOwned>(
    socket: &Arc<UnixDatagram>,
) -> io::Result<Option<T>> {
    let received =
        socket.async_io(Interest::READABLE, || parcel::try_receive::<T>(&**socket)).await;
    match received {
        // Descriptors that nobody asked for are closed here.
        Ok(message) => Ok(message.map(|(message, _)| message)),
        // A process that was killed leaves no message, only its end.
        Err(error) if error.kind() == io::ErrorKind::ConnectionReset => Ok(None),
        Err(error) => Err(error),
    }
}
