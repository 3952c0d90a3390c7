//! How true what a site shows is.

use std::sync::Arc;
use std::time::Duration;

use swell_consensus::log::Standing;
use swell_site::site::Site;

use crate::refusal::Refusal;
use crate::sites::asking::unsaid;
use crate::sites::leaving::PATIENCE;

/// How long a majority may take to answer who just looks.
const SOON: Duration = Duration::from_secs(1);

/// Waits until all that was decided anywhere before this call is known here.
pub async fn catch_up(site: Result<Arc<Site>, Refusal>) -> Result<(), Refusal> {
    site?.log().barrier(PATIENCE).await.map_err(|error| unsaid(&error))?;
    Ok(())
}

/// The same, if a majority of the sites answers soon; whether one did.
pub async fn tries_to_catch_up(site: Result<Arc<Site>, Refusal>) -> Result<bool, Refusal> {
    let Ok(site) = site else { return Ok(false) };
    Ok(site.standing() == Standing::Deciding && site.log().barrier(SOON).await.is_ok())
}
