//! Work on regions that touches each of their pages, which takes milliseconds where they are
//! large. It is done without the pool, so that whoever wants a region that is ready, or asks how
//! the pool stands, does not wait for it.

use std::io;

use crate::class::Class;

/// Makes and scrubs what is pooled: mapped memfds in the daemon, heaps in tests.
pub trait Maker {
    /// What is pooled.
    type Region;

    /// Makes a region whose pages are all there, and zero.
    fn make(&self, class: Class) -> io::Result<Self::Region>;

    /// Overwrites everything that was in it.
    fn scrub(&self, region: &mut Self::Region);

    /// Gives up what another process would need to map it.
    fn seclude(&self, region: &mut Self::Region);

    /// Whether no other process can ever map it.
    fn is_secluded(&self, region: &Self::Region) -> bool;
}

/// What there is of a region that was taken.
pub(crate) enum Found<R> {
    /// It is clean.
    Ready(R),
    /// It came back from another.
    Dirty(R),
    /// It is yet to be made.
    Nothing,
}

/// A region that was taken from the pool and paid for, and may have to be made or scrubbed first.
pub struct Taking<R> {
    pub(crate) class: Class,
    pub(crate) found: Found<R>,
    /// Whether nobody but this process is to see it.
    pub(crate) is_secluded: bool,
    /// What was let go to make room for it.
    pub(crate) shed: Vec<R>,
}

impl<R> Taking<R> {
    /// Does what is left to do. If that fails, the pool is to be told, by
    /// [`Pool::abandon`](crate::pool::Pool::abandon).
    pub fn finish(self, maker: &impl Maker<Region = R>) -> io::Result<R> {
        drop(self.shed);
        let mut region = match self.found {
            Found::Ready(region) => region,
            Found::Dirty(mut region) => {
                maker.scrub(&mut region);
                region
            }
            Found::Nothing => maker.make(self.class)?,
        };
        if self.is_secluded {
            maker.seclude(&mut region);
        }
        Ok(region)
    }
}

/// One piece of work that lets the pool be as it should be.
pub enum Chore<R> {
    /// Scrub a region that came back.
    Scrub(Class, R),
    /// Make a region; its bytes are set aside.
    Make(Class),
    /// Let a region go.
    LetGo(R),
}

/// What came of a chore.
pub struct Done<R>(pub(crate) Option<(Class, io::Result<R>)>);

impl<R> Chore<R> {
    /// Does it. The pool is to be told, by [`Pool::done`](crate::pool::Pool::done).
    pub fn work(self, maker: &impl Maker<Region = R>) -> Done<R> {
        Done(match self {
            Chore::Scrub(class, mut region) => {
                maker.scrub(&mut region);
                Some((class, Ok(region)))
            }
            Chore::Make(class) => Some((class, maker.make(class))),
            Chore::LetGo(region) => {
                drop(region);
                None
            }
        })
    }
}
