//! What a connection is for. Each purpose has certificates and a port of its own, so that
//! who may speak of one thing has no say in another, and a flood on one leaves the others be.

use crate::error::LinkError;

/// Below which all names of certificates stand; a name that no public DNS can hold.
const ROOT: &str = "swell.internal";

/// The longest part of a name (RFC 1035, section 2.3.4).
const LABEL_MAX: usize = 63;

/// What two nodes speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Contents and the messages of cache groups.
    Content,
    /// Items of FIFOs that move to another node.
    Flow,
    /// The log of the sites, and transfers of workloads.
    Resource,
    /// Who is there and how it is.
    State,
    /// Nodes of one site: what they are to serve, how they are, calls that they pass on.
    Node,
}

impl Purpose {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Content, Self::Flow, Self::Resource, Self::State, Self::Node];

    /// The word in names of certificates and files.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Content => "content",
            Self::Flow => "flow",
            Self::Resource => "resource",
            Self::State => "state",
            Self::Node => "node",
        }
    }

    /// The DNS name under which the node called `name` is certified for this.
    pub(crate) fn host(self, name: &str) -> String {
        format!("{name}.{}.{ROOT}", self.word())
    }

    /// The purpose and the node's name in a DNS name of a certificate, if it is one of ours.
    pub(crate) fn of_host(host: &str) -> Option<(Self, &str)> {
        let rest = host.strip_suffix(ROOT)?.strip_suffix('.')?;
        let (name, word) = rest.rsplit_once('.')?;
        let purpose = Self::ALL.into_iter().find(|purpose| purpose.word() == word)?;
        is_name(name).then_some((purpose, name))
    }
}

/// Refuses what cannot be the name of a node: names are parts of DNS names.
pub fn check_name(name: &str) -> Result<(), LinkError> {
    if is_name(name) {
        return Ok(());
    }
    Err(LinkError::Unusable(format!(
        "`{name}` cannot name a node: use 1 to {LABEL_MAX} of the letters a to z, digits and \
         `-`, not beginning or ending with `-`"
    )))
}

fn is_name(name: &str) -> bool {
    let fine = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    !name.is_empty()
        && name.len() <= LABEL_MAX
        && name.bytes().all(fine)
        && !name.starts_with('-')
        && !name.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_are_read_as_they_were_written() {
        for purpose in Purpose::ALL {
            let host = purpose.host("shop-3");
            assert_eq!(Purpose::of_host(&host), Some((purpose, "shop-3")), "{host}");
        }
        for other in [
            "",
            "swell.internal",
            "state.swell.internal",
            ".state.swell.internal",
            "a.b.state.swell.internal",
            "shop.other.swell.internal",
            "shop.state.swell.internal.example.org",
            "shop.state.xswell.internal",
        ] {
            assert_eq!(Purpose::of_host(other), None, "{other}");
        }
    }

    #[test]
    fn names_are_parts_of_dns_names() {
        for name in ["a", "shop-3", "0", &"x".repeat(63)] {
            assert!(check_name(name).is_ok(), "{name}");
        }
        for name in ["", "-a", "a-", "A", "a.b", "a_b", "ä", "a/b", &"x".repeat(64)] {
            assert!(check_name(name).is_err(), "{name}");
        }
    }
}
