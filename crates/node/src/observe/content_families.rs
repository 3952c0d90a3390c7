//! The families of contents and cache groups.

use prometheus_client::registry::Unit;

use crate::observe::families::{Encoded, Out};
use crate::observe::gauges::ContentGauges;

/// Writes all that is told of contents.
pub(crate) fn contents(out: &mut Out, gauges: &ContentGauges) -> Encoded {
    let reads = ["local", "group", "store"].into_iter().zip(gauges.reads);
    let reads = reads.map(|(source, count)| ([("source", source)], count));
    let help = "Reads of contents, by where they were answered from.";
    out.counters("cache_reads", help, None, reads)?;
    let help = "What reads of contents were answered.";
    out.counters("cache_read", help, Some(&Unit::Bytes), [(NONE, gauges.read_bytes)])?;
    let ends = ["acknowledged", "failed"].into_iter().zip(gauges.operations);
    let ends = ends.map(|(end, count)| ([("end", end)], count));
    let help = "Writes of contents that were acknowledged, and operations that came to nothing.";
    out.counters("cache_operations", help, None, ends)?;
    let ways = ["sent", "received"].into_iter().zip(gauges.messages);
    let ways = ways.map(|(way, count)| ([("way", way)], count));
    out.counters("cache_messages", "Messages between nodes of cache groups.", None, ways)?;
    let ends = ["done", "failed"].into_iter().zip(gauges.store_requests);
    let ends = ends.map(|(end, count)| ([("end", end)], count));
    out.counters("cache_store_requests", "Requests to the data store.", None, ends)?;
    let roles = ["leader", "member"].into_iter().zip(gauges.groups);
    let roles = roles.map(|(role, count)| ([("role", role)], count));
    out.gauges("cache_groups", "Cache groups, by what the node is in them.", None, roles)?;
    let help = "Cache groups in which others vote than the node's settings name.";
    out.gauge("cache_groups_differing", help, None, gauges.groups_differing)?;
    let ahead = &gauges.ahead;
    let causes = [("history", ahead.by_history), ("popularity", ahead.by_popularity)];
    let causes = causes.into_iter().map(|(cause, count)| ([("cause", cause)], count));
    let help = "Contents fetched before anybody asked, by why.";
    out.counters("cache_prefetches", help, None, causes)?;
    let ends = [
        ("useful", ahead.useful),
        ("late", ahead.late),
        ("wasted", ahead.wasted),
        ("idle", ahead.idle),
    ];
    let ends = ends.into_iter().map(|(end, count)| ([("end", end)], count));
    let help = "What came of contents fetched ahead: read; wanted before they came; gone unread; \
                nothing.";
    out.counters("cache_prefetched", help, None, ends)?;
    let help = "Bytes of contents that were fetched ahead and went unread.";
    out.counters("cache_prefetch_wasted", help, Some(&Unit::Bytes), [(NONE, ahead.wasted_bytes)])?;
    out.gauge("cache_copies", "Copies of contents on the node.", None, gauges.copies)?;
    let help = "What copies take in memory.";
    out.gauge("cache_memory", help, Some(&Unit::Bytes), gauges.memory_bytes)?;
    let went = ["here", "passed", "taken", "lost"].into_iter().zip(gauges.placements);
    let went = went.map(|(went, count)| ([("went", went)], count));
    let help =
        "Calls of workloads: run where they came, passed on, taken from others, not got there.";
    out.counters("cache_placements", help, None, went)?;
    let help = "Whether the data store could be used last.";
    out.gauge("cache_store_up", help, None, u64::from(gauges.is_store_up))
}

const NONE: [(&str, &str); 0] = [];
