//! A node that comes up does not know at once what other sites serve: until it does, a function that
//! it does not have may be one of theirs, which is another answer than that there is none.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use swell_site::site::Site;

/// Whether it has yet to be heard what other sites serve.
#[derive(Debug, Clone, Default)]
pub struct Settling(Arc<AtomicBool>);

impl Settling {
    pub(super) fn is_on(&self) -> bool {
        self.0.load(Ordering::Acquire)
    }

    /// Nothing is known as long as no site is up; or there are no others.
    pub(super) fn expect(&self, is_expected: bool) {
        self.0.store(is_expected, Ordering::Release);
    }

    /// A site is up, and hears of the others.
    pub(super) fn begin(&self, site: Arc<Site>) {
        self.expect(true);
        let settling = self.clone();
        tokio::spawn(async move {
            site.acquaint().await;
            settling.expect(false);
        });
    }
}
