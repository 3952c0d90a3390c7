//! The connection to a node: one hello, then only the node speaks.

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use swell_fifo::door;
use swell_fifo::handshake::{Hello, PROTOCOL, Role, Told};
use swell_fifo::parcel;

use crate::error::ClientError;

/// Pauses between tries to connect.
const PAUSES: (Duration, Duration) = (Duration::from_millis(5), Duration::from_millis(250));
/// How long a node may take to answer a hello.
const ANSWER: Duration = Duration::from_secs(10);

/// What a process wants, kept for the next time it has to say so.
#[derive(Debug, Clone)]
pub(crate) struct Wanted {
    pub(crate) path: PathBuf,
    pub(crate) hello: Hello,
}

/// A connection.
#[derive(Debug)]
pub(crate) struct Channel {
    socket: OwnedFd,
}

/// What came.
pub(crate) type News = (Told, Vec<OwnedFd>);

impl Wanted {
    pub(crate) fn new(path: &Path, flow: &str, name: &str, role: Role, media: &str) -> Self {
        let hello = Hello {
            protocol: PROTOCOL,
            flow: flow.to_string(),
            name: name.to_string(),
            role,
            media_type: media.to_string(),
        };
        Self { path: path.to_path_buf(), hello }
    }

    /// Connects, and returns the node's first word. Until `deadline` it tries again where that
    /// may help: a node that restarts, a former process of this name that is still leaving.
    pub(crate) fn connect(&self, deadline: Instant) -> Result<(Channel, News), ClientError> {
        let (mut pause, longest) = PAUSES;
        loop {
            let why = match self.try_connect() {
                Ok((_, (Told::Refused { code, why }, _))) => {
                    let refused = ClientError::Refused { code, why };
                    if !code.may_pass() {
                        return Err(refused);
                    }
                    refused
                }
                Ok(connected) => return Ok(connected),
                Err(source) => ClientError::Down { path: self.path.display().to_string(), source },
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(why);
            }
            std::thread::sleep(pause.min(left));
            pause = (pause * 2).min(longest);
        }
    }

    fn try_connect(&self) -> io::Result<(Channel, News)> {
        let channel = Channel { socket: door::knock(&self.path)? };
        let said = parcel::send(&channel.socket, &self.hello, &[]);
        // One that does not listen may have told before why.
        let limit = if said.is_ok() { ANSWER } else { Duration::ZERO };
        let answer = channel.receive(limit);
        match (said, answer) {
            (_, Ok(Some((Told::Closing, _)))) => Err(gone()),
            (_, Ok(Some(news))) => Ok((channel, news)),
            (Err(error), _) | (_, Err(error)) => Err(error),
            (Ok(()), Ok(None)) => {
                Err(io::Error::new(io::ErrorKind::TimedOut, "it does not answer"))
            }
        }
    }
}

impl Channel {
    /// The next word, waited for at most for `limit`. An error is the end of the connection.
    pub(crate) fn receive(&self, limit: Duration) -> io::Result<Option<News>> {
        let until = Instant::now() + limit;
        loop {
            match parcel::try_receive(&self.socket) {
                Ok(Some(news)) => return Ok(Some(news)),
                Ok(None) => return Err(gone()),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Err(error),
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(None);
            }
            door::wait_readable(&self.socket, left)?;
        }
    }
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::ConnectionReset, "it went away")
}
