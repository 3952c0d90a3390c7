//! Which maintenance of sites is heeded where it is announced: that of the site itself and of its
//! nodes, as each says its own in the log. Of another site's nobody takes notice.

use swell_forecast::calendar::announced::Announced;
use swell_forecast::calendar::occasion::Occasion;
use swell_forecast::calendar::pattern::fits;

use crate::announced::SITE;

/// Whether it says that something of a site is maintained.
pub fn is_of_site(one: &Occasion) -> bool {
    let is_said = one.effect == Announced::Unmeasured;
    let is_meant = one.effect == Announced::Unknown && one.kind == "maintenance";
    (is_said || is_meant) && one.functions.iter().any(|pattern| pattern.starts_with(SITE))
}

/// Who a node speaks for, and of whom it knows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Heeding {
    /// The site that the node has the seat of; none where it is no site.
    pub own: Option<String>,
    /// The nodes of that site, where it has several.
    pub nodes: Vec<String>,
    /// The other sites of its cluster.
    pub others: Vec<String>,
}

/// What is heeded of an occasion.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Heed {
    /// All.
    All,
    /// What it says of the own site; of the rest not, for this reason.
    Part(String),
    /// Nothing, for this reason.
    Nothing(String),
}

impl Heeding {
    /// What is heeded of an occasion that is announced here.
    pub fn of(&self, one: &Occasion) -> Heed {
        if !is_of_site(one) {
            return Heed::All;
        }
        let patterns = one.functions.iter().filter(|pattern| pattern.starts_with(SITE));
        let (own, others): (Vec<_>, Vec<_>) = patterns.partition(|pattern| self.is_own(pattern));
        let why: Vec<String> = others.into_iter().map(|pattern| self.why_not(pattern)).collect();
        match (own.is_empty(), why.is_empty()) {
            (_, true) => Heed::All,
            (false, false) => Heed::Part(why.join("; ")),
            (true, false) => Heed::Nothing(why.join("; ")),
        }
    }

    fn is_own(&self, pattern: &str) -> bool {
        let Some(own) = &self.own else { return false };
        let nodes = self.nodes.iter().map(|node| format!("{SITE}{own}/{node}"));
        std::iter::once(format!("{SITE}{own}")).chain(nodes).any(|name| fits(pattern, &name))
    }

    /// What a pattern names that is not of the own site.
    fn why_not(&self, pattern: &str) -> String {
        let Some(own) = &self.own else {
            return format!("`{pattern}` names a site, and this node is no site of a cluster");
        };
        let name = pattern.strip_prefix(SITE).unwrap_or(pattern);
        let (site, node) = name.split_once('/').map_or((name, None), |(of, node)| (of, Some(node)));
        match node {
            Some(node) if fits(site, own) => format!("site `{own}` has no node `{node}`"),
            _ if self.others.iter().any(|other| fits(site, other)) => {
                format!("`{pattern}` is another site than this one, `{own}`: announce it there")
            }
            _ => format!("there is no site `{site}` in this cluster"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_site_heeds_its_own_maintenance_and_tells_of_the_rest() {
        let texts = |all: &[&str]| all.iter().map(ToString::to_string).collect::<Vec<_>>();
        let oslo = Heeding {
            own: Some("oslo".to_string()),
            nodes: texts(&["attic"]),
            others: texts(&["lima", "kobe"]),
        };
        let heed = |of: &Heeding, kind: &str, effect, functions: &[&str]| {
            let (kind, functions) = (kind.to_string(), texts(functions));
            of.of(&Occasion { kind, effect, functions, ..Occasion::default() })
        };
        let other = "`site/lima` is another site than this one, `oslo`: announce it there";
        let none = "there is no site `oslol` in this cluster";
        let down = |functions: &[&str]| heed(&oslo, "power", Announced::Unmeasured, functions);
        for (functions, expected) in [
            (&["site/oslo"][..], Heed::All),
            (&["site/oslo/attic"], Heed::All),
            (&["site/*"], Heed::All),
            (&["shop-*"], Heed::All),
            (&[], Heed::All),
            (&["site/lima"], Heed::Nothing(other.to_string())),
            (&["site/lima", "site/oslo"], Heed::Part(other.to_string())),
            (&["site/lima", "site/oslol"], Heed::Nothing(format!("{other}; {none}"))),
            (&["site/oslo/attik"], Heed::Nothing("site `oslo` has no node `attik`".to_string())),
        ] {
            assert_eq!(down(functions), expected, "{functions:?}");
        }
        let lima = &["site/lima"];
        let unsaid = heed(&oslo, "maintenance", Announced::Unknown, lima);
        assert_eq!(unsaid, Heed::Nothing(other.to_string()), "the kind is enough");
        let campaign = heed(&oslo, "campaign", Announced::Times(2.0), lima);
        assert_eq!(campaign, Heed::All, "it is no maintenance");
        let alone = heed(&Heeding::default(), "maintenance", Announced::Unknown, lima);
        assert!(matches!(alone, Heed::Nothing(why) if why.contains("no site of a cluster")));
    }
}
