//! A flow that nobody watches and no function takes part in, for tests of its parts.

use std::path::Path;
use std::sync::Arc;

use swell_api::flow::FlowSpec;
use swell_core::flow::view::FifoId;
use swell_core::time::Instant;
use swell_core::units::Bytes;
use swell_fifo::class::Class;
use tempfile::TempDir;

use crate::flow::functions::Tick;
use crate::flow::line::Line;
use crate::flow::news::News;
use crate::flow::pool::Regions;
use crate::registry::Registry;
use crate::settings::{FlowCores, FlowSettings};

/// A flow `frames` from `camera` to `detect`, with this number and a lane that holds so many bytes;
/// and the folder that it lies in.
pub(crate) fn flow_alone(news: &News, id: u32, bytes: u64) -> (Line, TempDir) {
    flow_of(news, id, bytes, FlowSpec::plain("frames", &["camera"], "detect"))
}

/// The same for a flow of one lane that was stated otherwise.
pub(crate) fn flow_of(news: &News, id: u32, bytes: u64, spec: FlowSpec) -> (Line, TempDir) {
    let folder = tempfile::tempdir().expect("a folder for the test");
    (flow_in(news, id, bytes, spec, folder.path()), folder)
}

/// The same in a folder that such a flow may have lain in before.
pub(crate) fn flow_in(news: &News, id: u32, bytes: u64, spec: FlowSpec, folder: &Path) -> Line {
    let settings = FlowSettings {
        memory_max: Bytes::new(8 << 20),
        function_memory_max: Bytes::new(8 << 20),
        policy: "measured".to_string(),
        cores: FlowCores::Off,
        link: None,
        nodes: Default::default(),
        socket: None,
        socket_group: false,
    };
    let class = Class::holding(bytes, 0).expect("there is a class for it");
    let line = Line::new(
        news.bell(FifoId(id)),
        spec.clone(),
        spec.from,
        &[class],
        0,
        folder,
        (&Regions::new(&settings), &Arc::default()),
    );
    line.expect("there is room for it")
}

/// A look at this tenth of a second, on a machine of sixteen processors.
pub(crate) fn tick(number: u64, registry: &Registry) -> Tick<'_> {
    Tick {
        now: Instant::from_millis(number * 100),
        now_us: number * 100_000,
        now_ns: number * 100_000_000,
        number,
        memory: 0.1,
        memory_bytes: 1e9,
        processors: 16.0,
        registry,
    }
}
