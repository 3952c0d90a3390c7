//! The gossip itself (SWIM: Das, Gupta and Motivala, DSN 2002), without sockets or clocks: news
//! in, messages and timers out.

use std::collections::BTreeMap;
use std::num::{NonZeroU32, NonZeroUsize};
use std::time::Duration;

use bytes::Bytes;
use foca::{
    AccumulatingRuntime, Codec, Config, Foca, Header, NoCustomBroadcast, OwnedNotification,
    PostcardCodec,
};
use rand_xoshiro::Xoshiro256PlusPlus;
use rand_xoshiro::rand_core::SeedableRng;
use swell_core::ids::SiteId;

use crate::monitoring::voice::Voice;

/// The longest message.
pub const MESSAGE_MAX: usize = 1_400;
/// For how many sites the pace is made.
const SITES: u32 = 50;

/// Something to do at another time.
pub type Timer = foca::Timer<Voice>;

/// What a piece of news leads to.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Messages to be sent.
    pub messages: Vec<(Voice, Bytes)>,
    /// Timers to be given back later.
    pub timers: Vec<(Duration, Timer)>,
    /// Whether who is there has changed.
    pub has_news: bool,
}

/// Who sends a message, as it says itself; nothing if it is none.
pub fn speaker(message: &[u8]) -> Option<Voice> {
    let header: Result<Header<Voice>, _> = PostcardCodec.decode_header(message);
    header.ok().map(|header| header.src)
}

/// One site's part in the gossip.
pub struct Talk {
    foca: Foca<Voice, PostcardCodec, Xoshiro256PlusPlus, NoCustomBroadcast>,
    there: BTreeMap<SiteId, Voice>,
    hands: AccumulatingRuntime<Voice>,
}

impl Talk {
    /// A site that knows nobody yet.
    pub fn new(voice: Voice, seed: u64) -> Self {
        let size = NonZeroU32::new(SITES).expect("there are some");
        let mut config = Config::new_wan(size);
        config.max_packet_size = NonZeroUsize::new(MESSAGE_MAX).expect("it is not none");
        config.probe_period = Duration::from_millis(1_500);
        config.probe_rtt = Duration::from_millis(500);
        config.suspect_to_down_after = Duration::from_secs(4);
        let rng = Xoshiro256PlusPlus::seed_from_u64(seed);
        let foca = Foca::new(voice, config, rng, PostcardCodec);
        Self { foca, there: BTreeMap::new(), hands: AccumulatingRuntime::new() }
    }

    /// Says hello to a site that was told to be there.
    pub fn greet(&mut self, voice: Voice) -> Outcome {
        let greeted = self.foca.announce(voice, &mut self.hands);
        self.collect(greeted)
    }

    /// A message came.
    pub fn hear(&mut self, message: &[u8]) -> Outcome {
        let heard = self.foca.handle_data(message, &mut self.hands);
        self.collect(heard)
    }

    /// A timer is due.
    pub fn remember(&mut self, timer: Timer) -> Outcome {
        let done = self.foca.handle_timer(timer, &mut self.hands);
        self.collect(done)
    }

    /// Who is there, by what this site has heard.
    pub fn there(&self) -> &BTreeMap<SiteId, Voice> {
        &self.there
    }

    fn collect(&mut self, done: Result<(), foca::Error>) -> Outcome {
        if let Err(error) = done {
            tracing::debug!("gossip: {error}");
        }
        let mut outcome = Outcome::default();
        while let Some((to, message)) = self.hands.to_send() {
            outcome.messages.push((to, message));
        }
        while let Some(timer) = self.hands.to_schedule() {
            outcome.timers.push(timer);
        }
        while let Some(news) = self.hands.to_notify() {
            outcome.has_news |= self.note(news);
        }
        outcome
    }

    fn note(&mut self, news: OwnedNotification<Voice>) -> bool {
        match news {
            OwnedNotification::MemberUp(voice) => {
                self.there.insert(voice.site, voice);
            }
            OwnedNotification::MemberDown(voice) => {
                self.there.remove(&voice.site);
            }
            OwnedNotification::Rename(before, after) => {
                self.there.remove(&before.site);
                self.there.insert(after.site, after);
            }
            _ => return false,
        }
        true
    }
}
