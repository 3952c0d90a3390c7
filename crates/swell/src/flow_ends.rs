//! Puts lines and files into a flow, and takes items out, as a native process of this machine.

use std::fs;
use std::io::{BufRead, BufReader, ErrorKind, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use swell_core::time::Span;
use swell_flow_client::consumer::Consumer;
use swell_flow_client::error::{ClientError, Refused};
use swell_flow_client::item::Received;
use swell_flow_client::producer::Producer;
use swell_node::native::door::FILE;

use crate::cli::flows::{EndArguments, ReceiveArguments, SendArguments};
use crate::cli::settings::SettingsArguments;
use crate::configuration;
use crate::error::Letter;
use crate::figure::count;
use crate::interrupt;
use crate::say::say;

/// How long to wait in silence.
const MOMENT: Duration = Duration::from_millis(500);
/// Bytes that are read at a time: what a pipe holds.
const READ: usize = 64 << 10;
/// How often an interruption is looked for.
const GLANCE: Duration = Duration::from_millis(100);

/// Runs `swell flow send`.
pub fn send(arguments: &SendArguments) -> Result<(), Letter> {
    let SendArguments { flow, files, media_type, end } = arguments;
    let (socket, patience) = (socket(end)?, span(end.patience));
    let producer = soon(patience, |patience| {
        Producer::connect_with(&socket, flow, &end.name, media_type, patience)
    });
    let mut sender = Sender { producer: producer.map_err(letter)?, patience };
    sender.producer.set_patience(patience);
    let mut sent = 0usize;
    if files.is_empty() {
        let mut lines = BufReader::with_capacity(READ, std::io::stdin().lock());
        let mut line = Vec::new();
        while read_line(&mut lines, &mut line)? {
            sender.push(&line).map_err(|error| sender.ended(sent, error))?;
            sent += 1;
            // Before it waits for who knows how long, what came is safe.
            if lines.buffer().is_empty() {
                sender.flush().map_err(|error| sender.ended(sent, error))?;
            }
        }
    }
    for path in files {
        let bytes = fs::read(path).map_err(|error| {
            Letter::failed(format!("cannot read `{}`: {error}", path.display()))
        })?;
        sender.push(&bytes).map_err(|error| sender.ended(sent, error))?;
        sent += 1;
    }
    sender.flush().map_err(|error| sender.ended(sent, error))?;
    let producer = sender.producer;
    let mut told = format!("{flow}: {} accepted", count(sent, "item"));
    for (items, what) in [(producer.dropped(), "dropped"), (producer.lost(), "lost, maybe")] {
        if items > 0 {
            told += &format!(", of these {items} {what}");
        }
    }
    say(told);
    Ok(())
}

/// Runs `swell flow receive`.
pub fn receive(arguments: &ReceiveArguments) -> Result<(), Letter> {
    let ReceiveArguments { flow, items, idle, folder, names, end } = arguments;
    let (socket, patience) = (socket(end)?, span(end.patience));
    let consumer = soon(patience, |patience| Consumer::connect(&socket, flow, &end.name, patience));
    let mut consumer = consumer.map_err(letter)?;
    consumer.set_patience(patience);
    if let Some(folder) = folder {
        fs::create_dir_all(folder).map_err(|error| Letter::unwritable(folder, &error))?;
    }
    let asked = interrupt::listen()?;
    let (mut received, mut last, mut is_told) = (0, Instant::now(), false);
    let mut seen = last;
    while items.is_none_or(|most| received < most) && !asked.load(Ordering::Relaxed) {
        if consumer.is_connected() {
            if is_told {
                say("the node is back");
            }
            (seen, is_told) = (Instant::now(), false);
        } else {
            // That nothing comes from a node that is away says nothing about the flow.
            last = Instant::now();
            if !is_told && seen.elapsed() >= MOMENT {
                let left = waiting(patience.saturating_sub(seen.elapsed()));
                say(format!("{left}: the node at `{}` went away", socket.display()));
                is_told = true;
            }
        }
        if idle.is_some_and(|idle| last.elapsed() >= span(idle)) {
            break;
        }
        let Some(item) = consumer.pop(Some(GLANCE)).map_err(letter)? else { continue };
        match folder {
            Some(folder) => save(folder, &item)?,
            None if !print(&item, *names)? => return Ok(()),
            None => {}
        }
        // What was not done with is given out again: better twice than never.
        consumer.done();
        received += 1;
        last = Instant::now();
    }
    Ok(())
}

/// Reads a line, without its end; false if there is none.
fn read_line(from: &mut impl BufRead, line: &mut Vec<u8>) -> Result<bool, Letter> {
    line.clear();
    let read = from.read_until(b'\n', line);
    let read =
        read.map_err(|error| Letter::failed(format!("cannot read the standard input: {error}")))?;
    line.pop_if(|last| *last == b'\n');
    Ok(read > 0)
}

/// Who sends, and says what it waits for if that is not a matter of a moment.
struct Sender {
    producer: Producer,
    patience: Duration,
}

impl Sender {
    fn push(&mut self, item: &[u8]) -> Result<(), ClientError> {
        let before = self.producer.next();
        self.insist(|producer| match producer.push(item, Some(MOMENT)) {
            // It is in, and goes as soon as it can.
            Err(ClientError::Late) => Ok(()),
            Err(ClientError::Full) => Err(ClientError::Full),
            // One that was put in as the node went away is there still.
            Err(_) if producer.next() > before => Ok(()),
            other => other,
        })
    }

    /// How it is told that sending ended early, with so many items put in.
    fn ended(&self, sent: usize, error: ClientError) -> Letter {
        let pending = usize::try_from(self.producer.pending()).unwrap_or(usize::MAX).min(sent);
        let mut before = format!("{} accepted before", count(sent - pending, "item"));
        if pending > 0 {
            before +=
                &format!(", and {} behind them not, as far as is known", count(pending, "item"));
        }
        letter(error).after(&before)
    }

    fn flush(&mut self) -> Result<(), ClientError> {
        self.insist(|producer| producer.flush(Some(MOMENT)))
    }

    /// Tries again for as long as the node is there, or it has patience.
    fn insist(
        &mut self,
        mut attempt: impl FnMut(&mut Producer) -> Result<(), ClientError>,
    ) -> Result<(), ClientError> {
        let (mut away, mut is_told) = (None, false);
        loop {
            let begun = Instant::now();
            let Err(error) = attempt(&mut self.producer) else { return Ok(()) };
            let is_full = matches!(error, ClientError::Full);
            // It does not wait for room where the flow says `reject`.
            if !error.may_pass() || is_full && begun.elapsed() < MOMENT {
                return Err(error);
            }
            let is_away = !is_full && !matches!(error, ClientError::Late);
            if is_away != away.is_some() {
                (away, is_told) = (is_away.then_some(begun), false);
            }
            let left = away.map(|since| self.patience.saturating_sub(since.elapsed()));
            if left.is_some_and(|left| left.is_zero()) {
                return Err(error);
            }
            if !is_told {
                say(format!("{}: {error}", left.map_or_else(|| "waiting".to_string(), waiting)));
                is_told = true;
            }
            std::thread::sleep(GLANCE.saturating_sub(begun.elapsed()));
        }
    }
}

/// That it waits, and for how long at most.
fn waiting(left: Duration) -> String {
    format!("waiting for up to {} s", left.as_secs_f64().ceil())
}

/// Connects, and says what it waits for if that is not a matter of a moment.
fn soon<T>(
    patience: Duration,
    connect: impl Fn(Duration) -> Result<T, ClientError>,
) -> Result<T, ClientError> {
    let moment = patience.min(MOMENT);
    match connect(moment) {
        Err(error) if moment < patience && error.may_pass() => {
            let left = patience - moment;
            say(format!("{}: {error}", waiting(left)));
            connect(left)
        }
        other => other,
    }
}

/// Writes an item as a line; false if nobody reads any more.
fn print(item: &Received, with_name: bool) -> Result<bool, Letter> {
    let mut line = if with_name { format!("{}\t", item.name()).into_bytes() } else { Vec::new() };
    line.extend(&item.payload);
    line.push(b'\n');
    let mut out = std::io::stdout().lock();
    match out.write_all(&line).and_then(|()| out.flush()) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(false),
        Err(error) => Err(Letter::failed(format!("cannot write: {error}"))),
    }
}

/// Writes an item into a file that is named after it, whole or not at all.
fn save(folder: &Path, item: &Received) -> Result<(), Letter> {
    let name = format!("{}-{}", item.from.replace([':', '/'], "-"), item.sequence);
    let (path, early) = (folder.join(&name), folder.join(format!(".{name}")));
    let written = fs::write(&early, &item.payload).and_then(|()| fs::rename(&early, &path));
    written.map_err(|error| Letter::unwritable(&path, &error))
}

/// The socket that is meant.
fn socket(end: &EndArguments) -> Result<PathBuf, Letter> {
    let named = std::env::var_os("SWELL_FLOW_SOCKET").filter(|path| !path.is_empty());
    if let Some(path) = end.socket.clone().or_else(|| named.map(PathBuf::from)) {
        return Ok(path);
    }
    let arguments = SettingsArguments { data: end.data.clone(), ..SettingsArguments::default() };
    let settings = configuration::settings(&arguments)?.settings;
    Ok(settings.flow.socket.unwrap_or_else(|| settings.data.join(FILE)))
}

fn span(span: Span) -> Duration {
    Duration::from_nanos(span.nanos())
}

fn letter(error: ClientError) -> Letter {
    let letter = Letter::failed(error.to_string());
    match error {
        ClientError::Refused { code: Refused::NotDeclared, .. } => letter.hint(
            "state it in the flow's manifest as `native:NAME`: in `from` for who sends, in `to` \
             or `owners` for who receives",
        ),
        ClientError::Refused { code: Refused::UnknownFlow, .. } => {
            letter.hint("`swell flow list` shows those that are")
        }
        ClientError::Down { .. } => {
            letter.hint("name the node's socket with `--socket`, or its data folder with `--data`")
        }
        _ => letter,
    }
}
