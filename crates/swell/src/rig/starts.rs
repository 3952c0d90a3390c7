//! How long starts really took, from the node's own journal.

use swell_core::event::Event;
use swell_core::time::Span;
use swell_journal::reader::JournalReader;

use crate::error::Letter;

/// Mean length of the starts a journal tells of, in the mind's time; nothing if it tells of
/// none.
pub fn mean(journal: &[u8]) -> Result<Option<Span>, Letter> {
    let odd = |error| Letter::failed(format!("the node's journal cannot be read: {error}"));
    let mut reader = JournalReader::new(journal).map_err(odd)?;
    let (mut total, mut count) = (0u128, 0u128);
    while let Some(record) = reader.next_record().map_err(odd)? {
        if let Event::InstanceStarted { took, .. } = record.event {
            total += u128::from(took.nanos());
            count += 1;
        }
    }
    Ok(total.checked_div(count).map(|mean| Span::from_nanos(mean as u64)))
}
