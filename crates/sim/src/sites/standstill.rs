//! Nothing ever moves.

use crate::sites::cluster::Cluster;
use crate::sites::minute::{Deeds, Minute, Policy};

/// Leaves everything where it is.
#[derive(Debug, Default)]
pub struct Standstill;

impl Policy for Standstill {
    fn act(&mut self, _: Minute<'_>, _: &mut Cluster) {}

    fn deeds(&self) -> Deeds {
        Deeds::default()
    }
}
