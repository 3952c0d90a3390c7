//! Waiting until a file may have changed, or a person has had enough.

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use notify::{ErrorKind, Event, RecommendedWatcher, RecursiveMode, Watcher};

use crate::error::Letter;
use crate::interrupt;

/// How long nothing must have happened: people and tools write many files at a time.
const QUIET: Duration = Duration::from_millis(100);

/// How long noise is waited out at most.
const NOISE_MAX: Duration = Duration::from_secs(2);

/// Why the waiting ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// Something may have changed.
    Changed,
    /// Somebody pressed Ctrl-C.
    Stop,
}

/// Hears of changes in folders, and of Ctrl-C.
pub struct Alarm {
    watcher: RecommendedWatcher,
    signs: Receiver<Sign>,
}

impl Alarm {
    /// Begins to listen; to no folder yet. There can be only one.
    /// The flag tells whether somebody pressed Ctrl-C.
    pub fn new() -> Result<(Self, &'static AtomicBool), Letter> {
        let (tell, signs) = channel();
        let stop = tell.clone();
        let asked = interrupt::listen_and(move || {
            // Who no longer listens is about to end anyway.
            let _ = stop.send(Sign::Stop);
        })?;
        let on_event = move |event: notify::Result<Event>| {
            // Reading changes nothing. An error may hide a change.
            if event.is_ok_and(|event| event.kind.is_access()) {
                return;
            }
            let _ = tell.send(Sign::Changed);
        };
        let watcher = notify::recommended_watcher(on_event).map_err(|error| deaf(&error))?;
        Ok((Self { watcher, signs }, asked))
    }

    /// From now on hears of changes in these folders too. One that was made anew since is
    /// another folder, so all are named each time.
    pub fn watch(&mut self, folders: &BTreeSet<PathBuf>) -> Result<(), Letter> {
        for folder in folders {
            match self.watcher.watch(folder, RecursiveMode::NonRecursive) {
                Err(error) if !is_gone(&error) => return Err(deaf(&error)),
                _ => {}
            }
        }
        Ok(())
    }

    /// Waits for a sign, and then until it is quiet.
    pub fn wait(&self) -> Sign {
        let Ok(Sign::Changed) = self.signs.recv() else { return Sign::Stop };
        let end = Instant::now() + NOISE_MAX;
        while Instant::now() < end {
            match self.signs.recv_timeout(QUIET) {
                Ok(Sign::Changed) => {}
                Err(RecvTimeoutError::Timeout) => break,
                Ok(Sign::Stop) | Err(RecvTimeoutError::Disconnected) => return Sign::Stop,
            }
        }
        Sign::Changed
    }
}

/// Whether the folder went away between being seen and being watched.
fn is_gone(error: &notify::Error) -> bool {
    match &error.kind {
        ErrorKind::PathNotFound => true,
        ErrorKind::Io(error) => error.kind() == std::io::ErrorKind::NotFound,
        _ => false,
    }
}

fn deaf(error: &notify::Error) -> Letter {
    let letter = Letter::failed(format!("cannot watch files: {error}"));
    match error.kind {
        ErrorKind::MaxFilesWatch => {
            letter.hint("raise `fs.inotify.max_user_watches`, or name less in `watch` of the build")
        }
        _ => letter,
    }
}
