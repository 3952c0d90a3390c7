//! Callers that read and write at random, each in a session, at whatever node is up.

use std::collections::BTreeMap;

use swell_core::cachegroup::action::{Input, Outcome, Wish};
use swell_core::cachegroup::level::{Acknowledgement, ReadLevel};
use swell_core::cachegroup::names::{ContentId, Digest, GroupId, Payload, Version};
use swell_core::cachegroup::session::Session;
use swell_core::ids::RequestId;
use swell_core::rng::{self, Rng};
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;

use crate::history::{Done, History};

pub(crate) const CONTENTS: u64 = 4;

/// Two groups, and where each content belongs at first.
pub(crate) fn home(content: ContentId) -> GroupId {
    GroupId(1 + (content.0 % 2) as u32)
}

/// What a caller is waiting for.
#[derive(Debug, Clone, Copy)]
struct Waiting {
    request: RequestId,
    content: ContentId,
    level: Option<ReadLevel>,
    began: Instant,
}

/// A caller.
#[derive(Default)]
pub(crate) struct Client {
    session: Session,
    seen: BTreeMap<ContentId, Version>,
    waiting: Option<Waiting>,
    pub(crate) node: usize,
}

/// The bytes of a version, by their digest.
pub(crate) fn payload(content: ContentId, token: Version) -> Payload {
    let mut digest = [0; 32];
    digest[0] = content.0 as u8;
    digest[1] = token.tenure as u8;
    digest[8..16].copy_from_slice(&token.epoch.0.to_le_bytes());
    digest[16..24].copy_from_slice(&token.counter.to_le_bytes());
    Payload { digest: Digest(digest), size: Bytes::new(1) }
}

/// What a client does next.
pub(crate) enum Next {
    Nothing,
    /// After this pause.
    Tell(Span, Box<Input>),
    /// Another operation, after this pause.
    Begin(Span),
}

impl Client {
    /// Begins an operation.
    pub(crate) fn begin(&mut self, rng: &mut Rng, now: Instant, request: RequestId) -> Input {
        let content = ContentId(u128::from(rng::below(rng, CONTENTS)));
        let group = home(content);
        let level = match rng::below(rng, 10) {
            0..=2 => None,
            3..=4 => Some(ReadLevel::Strict),
            5..=7 => Some(ReadLevel::Causal),
            8 => Some(ReadLevel::Bounded(Span::from_millis(rng::below(rng, 3000)))),
            _ => Some(ReadLevel::Any),
        };
        self.waiting = Some(Waiting { request, content, level, began: now });
        let within = Span::from_secs(5);
        match level {
            None => Input::Lock { request, content, group, within },
            Some(level) => {
                let session = self.session.clone();
                let wish = Wish { content, group, level, session, within };
                Input::Read { request, wish }
            }
        }
    }

    /// Its node is gone: it will never know, and goes on in the same session elsewhere.
    pub(crate) fn give_up(&mut self) -> bool {
        self.waiting.take().is_some()
    }

    /// Whether it waits for an answer.
    pub(crate) fn waits(&self) -> bool {
        self.waiting.is_some()
    }

    /// Is answered.
    pub(crate) fn on_answer(
        &mut self,
        rng: &mut Rng,
        history: &mut History,
        now: Instant,
        request: RequestId,
        outcome: Outcome,
    ) -> Next {
        let Some(waiting) = self.waiting.filter(|waiting| waiting.request == request) else {
            return Next::Nothing;
        };
        let Waiting { content, level, began, .. } = waiting;
        let pause = Span::from_millis(rng::below(rng, 100));
        match outcome {
            Outcome::Granted { token, base, .. } => {
                history.on_publish(content, (token, base.version), &self.seen);
                let may_pend = rng::below(rng, 3) == 0;
                let input = Input::Publish {
                    request,
                    payload: Some(payload(content, token)),
                    session: self.session.clone(),
                    acknowledgement: match may_pend {
                        true => Acknowledgement::Pending(2),
                        false => Acknowledgement::Committed,
                    },
                    within: Span::from_secs(5),
                };
                // Some writers take longer than any lock lasts.
                let slow = rng::below(rng, 50) == 0;
                let span = if slow { Span::from_secs(12) } else { pause };
                return Next::Tell(span, Box::new(input));
            }
            Outcome::Read { group, revision, committed, origin, is_pending, .. } => {
                let version = revision.version;
                let level = level.expect("it reads");
                let is_right = revision.payload.is_none_or(|own| own == payload(content, version));
                if !is_right || !is_pending && !history.is_committed(content, version) {
                    history.faults.push(format!("I9: {version} was not committed"));
                }
                let seen = self.seen.get(&content).copied().unwrap_or_default();
                // What a session wrote and was refused later is not there any more.
                let was_there = history.is_committed(content, seen) || is_pending;
                let is_promised = matches!(level, ReadLevel::Strict | ReadLevel::Causal);
                if is_promised && was_there && version < seen {
                    history.faults.push(format!(
                        "I8: {level} read of {version} from {origin:?} after {seen}, from {began:?} \
                         to {now:?}, by {:?} of {group:?}",
                        self.session
                    ));
                }
                self.session.saw(group, content, &revision, committed);
                history.see(&mut self.seen, content, version);
                if !is_pending {
                    let level = Some(level);
                    history.done.push(Done { content, version, level, began, ended: now });
                }
            }
            Outcome::Written { group, revision, committed, acknowledged } => {
                let version = revision.version;
                if acknowledged == Acknowledgement::Committed {
                    let level = None;
                    history.done.push(Done { content, version, level, began, ended: now });
                } else {
                    history.pending.insert((content, version));
                }
                self.session.saw(group, content, &revision, committed);
                history.see(&mut self.seen, content, version);
            }
            Outcome::Conflict
            | Outcome::Busy
            | Outcome::Unavailable
            | Outcome::Changed(_)
            | Outcome::Unchanged(_)
            | Outcome::Undecided { .. } => {}
        }
        self.waiting = None;
        Next::Begin(pause)
    }
}
