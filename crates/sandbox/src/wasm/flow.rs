//! What guests put into flows and take out of them: `swell:flow`, over the flows of the call
//! that the guest serves.
//!
//! What a guest opened is only a name: each use asks the call that it serves by then, so a
//! guest that serves call after call takes nothing along from one to the next.

use std::time::Duration;

use wasmtime::component::{HasData, Linker, Resource, ResourceTable, ResourceTableError};

use crate::flow::{CallFlows, FlowError};
use crate::wasm::guest::Guest;

/// What the generator makes of the interfaces.
#[allow(missing_docs, unreachable_pub, unsafe_code, reason = "written by the engine's generator")]
mod generated {
    wasmtime::component::bindgen!({
        path: "wit/flow.wit",
        world: "guest",
        imports: { default: async | trappable },
        with: {
            "swell:flow/senders.sender": super::Sender,
            "swell:flow/receivers.receiver": super::Receiver,
        },
        trappable_error_type: { "swell:flow/types.error" => super::Failure },
    });
}

use self::generated::swell::flow::types::{Error, Item};
use self::generated::swell::flow::{receivers, senders, types};

/// A flow that a guest opened to put items in.
pub struct Sender(String);

/// A flow that a guest opened to take items out.
pub struct Receiver(String);

/// Why a guest did not get what it asked for.
pub struct Failure(FlowError);

impl From<FlowError> for Failure {
    fn from(error: FlowError) -> Self {
        Self(error)
    }
}

impl From<ResourceTableError> for Failure {
    fn from(error: ResourceTableError) -> Self {
        Self(FlowError::Other(error.to_string()))
    }
}

/// One guest's view of its flows.
pub(crate) struct Ends<'a> {
    table: &'a mut ResourceTable,
    flows: Option<&'a dyn CallFlows>,
}

fn ends(guest: &mut Guest) -> Ends<'_> {
    Ends { table: &mut guest.table, flows: guest.flows.as_deref() }
}

impl<'a> Ends<'a> {
    fn flows(&self) -> Result<&'a dyn CallFlows, Failure> {
        let why = || FlowError::Denied("no flow names this function".to_string());
        self.flows.ok_or_else(|| why().into())
    }
}

/// Adds the interfaces to what components may import.
pub(crate) fn add_to_linker(linker: &mut Linker<Guest>) -> wasmtime::Result<()> {
    senders::add_to_linker::<_, HasEnds>(linker, ends)?;
    receivers::add_to_linker::<_, HasEnds>(linker, ends)?;
    types::add_to_linker::<_, HasEnds>(linker, ends)
}

struct HasEnds;

impl HasData for HasEnds {
    type Data<'a> = Ends<'a>;
}

impl types::Host for Ends<'_> {
    fn convert_error(&mut self, failure: Failure) -> wasmtime::Result<Error> {
        Ok(match failure.0 {
            FlowError::NoSuchFlow => Error::NoSuchFlow,
            FlowError::Denied(why) => Error::AccessDenied(why),
            FlowError::Full => Error::Full,
            FlowError::TooLarge(most) => Error::TooLarge(most),
            FlowError::Moved => Error::Moved,
            FlowError::Other(why) => Error::Other(why),
        })
    }
}

impl senders::Host for Ends<'_> {
    async fn open(&mut self, flow: String) -> Result<Resource<Sender>, Failure> {
        self.flows()?.may_send(&flow)?;
        Ok(self.table.push(Sender(flow))?)
    }
}

impl senders::HostSender for Ends<'_> {
    async fn push(
        &mut self,
        sender: Resource<Sender>,
        media_type: String,
        payload: Vec<u8>,
    ) -> Result<senders::Placed, Failure> {
        let (flows, Sender(flow)) = (self.flows()?, self.table.get(&sender)?);
        let pushed = flows.push(flow, &media_type, vec![payload]).await?;
        let is_dropped = pushed.dropped > 0;
        Ok(if is_dropped { senders::Placed::Dropped } else { senders::Placed::Stored })
    }

    async fn push_batch(
        &mut self,
        sender: Resource<Sender>,
        media_type: String,
        payloads: Vec<Vec<u8>>,
    ) -> Result<u32, Failure> {
        let (flows, Sender(flow)) = (self.flows()?, self.table.get(&sender)?);
        Ok(flows.push(flow, &media_type, payloads).await?.count)
    }

    async fn drop(&mut self, sender: Resource<Sender>) -> wasmtime::Result<()> {
        self.table.delete(sender)?;
        Ok(())
    }
}

impl receivers::Host for Ends<'_> {
    async fn open(&mut self, flow: String) -> Result<Resource<Receiver>, Failure> {
        self.flows()?.may_receive(&flow)?;
        Ok(self.table.push(Receiver(flow))?)
    }
}

impl receivers::HostReceiver for Ends<'_> {
    async fn pop(
        &mut self,
        receiver: Resource<Receiver>,
        max: u32,
        wait: u64,
    ) -> Result<Vec<Item>, Failure> {
        let (flows, Receiver(flow)) = (self.flows()?, self.table.get(&receiver)?);
        let items = flows.pop(flow, max, Duration::from_nanos(wait)).await?;
        let item = |item: crate::flow::FlowItem| Item {
            from: item.from,
            sequence: item.sequence,
            media_type: item.media_type,
            payload: item.payload.into(),
        };
        Ok(items.into_iter().map(item).collect())
    }

    async fn done(&mut self, receiver: Resource<Receiver>) -> Result<(), Failure> {
        let (flows, Receiver(flow)) = (self.flows()?, self.table.get(&receiver)?);
        Ok(flows.done(flow).await?)
    }

    async fn drop(&mut self, receiver: Resource<Receiver>) -> wasmtime::Result<()> {
        self.table.delete(receiver)?;
        Ok(())
    }
}
