//! The layers of prefetching; each can be switched, and is measured against those before it.

use std::fmt;
use std::str::FromStr;

/// Which layers are on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Layers {
    /// P0: a task goes to the member that has most of its inputs.
    pub affinity: bool,
    /// P1: what a function declares, or read in its last runs, is fetched when a task of it is
    /// accepted.
    pub manifest: bool,
    /// P2: what is asked for most in a group is fetched by members that do little.
    pub popular: bool,
}

/// What was written where layers were expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayersError(String);

impl fmt::Display for LayersError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "`{}` is no layer of prefetching; use `off`, or some of `p0` (affinity), `p1` \
             (manifest and history of a function) and `p2` (what a workload asks for most), such \
             as `p0+p1`",
            self.0
        )
    }
}

impl std::error::Error for LayersError {}

impl Layers {
    /// None.
    pub const OFF: Layers = Layers { affinity: false, manifest: false, popular: false };
    /// All.
    pub const ALL: Layers = Layers { affinity: true, manifest: true, popular: true };

    /// Whether anything is fetched ahead.
    pub fn fetch(self) -> bool {
        self.manifest || self.popular
    }
}

impl FromStr for Layers {
    type Err = LayersError;

    fn from_str(text: &str) -> Result<Self, LayersError> {
        let mut layers = Layers::OFF;
        if text.trim() == "off" {
            return Ok(layers);
        }
        for word in text.split(['+', ',']).map(str::trim) {
            match word {
                "p0" => layers.affinity = true,
                "p1" => layers.manifest = true,
                "p2" => layers.popular = true,
                _ => return Err(LayersError(word.chars().take(40).collect())),
            }
        }
        Ok(layers)
    }
}

impl fmt::Display for Layers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = [(self.affinity, "p0"), (self.manifest, "p1"), (self.popular, "p2")];
        let words: Vec<&str> = all.iter().filter(|(on, _)| *on).map(|&(_, word)| word).collect();
        f.write_str(if words.is_empty() { "off" } else { "" })?;
        f.write_str(&words.join("+"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layers_are_read_as_they_are_written() {
        for text in ["off", "p0", "p1", "p0+p2", "p0+p1+p2"] {
            assert_eq!(text.parse::<Layers>().map(|layers| layers.to_string()), Ok(text.into()));
        }
        assert_eq!("p2, p1,p0".parse(), Ok(Layers::ALL));
        for text in ["", "p3", "p0+off", "P0", "p0++p1"] {
            assert!(text.parse::<Layers>().is_err(), "{text}");
        }
    }
}
