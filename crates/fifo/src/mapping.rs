//! Segments that several processes see: memfds, mapped.
#![expect(unsafe_code, reason = "mapping and unmapping; each block lists what it relies on")]

use std::io;
use std::os::fd::AsFd;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::time::Duration;

use rustix::io::Errno;
use rustix::mm::{MapFlags, ProtFlags, mmap, mmap_anonymous, munmap};
use rustix::thread::futex::{self, Flags, Wait, WaitFlags, WaitPtr, WaitvFlags};
use rustix::time::{ClockId, Timespec, clock_gettime};

use crate::memfd;
use crate::shared::{Shared, Watch};
use crate::view::View;

/// The kernel looks at so many words at once.
const WATCHES_MAX: usize = 128;
/// Where the kernel can wait for one word only, the others are looked at this often.
const GLANCE: Duration = Duration::from_millis(1);

static ONE_AT_A_TIME: AtomicBool = AtomicBool::new(false);

/// A mapped segment. Clones are the same mapping; the last one unmaps it.
#[derive(Debug, Clone)]
pub struct Mapping(Arc<Mapped>);

#[derive(Debug)]
struct Mapped {
    view: View,
}

impl Mapping {
    /// Maps sealed memory for reading and writing. Its pages are there when this returns.
    pub fn writable(fd: impl AsFd) -> io::Result<Self> {
        Self::new(fd, true)
    }

    /// Maps sealed memory for reading. Its pages are there when this returns.
    pub fn readable(fd: impl AsFd) -> io::Result<Self> {
        Self::new(fd, false)
    }

    /// Memory of this process alone, `size` bytes of zeros. Its pages are there when this
    /// returns.
    pub fn private(size: usize) -> io::Result<Self> {
        let access = ProtFlags::READ | ProtFlags::WRITE;
        let flags = MapFlags::PRIVATE | MapFlags::POPULATE;
        // SAFETY: a new mapping at an address the kernel chooses touches nothing that is
        // there.
        let base = unsafe { mmap_anonymous(ptr::null_mut(), size, access, flags)? };
        let base = NonNull::new(base.cast()).expect("the kernel maps nothing at zero");
        // SAFETY: as in `new`; there is no file that could end before the mapping.
        let view = unsafe { View::new(base, size, true) };
        Ok(Self(Arc::new(Mapped { view })))
    }

    fn new(fd: impl AsFd, writable: bool) -> io::Result<Self> {
        let size = memfd::sealed_size(&fd)?;
        if size == 0 {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "the memory is empty"));
        }
        let access = if writable { ProtFlags::READ | ProtFlags::WRITE } else { ProtFlags::READ };
        let flags = MapFlags::SHARED | MapFlags::POPULATE;
        // SAFETY: a new mapping at an address the kernel chooses touches nothing that is
        // there. Its size is the file's, which is sealed, so no access to it can fault.
        let base = unsafe { mmap(ptr::null_mut(), size, access, flags, fd.as_fd(), 0)? };
        let base = NonNull::new(base.cast()).expect("the kernel maps nothing at zero");
        // SAFETY: the mapping is page-aligned, of this size and with this access until
        // `Mapped` is dropped, and no reference to its bytes is made anywhere.
        let view = unsafe { View::new(base, size, writable) };
        Ok(Self(Arc::new(Mapped { view })))
    }

    /// The word at `at`, for what needs more than loads and stores.
    pub fn atomic(&self, at: usize) -> &AtomicU64 {
        assert!(self.0.view.is_writable(), "this segment was mapped for reading only");
        self.0.view.word(at)
    }

    /// The address of the byte at `at`, for those who trust the segment's writer enough to
    /// look at items without copying them.
    pub(crate) fn address(&self, at: usize) -> *const u8 {
        assert!(at <= self.size(), "an address outside of a segment");
        self.0.view.base().as_ptr().cast_const().wrapping_add(at)
    }
}

impl Drop for Mapped {
    fn drop(&mut self) {
        // SAFETY: `new` or `private` mapped exactly this range, and nobody else unmaps it; the
        // last handle is gone, so nothing refers to it any more.
        let unmapped = unsafe { munmap(self.view.base().as_ptr().cast(), self.view.size()) };
        debug_assert_eq!(unmapped, Ok(()));
    }
}

impl Shared for Mapping {
    fn size(&self) -> usize {
        self.0.view.size()
    }

    #[inline]
    fn load(&self, at: usize, ordering: Ordering) -> u64 {
        self.0.view.load(at, ordering)
    }

    #[inline]
    fn store(&self, at: usize, value: u64, ordering: Ordering) {
        self.0.view.store(at, value, ordering);
    }

    #[inline]
    fn read(&self, at: usize, into: &mut [u8]) {
        self.0.view.read(at, into);
    }

    #[inline]
    fn write(&self, at: usize, from: &[u8]) {
        self.0.view.write(at, from);
    }

    #[inline]
    fn expect_write(&self, at: usize) {
        self.0.view.expect_write(at);
    }

    #[inline]
    fn fence() {
        fence(Ordering::SeqCst);
    }

    fn wake(&self, at: usize) {
        // Works on read-only mappings too. It cannot fail for an address that is mapped.
        let _ = futex::wake(self.0.view.half(at), Flags::empty(), i32::MAX as u32);
    }

    fn wait(watches: &[Watch<'_, Self>], limit: Option<Duration>) {
        match watches {
            [] => {}
            [one] => wait_for_one(one, limit),
            _ if watches.len() > WATCHES_MAX || ONE_AT_A_TIME.load(Ordering::Relaxed) => {
                wait_for_one(&watches[0], Some(limit.map_or(GLANCE, |limit| limit.min(GLANCE))));
            }
            _ => wait_for_any(watches, limit),
        }
    }

    #[inline]
    fn spin() {
        std::hint::spin_loop();
    }
}

fn wait_for_one(watch: &Watch<'_, Mapping>, limit: Option<Duration>) {
    let limit = limit.map(|limit| timespec(Duration::ZERO, limit));
    let half = watch.memory.0.view.half(watch.at);
    // Woken, over, interrupted or different already: in all cases the caller looks again.
    let _ = futex::wait(half, Flags::empty(), watch.seen as u32, limit.as_ref());
}

fn wait_for_any(watches: &[Watch<'_, Mapping>], limit: Option<Duration>) {
    let list: Vec<Wait> = watches.iter().map(entry).collect();
    let until = limit.map(|limit| {
        let now = clock_gettime(ClockId::Monotonic);
        timespec(Duration::new(now.tv_sec as u64, now.tv_nsec as u32), limit)
    });
    let waited = futex::waitv(&list, WaitvFlags::empty(), until.as_ref(), ClockId::Monotonic);
    if waited.is_err_and(is_for_good) {
        // Whoever called looks again and comes back, and waits for one word from then on.
        ONE_AT_A_TIME.store(true, Ordering::Relaxed);
    }
}

/// Whether waiting for several words at once fails always: where the kernel is older than that,
/// and in containers whose filter of system calls is, which refuses what it does not know.
fn is_for_good(error: Errno) -> bool {
    matches!(error, Errno::NOSYS | Errno::PERM | Errno::ACCESS)
}

fn entry(watch: &Watch<'_, Mapping>) -> Wait {
    let mut entry = Wait::new();
    entry.val = u64::from(watch.seen as u32);
    entry.uaddr = WaitPtr::new(watch.memory.0.view.half(watch.at).as_ptr().cast());
    entry.flags = WaitFlags::SIZE_U32;
    entry
}

fn timespec(from: Duration, limit: Duration) -> Timespec {
    let at = from.saturating_add(limit);
    let tv_sec = i64::try_from(at.as_secs()).unwrap_or(i64::MAX);
    Timespec { tv_sec, tv_nsec: i64::from(at.subsec_nanos()) }
}
