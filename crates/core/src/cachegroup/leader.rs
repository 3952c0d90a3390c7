//! The leader of a group: says what is newest and who has it, and lets one write at a time.
//!
//! Invariant: while its lease lasts, a content that is `Free` here is in the data store in this
//! very version. So it may answer without asking there. It holds because a content gets `Free`
//! only by a commit under the token that this leader gave out last, or by a fence that this
//! leader raised, and because nobody else may commit before either happens again.

use crate::cachegroup::desk::Desk;
use crate::cachegroup::leader_table::{Known, LeaderTag};
use crate::cachegroup::message::{Message, Standing};
use crate::cachegroup::names::{ContentId, NodeId, Ticket, Version};
use crate::cachegroup::reign::Reign;
use crate::cachegroup::rules::Rules;
use crate::cachegroup::session::Revision;
use crate::cachegroup::way::{RELAYED_MAX, Way};

/// Handles a member's message. The caller has seen to it that the lease lasts.
pub fn on_message<R: Rules>(
    reign: &mut Reign,
    desk: &mut Desk<'_, R>,
    from: NodeId,
    message: &Message,
) {
    match *message {
        Message::Ask { ticket, content, have } => {
            on_ask(reign, desk, from, ticket, content, have);
        }
        Message::Lock { ticket, content } => on_lock(reign, desk, from, ticket, content),
        // Its holder is still at it, or somebody keeps its pending version.
        Message::Renew { content, token } => {
            reign.renew(content, token, desk.now + desk.timing.lock);
        }
        Message::Free { ticket, content, ref revision } => {
            on_free(reign, desk, from, ticket, content, revision);
        }
        Message::Abort { content, token, was_sent } => {
            on_abort(reign, desk, content, token, was_sent);
        }
        Message::Missing { content, version, holder } => {
            let row = reign.known_row(content);
            if let Some(row) = row.filter(|row| row.holders.get(&holder) == Some(&version)) {
                row.hint(holder, None);
            }
        }
        Message::Give { content, to } => reign.give(desk, content, to),
        Message::Which { most } => {
            let (asked, total) = reign.popular().top(usize::from(most));
            desk.send(from, reign.group(), Message::Popular { asked, total });
        }
        _ => {}
    }
}

/// R6: an answer is given only for what is free.
fn on_ask<R: Rules>(
    reign: &mut Reign,
    desk: &mut Desk<'_, R>,
    from: NodeId,
    ticket: Ticket,
    content: ContentId,
    have: Option<Version>,
) {
    let validated = reign.moment(desk.rules);
    let group = reign.group();
    reign.on_asked(desk, content);
    let row = reign.row(content);
    row.hint(from, have);
    let known = match &row.tag {
        LeaderTag::Free(known) => known,
        LeaderTag::Lock { base, .. } if !desk.rules.is_silent_while_locked() => base,
        _ => return refuse(reign, desk, from, ticket, content, false),
    };
    let version = known.revision.version;
    let committed = known.committed;
    let standing = Standing { revision: known.revision.clone(), committed, validated };
    let payload = standing.revision.payload.filter(|_| have != Some(version));
    let holder = payload.and_then(|_| row.holder(version, from, desk.distances));
    // It will have it in a moment, and can be pointed to in its turn.
    row.hint(from, Some(version));
    let Some(payload) = payload else {
        return desk.send(from, group, Message::Fresh { ticket, content, standing });
    };
    match holder {
        Some(holder) if desk.conduct.way.forwards() => {
            let holds = Some(holder);
            desk.send(from, group, Message::Coming { ticket, content, holder: holds, standing });
            desk.send(holder, group, Message::Forward { ticket, content, version, to: from });
        }
        Some(holder) => desk.send(from, group, Message::GoTo { ticket, content, holder, standing }),
        None if from != desk.me
            && desk.conduct.way == Way::Relay
            && payload.size <= RELAYED_MAX =>
        {
            let is_taken = reign.relay(desk, from, ticket, content, version);
            let message = match is_taken {
                true => Message::Coming { ticket, content, holder: None, standing },
                false => Message::Store { ticket, content, standing },
            };
            desk.send(from, group, message);
        }
        None => desk.send(from, group, Message::Store { ticket, content, standing }),
    }
}

/// Says that a content is not to be had, and looks at the data store if that is why.
fn refuse<R: Rules>(
    reign: &mut Reign,
    desk: &mut Desk<'_, R>,
    from: NodeId,
    ticket: Ticket,
    content: ContentId,
    creates: bool,
) {
    let retry = desk.timing.retry;
    let (holder, token) = reign.lock(content);
    let tag = reign.row(content).tag.clone();
    let message = match tag {
        LeaderTag::Elsewhere { group, .. } => Message::Moved { ticket, content, group },
        _ => Message::Locked { ticket, content, holder, token, retry },
    };
    desk.send(from, reign.group(), message);
    if tag == LeaderTag::Unknown {
        reign.seal(desk, content, None, creates);
    }
}

/// R1: a token is given out only while the content is free. Who asks again gets the same.
fn on_lock<R: Rules>(
    reign: &mut Reign,
    desk: &mut Desk<'_, R>,
    from: NodeId,
    ticket: Ticket,
    content: ContentId,
) {
    reign.make_room(desk, content);
    let row = reign.row(content);
    if row.served == Some((from, ticket)) {
        return;
    }
    let (held, base) = match row.tag.clone() {
        LeaderTag::Free(known) => (None, known),
        LeaderTag::Lock { token, holder, ticket: of, base, .. }
            if (holder, of) == (from, ticket) =>
        {
            (Some(token), base)
        }
        LeaderTag::Lock { base, .. } if !desk.rules.grants_to_one() => (None, base),
        _ => return refuse(reign, desk, from, ticket, content, true),
    };
    let token = held.unwrap_or_else(|| reign.token(base.tenure));
    let deadline = desk.now + desk.timing.lock;
    let (revision, validated) = (base.revision.clone(), reign.moment(desk.rules));
    reign.set(content, LeaderTag::Lock { token, holder: from, ticket, base, deadline });
    let lasts = desk.timing.lock;
    let grant = Message::Grant { ticket, content, token, base: revision, validated, lasts };
    desk.send(from, reign.group(), grant);
}

/// R4: frees the lock of this very token, and no other.
fn on_free<R: Rules>(
    reign: &mut Reign,
    desk: &mut Desk<'_, R>,
    from: NodeId,
    ticket: Ticket,
    content: ContentId,
    revision: &Revision,
) {
    let version = revision.version;
    let row = reign.row(content);
    match row.tag.clone() {
        LeaderTag::Lock { token, holder, ticket, .. }
            if token == version || !desk.rules.matches_free_to_token() =>
        {
            row.served = Some((holder, ticket));
            row.holders.retain(|_, held| *held == version);
            row.hint(from, Some(version));
            let committed = reign.count(version, desk.rules);
            let (revision, tenure) = (revision.clone(), version.tenure);
            reign.set(content, LeaderTag::Free(Known { revision, committed, tenure }));
        }
        // Of an earlier reign: this one has yet to look at the data store.
        LeaderTag::Adopted { token, .. } if token == version => {
            return reign.seal(desk, content, None, true);
        }
        LeaderTag::Unknown => return reign.seal(desk, content, None, true),
        _ => {}
    }
    // Also what became visible before is acknowledged, since the answer may have been lost.
    if let LeaderTag::Free(known) | LeaderTag::Lock { base: known, .. } = &reign.row(content).tag
        && known.revision.version >= version
    {
        let (committed, is_newest) = (known.committed, known.revision.version == version);
        let message = Message::Acknowledged { ticket, content, version, committed, is_newest };
        desk.send(from, reign.group(), message);
    }
}

/// Gives a lock back that was not used. If it was, and the data store refused, then what this
/// leader knows of the content is not to be trusted.
fn on_abort<R: Rules>(
    reign: &mut Reign,
    desk: &mut Desk<'_, R>,
    content: ContentId,
    token: Version,
    was_sent: bool,
) {
    let Some(row) = reign.known_row(content) else { return };
    if let LeaderTag::Lock { token: held, holder, ticket, base, .. } = row.tag.clone()
        && held == token
    {
        row.served = Some((holder, ticket));
        match was_sent {
            true => reign.seal(desk, content, None, true),
            false => reign.set(content, LeaderTag::Free(base)),
        }
    }
}
