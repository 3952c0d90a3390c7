//! What deploying asks of the live world. The world implements it; deploying knows
//! nothing of minds, clocks or requests.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use swell_api::instance::Instance;
use swell_api::node::Node;
use swell_api::spec::BackendName;
use swell_core::ids::FunctionId;
use swell_sandbox::backend::{Backend, Doing};

use crate::registry::Version;

/// What the live world asks of those who deploy.
pub trait Deploying: Send + Sync {
    /// Makes the code of a version ready that nobody has called yet, or says why it is not.
    fn make_ready(&self, version: Arc<Version>) -> Doing<'static, Result<(), String>>;

    /// Keeps so many instances of these versions, and of others no more than they say themselves.
    fn hold_at_least(&self, floors: &BTreeMap<FunctionId, u32>);
}

/// What deploying asks of the live world.
pub trait Hands: Send + Sync {
    /// A new function of the mind, or new settings of one: those that
    /// `deploy::settings::of_version` makes of the version as it is now. New functions are
    /// told in the order of their ids. The template may not be there yet: after a restart
    /// code is made ready with the first call, or when an instance is wanted before, see
    /// [`Deploying::make_ready`].
    fn deploy(&self, version: &Arc<Version>);

    /// The version goes: its idle instances end, its waiting requests are refused.
    fn remove(&self, version: &Arc<Version>);

    /// The id of the next version. Ids are given in order and never reused in a run; each
    /// is followed by [`Hands::deploy`] before the next is asked for.
    fn next_id(&self) -> FunctionId;

    /// The backend of that name, if this node has it.
    fn backend(&self, name: BackendName) -> Option<Arc<dyn Backend>>;

    /// Who deploys, for what the world asks of them.
    fn meet(&self, deploying: Box<dyn Deploying>);

    /// All instances.
    fn instances(&self) -> Vec<Instance>;

    /// The node.
    fn node(&self) -> Node;

    /// The whole journal so far, readable by `swell replay`; none if none is kept.
    fn journal(&self) -> Option<Result<Vec<u8>, io::Error>>;
}
