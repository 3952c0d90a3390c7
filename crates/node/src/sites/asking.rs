//! What people ask of a site in the words of the council, and what it refuses in theirs.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use chrono::{DateTime, SecondsFormat, Utc};
use swell_api::site::{FileProposal, SetMode};
use swell_api::site_joining::Pem;
use swell_consensus::log::{LogError, Look};
use swell_core::council::entry::Command;
use swell_core::council::proposal::{Cause, Condition, Criterion, Filing, Rollback};
use swell_core::council::refusal::Refusal as Refused;
use swell_core::council::words::{Metric, WHOLE_PPM};
use swell_core::time::Span;
use swell_link::authority::Authority as Issuer;
use swell_link::error::LinkError;
use swell_link::purpose::{Purpose, check_name};
use swell_outlook::methods::Method;
use swell_outlook::naming::{site_id, workload_id};
use swell_site::site::Site;

use crate::nodes::member::Member;
use crate::refusal::{Reason, Refusal};
use crate::sites::contact::certified;
use crate::sites::telling::mode_taken;

/// How long certificates of sites are good for.
const CERTIFIED: Duration = Duration::from_secs(10 * 365 * 24 * 3_600);
/// When a move that a person wants must be decided, where nobody says.
const WITHIN_MS: u64 = 600_000;
/// Over how many slots it is looked whether it helped, where nobody says.
const CHECK_SLOTS: u64 = 3;

/// The proposal that a person wants.
pub fn filing(site: &Site, asked: &FileProposal) -> Result<Filing, Refusal> {
    let unknown = |what: &str, name: &str| {
        Refusal::new(Reason::NotFound, format!("there is no {what} `{name}` in this cluster"))
            .hint("`swell site list` and `swell authority list` show what there is")
    };
    let destination = site_id(&asked.destination);
    let window_slots = asked.check_slots.unwrap_or(CHECK_SLOTS);
    if asked.at_most.is_some_and(|part| !(part > 0.0 && part <= 1.0)) {
        let title = "`at_most` is a share of what the destination can bear: above 0, at most 1";
        return Err(Refusal::new(Reason::BadRequest, title)
            .hint("say which share of its processors may be used, such as 0.85"));
    }
    site.log().look(|state| {
        if !state.members.contains_key(&destination) {
            return Err(unknown("site", &asked.destination));
        }
        let mut workloads = BTreeMap::new();
        let (mut source, mut is_lost) = (None, true);
        for name in &asked.workloads {
            let known = state.workloads.get(&workload_id(name));
            let authority = known.ok_or_else(|| unknown("workload", name))?.authority;
            workloads.insert(workload_id(name), authority.epoch);
            source.get_or_insert(authority.holder);
            is_lost &= authority.lease_until <= state.now;
        }
        let source = source.ok_or_else(|| {
            Refusal::new(Reason::BadRequest, "a proposal names at least one workload")
        })?;
        let at_most = asked.at_most.map(|part| (part * f64::from(WHOLE_PPM)) as u32);
        let at_most_ppm = at_most.unwrap_or(state.rules.limit_ppm);
        let condition = Condition { site: destination, metric: Metric::Cpu, at_most_ppm };
        Ok(Filing {
            workloads,
            source,
            destination,
            deadline: state.now + Span::from_millis(asked.within_ms.unwrap_or(WITHIN_MS)),
            // Of a site that is lost nothing can be asked: what was kept of it elsewhere is taken.
            cause: match (is_lost, asked.again) {
                (true, _) => Cause::SourceLost,
                (false, true) => Cause::OrderedAgain,
                (false, false) => Cause::Order,
            },
            criterion: Criterion { conditions: vec![condition], window_slots, samples_min: 1 },
            rollback: if asked.stay || is_lost { Rollback::Stay } else { Rollback::ToSource },
        })
    })
}

/// The mode that a person wants, for all or for a workload that there is.
pub fn mode(site: &Site, asked: &SetMode) -> Result<Command, Refusal> {
    let workload = asked.workload.as_deref().map(workload_id);
    let is_known = |id| site.log().look(|state| state.workloads.contains_key(&id));
    if let Some(name) = asked.workload.as_ref().filter(|name| !is_known(workload_id(name))) {
        let title = format!("there is no workload `{name}`");
        return Err(Refusal::new(Reason::NotFound, title)
            .hint("`swell authority list` shows those that are"));
    }
    match (workload, mode_taken(asked.mode)) {
        (workload, Some(mode)) => Ok(Command::SetMode { workload, mode }),
        (Some(workload), None) => Ok(Command::InheritMode { workload }),
        (None, None) => Err(Refusal::new(Reason::BadRequest, "there is nothing to inherit from")
            .hint("name the workload that is to go by the mode of all")),
    }
}

/// That a workload is no more, of which nothing is left but its name.
pub fn forgotten(site: &Site, name: &str) -> Result<Command, Refusal> {
    let workload = workload_id(name);
    let told = site.log().look(|state| {
        let authority = state.workloads.get(&workload)?.authority;
        Some((authority.holder, authority.lease_until > state.now))
    });
    match told {
        None => Err(Refusal::new(Reason::NotFound, format!("there is no workload `{name}`"))
            .hint("`swell authority list` shows those that are")),
        Some((holder, true)) => {
            let title = format!("`{name}` is served by site `{}`", site.names().site(holder));
            Err(Refusal::new(Reason::Conflict, title)
                .hint("`swell remove` removes a function at its site"))
        }
        Some((_, false)) => Ok(Command::Retire { workload }),
    }
}

/// Certifies a site for a channel, at an entry of the log.
pub fn issue(issuer: &Issuer, name: &str, purpose: Purpose, at: u64) -> Result<Pem, Refusal> {
    check_name(name).map_err(|error| uncertified(&error))?;
    issue_as(issuer, &certified(name), purpose, at)
}

/// Certifies whoever is called so in certificates, at an entry of the log: what was certified before
/// a site left is void, see [`is_void`](swell_core::council::invitation::is_void).
pub fn issue_as(
    issuer: &Issuer,
    certified: &str,
    purpose: Purpose,
    at: u64,
) -> Result<Pem, Refusal> {
    let issued = issuer.issue_stamped(certified, purpose, SystemTime::now(), CERTIFIED, at);
    let issued = issued.map_err(|error| uncertified(&error))?;
    Ok(Pem { certificate: issued.certificate, key: issued.key })
}

/// Refuses a site that can bear nothing.
pub fn checked(cpu_milli: u64) -> Result<(), Refusal> {
    if cpu_milli == 0 {
        let title = "a site without processors bears nothing";
        return Err(Refusal::new(Reason::BadRequest, title)
            .hint("say what it can bear, such as `--cpu 4` for four processors"));
    }
    Ok(())
}

/// Refuses a method of forecasting that there is not.
pub fn is_method(name: Option<&str>) -> Result<(), Refusal> {
    let known = name.map_or(Ok(Method::Usual), str::parse);
    known.map(drop).map_err(|why| Refusal::new(Reason::BadRequest, why))
}

/// Why there is no certificate.
pub fn uncertified(error: &LinkError) -> Refusal {
    Refusal::new(Reason::BadRequest, error.to_string())
}

/// The node is no site.
pub fn no_site() -> Refusal {
    Refusal::new(Reason::NotFound, "this node is no site of a cluster")
        .hint("found one with `swell site init`, or join one with `swell site join`")
}

/// The node is one of a site, and does not speak for it.
pub fn seat_elsewhere(member: &Member) -> Refusal {
    let site = member.kept().invitation.site;
    let at = member.heard().seat.map_or_else(String::new, |seat| format!(", at {}", seat.gateway));
    let title = format!("this is a node of site `{site}`, which has its seat at another one");
    Refusal::new(Reason::NotFound, title).hint(format!("ask there{at}"))
}

/// Has a site say that a function is here which is about to be deployed; refused where another site
/// serves its workload.
pub async fn claim(
    site: Option<Arc<Site>>,
    function: &str,
    workload: Option<&str>,
) -> Result<(), Refusal> {
    let (Some(site), name) = (site, workload.unwrap_or(function)) else { return Ok(()) };
    site.claim(workload_id(name)).await.map_err(|holder| {
        let title = format!("`{name}` is served by site `{}`", site.names().site(holder));
        Refusal::new(Reason::Conflict, title).hint(
            "deploy it there, or move its workload here first with `swell authority move`; \
                 where that site is lost with all that was kept of it, `swell authority forget` \
                 frees the name",
        )
    })
}

/// Who this node is could not be written down.
pub fn unkept(why: &str) -> Refusal {
    Refusal::new(Reason::Storage, "who this node is cannot be kept").detail(why)
}

/// What the log could not do, for a person.
pub fn unsaid(error: &LogError) -> Refusal {
    let reason = match error {
        LogError::Refused(_) | LogError::NotMember => Reason::Conflict,
        LogError::Stopped(_) => Reason::Internal,
        _ => Reason::NotReady,
    };
    Refusal::new(reason, error.to_string())
}

/// What the council refused, in names.
pub fn declined(site: &Site, refused: &Refused) -> Refusal {
    let reason = match refused {
        Refused::UnknownProposal(_)
        | Refused::NothingFiled(_)
        | Refused::UnknownWorkload(_)
        | Refused::NotMember(_) => Reason::NotFound,
        Refused::BadCriterion(_) | Refused::OutOfRange(_) | Refused::SameSite => Reason::BadRequest,
        _ => Reason::Conflict,
    };
    let told = Refusal::new(reason, in_dates(&site.names().in_words(&refused.to_string())));
    match refused {
        Refused::StillHolds(..) => told.hint(
            "`swell authority move` moves it; where its site is lost with all that was kept of it, \
             `swell authority forget` frees its name",
        ),
        Refused::CauseUnchanged { .. } | Refused::Resting { .. } => told
            .hint("if what was in its way is gone, order it with `swell authority move --again`"),
        _ => told,
    }
}

/// A sentence of the council, which counts seconds since 1970, with dates.
fn in_dates(sentence: &str) -> String {
    const SECOND: &str = "second ";
    let mut parts = sentence.split(SECOND);
    let mut text = parts.next().unwrap_or_default().to_string();
    for part in parts {
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let at = part[..digits].parse().ok().and_then(|at| DateTime::<Utc>::from_timestamp(at, 0));
        match at {
            Some(at) => text.push_str(&at.to_rfc3339_opts(SecondsFormat::Secs, true)),
            None => text.push_str(&format!("{SECOND}{}", &part[..digits])),
        }
        text.push_str(&part[digits..]);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_told_as_dates() {
        for (sentence, expected) in [
            ("it rests until second 1795847978: wait", "it rests until 2026-11-28T06:39:38Z: wait"),
            ("the second site", "the second site"),
            ("nothing", "nothing"),
        ] {
            assert_eq!(in_dates(sentence), expected);
        }
    }
}
