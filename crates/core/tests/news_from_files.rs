//! No news that passes for the truth reaches an assert or makes the mind grow without
//! bound, however absurd it is: what a replay believes, every policy survives.

use proptest::prelude::*;

use swell_core::catalog::ENTRIES;
use swell_core::event::Event;
use swell_core::ids::{FunctionId, InstanceId, RequestId, SiteId};
use swell_core::journal::{Journal, Recorder};
use swell_core::plausible;
use swell_core::replay::{Replay, replay};
use swell_core::settings::{FunctionSettings, MEMORY_MAX, SiteSettings};
use swell_core::site::Site;
use swell_core::time::{Instant, Span};
use swell_core::units::Bytes;

fn memory() -> impl Strategy<Value = Bytes> {
    prop_oneof![
        8 => (0u64..400).prop_map(Bytes::from_mb),
        1 => (0u64..3).prop_map(Bytes::new),
        1 => Just(MEMORY_MAX),
    ]
}

fn span() -> impl Strategy<Value = Span> {
    prop_oneof![
        8 => (0u64..100_000).prop_map(Span::from_millis),
        1 => (0u64..10_000).prop_map(Span::from_mins),
        1 => any::<u64>().prop_map(Span::from_nanos),
        1 => Just(Span::FOREVER),
    ]
}

/// Time between news; seldom so long that the rest happens at the end of time.
fn pause() -> impl Strategy<Value = Span> {
    prop_oneof![
        200 => (0u64..30_000).prop_map(Span::from_millis),
        10 => (0u64..10_000).prop_map(Span::from_mins),
        1 => any::<u64>().prop_map(Span::from_nanos),
    ]
}

fn settings() -> impl Strategy<Value = FunctionSettings> {
    let numbers = (0u32..5, 0u32..4, prop_oneof![0u32..5, Just(u32::MAX)]);
    let spans = (prop::option::of(span()), prop::option::of(span()), span());
    let flags = (prop::bool::weighted(0.1), prop::bool::weighted(0.1));
    (memory(), memory(), numbers, spans, flags).prop_map(
        |(memory, paused_memory, numbers, spans, flags)| FunctionSettings {
            memory,
            paused_memory,
            concurrency: numbers.0,
            min_warm: numbers.1,
            max_instances: numbers.2,
            pause_after: spans.0,
            max_idle: spans.1,
            start_hint: spans.2,
            pinned: flags.0,
            run_and_exit: flags.1,
        },
    )
}

fn event() -> impl Strategy<Value = Event> {
    let function = || (0u32..6).prop_map(FunctionId);
    let request = || (0u64..40).prop_map(RequestId);
    let instance =
        || (0u32..12, 0u32..4).prop_map(|(slot, generation)| InstanceId { slot, generation });
    prop_oneof![
        4 => (function(), settings()).prop_map(|(function, settings)| {
            Event::FunctionDeployed { function, settings: Box::new(settings) }
        }),
        1 => function().prop_map(|function| Event::FunctionRemoved { function }),
        1 => memory().prop_map(|memory| Event::MemoryChanged { memory }),
        20 => (request(), function())
            .prop_map(|(request, function)| Event::RequestArrived { request, function }),
        2 => (request(), function())
            .prop_map(|(request, function)| Event::RequestCancelled { request, function }),
        20 => (instance(), span())
            .prop_map(|(instance, took)| Event::InstanceStarted { instance, took }),
        2 => instance().prop_map(|instance| Event::StartFailed { instance }),
        4 => instance().prop_map(|instance| Event::InstanceResumed { instance }),
        20 => (instance(), request(), span()).prop_map(|(instance, request, run)| {
            Event::InvocationFinished { instance, request, run }
        }),
        4 => (instance(), request(), span()).prop_map(|(instance, request, run)| {
            Event::InvocationFailed { instance, request, run }
        }),
        2 => instance().prop_map(|instance| Event::InstanceFailed { instance }),
        8 => Just(Event::WokeUp),
    ]
}

fn policy() -> impl Strategy<Value = String> {
    let names: Vec<String> = ENTRIES
        .iter()
        .flat_map(|entry| ["", ":wait=5s,queue=6"].map(|wait| format!("{}{wait}", entry.name)))
        .collect();
    prop::sample::select(names)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_believed_is_survived_and_decided_again(
        policy in policy(),
        memory in memory(),
        news in prop::collection::vec((pause(), event()), 1..300),
    ) {
        let settings = SiteSettings { memory, seed: 1, policy };
        let mut site = Site::new(&settings).expect("it is in the catalogue");
        let mut recorder = Recorder::default();
        let (mut now, mut records) = (Instant::ZERO, 0);
        let mut actions = Vec::new();
        for (pause, event) in news {
            if plausible::event(site.pool(), &event).is_err() {
                continue;
            }
            now = now + pause;
            recorder.event(now, SiteId(0), &event);
            site.handle(now, event, &mut actions);
            recorder.actions(&actions);
            actions.clear();
            records += 1;
        }
        let mut fresh = [Site::new(&settings).expect("it is in the catalogue")];
        prop_assert_eq!(replay(recorder.bytes(), &mut fresh), Replay::Same { records });
    }
}
