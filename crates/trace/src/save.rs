//! How is a trace written?
//!
//! In any format that can be read, so that a sample, a generated trace or a recorded one
//! can be given to other tools. What each format loses stands at the head of its writer.
//! A generated trace has its recipe written beside it.

use std::path::{Path, PathBuf};

use crate::error::TraceError;
use crate::format::Format;
use crate::output::{Output, beside};
use crate::reading::Reading;
use crate::trace::Trace;
use crate::write::{azure2019, azure2021, iluvatar, jsonl, pair};

impl Trace {
    /// Writes the trace as it is under `reading`, in files whose names begin with
    /// `target`, packed if it ends in `.gz`; answers the files of the trace.
    pub fn save(
        &self,
        reading: &Reading,
        format: Format,
        target: &Path,
    ) -> Result<Vec<PathBuf>, TraceError> {
        let files = match format {
            Format::Azure2019 => azure2019::write(self, reading, target)?,
            Format::Azure2021 => azure2021::write(self, reading, target)?,
            Format::Iluvatar => iluvatar::write(self, reading, target)?,
            Format::Pair => pair::write(self, reading, target)?,
            Format::Jsonl => jsonl::write(self, reading, target)?,
        };
        if let Some(recipe) = self.recipe() {
            let mut output = Output::create(&beside(target, ".recipe.json"))?;
            output.line(recipe)?;
            output.finish()?;
        }
        Ok(files)
    }
}
