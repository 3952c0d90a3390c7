//! Builds and deploys what changes, until a person has had enough.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::cli::watch::WatchArguments;
use crate::connect;
use crate::error::Letter;
use crate::manifest::file::load;
use crate::redeploy::alarm::{Alarm, Sign};
use crate::redeploy::workshop::Workshop;
use crate::say::say;

/// Runs `swell watch`.
pub fn run(arguments: &WatchArguments) -> Result<(), Letter> {
    let path = &arguments.manifest;
    let node = connect::node(&arguments.node)?;
    // What is wrong before anything was done ends it; what breaks later is waited for.
    load(path)?;
    node.node()?;
    let (mut alarm, asked) = Alarm::new()?;
    let mut workshop = Workshop::new(path, node);
    watch(&mut alarm, &mut workshop, asked, &path.display().to_string())?;
    say("no longer watching; what was deployed goes on serving");
    Ok(())
}

fn watch(
    alarm: &mut Alarm,
    workshop: &mut Workshop,
    asked: &AtomicBool,
    path: &str,
) -> Result<(), Letter> {
    loop {
        // What changes from here on is heard of, so nothing falls between two looks.
        let folders = workshop.folders();
        alarm.watch(&folders)?;
        let more = workshop.round();
        if asked.load(Ordering::Relaxed) {
            return Ok(());
        }
        if more || workshop.folders() != folders {
            continue;
        }
        say(format!("watching {path}; Ctrl-C ends it"));
        if alarm.wait() == Sign::Stop {
            return Ok(());
        }
    }
}
