//! What a command did that has nothing to tell but that it did it: a sentence for people, an object
//! for programs.

use serde::Serialize;
use swell_api::site::SetMode;

use crate::cli::form::{Listing, ListingArguments};
use crate::error::Letter;
use crate::listing::show_one;
use crate::say::say;

/// To what it was done.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Object<'a> {
    /// A site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub site: Option<&'a str>,
    /// A node of a site.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<&'a str>,
    /// A workload.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<&'a str>,
    /// A proposal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposal: Option<u64>,
    /// A mode, and for which workload.
    #[serde(flatten)]
    pub setting: Option<&'a SetMode>,
}

/// What was done.
#[derive(Debug, Serialize)]
struct Done<'a> {
    done: &'static str,
    #[serde(flatten)]
    object: Object<'a>,
}

/// Tells that something was done: people by a sentence aside, programs on standard output.
pub fn done(
    what: &'static str,
    object: Object<'_>,
    sentence: &str,
    form: ListingArguments,
) -> Result<(), Letter> {
    if matches!(form.output, Listing::Table | Listing::Wide) {
        say(sentence);
    }
    let of = object.site.or(object.node).or(object.workload).map(str::to_string);
    let of = of.or_else(|| object.proposal.map(|id| id.to_string()));
    let name = of.unwrap_or_else(|| what.to_string());
    show_one(&Done { done: what, object }, &name, |_| String::new(), form.output)
}
