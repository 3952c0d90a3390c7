//! The peer iceoryx2: one publisher and one subscriber in each direction, buffers of 256, no overflow,
//! no history; an event beside them where the receiver sleeps.

use std::os::fd::OwnedFd;

use iceoryx2::port::listener::Listener;
use iceoryx2::port::notifier::Notifier;
use iceoryx2::port::publisher::Publisher;
use iceoryx2::port::subscriber::Subscriber;
use iceoryx2::prelude::*;

use crate::end::{End, Wait};

pub(crate) struct Iceoryx {
    publisher: Publisher<ipc::Service, [u8], ()>,
    subscriber: Subscriber<ipc::Service, [u8], ()>,
    notifier: Notifier<ipc::Service>,
    listener: Listener<ipc::Service>,
    wait: Wait,
    _node: Node<ipc::Service>,
}

fn open(size: usize, wait: Wait, run: &str, forth: &str, back: &str) -> Iceoryx {
    set_log_level(LogLevel::Fatal);
    let node = NodeBuilder::new().create::<ipc::Service>().expect("a node");
    let name = |way: &str| format!("swell-bench-{run}-{way}").as_str().try_into().expect("a name");
    let data = |way: &str| {
        node.service_builder(&name(way))
            .publish_subscribe::<[u8]>()
            .subscriber_max_buffer_size(256)
            .enable_safe_overflow(false)
            .history_size(0)
            .open_or_create()
            .expect("a service")
    };
    let bell =
        |way: &str| node.service_builder(&name(way)).event().open_or_create().expect("an event");
    let publisher = data(forth)
        .publisher_builder()
        .initial_max_slice_len(size)
        .backpressure_strategy(BackpressureStrategy::RetryUntilDelivered)
        .create()
        .expect("a publisher");
    let subscriber = data(back).subscriber_builder().create().expect("a subscriber");
    let notifier = bell(forth).notifier_builder().create().expect("a notifier");
    let listener = bell(back).listener_builder().create().expect("a listener");
    Iceoryx { publisher, subscriber, notifier, listener, wait, _node: node }
}

impl End for Iceoryx {
    fn create(size: usize, wait: Wait) -> (Self, Vec<OwnedFd>) {
        (open(size, wait, &std::process::id().to_string(), "forth", "back"), Vec::new())
    }

    fn join(size: usize, wait: Wait, _descriptors: Vec<OwnedFd>) -> Self {
        let parent = rustix::process::getppid().expect("whoever started this");
        let run = parent.as_raw_nonzero().to_string();
        open(size, wait, &run, "back", "forth")
    }

    #[inline]
    fn send(&mut self, bytes: &[u8]) {
        let sample = self.publisher.loan_slice_uninit(bytes.len()).expect("a loan");
        sample.write_from_slice(bytes).send().expect("it is delivered");
        if self.wait != Wait::Spin {
            self.notifier.notify().expect("it is notified");
        }
    }

    #[inline]
    fn receive(&mut self, into: &mut Vec<u8>) {
        let mut spins = self.wait.spins();
        loop {
            if let Some(sample) = self.subscriber.receive().expect("it is connected") {
                into.resize(sample.len(), 0);
                into.copy_from_slice(&sample);
                return;
            }
            if spins > 0 {
                spins -= u32::from(self.wait != Wait::Spin);
                std::hint::spin_loop();
            } else {
                self.listener.blocking_wait(|_| {}).expect("it is notified");
            }
        }
    }
}
