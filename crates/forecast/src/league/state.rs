//! What a league knows, as it is kept over restarts.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use crate::checkpoint::{self, CheckpointError};
use crate::league::contender::{Change, Contender, Why};
use crate::league::form::Form;
use crate::league::trial::Trial;

const KIND: &str = "league";
/// Rises when the meaning of the state changes.
const LAYOUT: u16 = 1;
/// Changes that are kept for who asks.
const CHANGES_MAX: usize = 64;

/// All that a league knows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// Who forecasts.
    pub in_use: Contender,
    /// The model that forecasts, or would if it did well.
    pub champion: Option<u64>,
    /// The model before the champion, which did well while it lasted.
    pub last_good: Option<u64>,
    /// The challenger.
    pub trial: Option<Trial>,
    /// The generation in training, and why.
    pub training: Option<(u64, Why)>,
    /// The generation of the next model.
    pub next: u64,
    /// When the last training began.
    pub trained_at: Option<u64>,
    /// Trainings that failed since one did not.
    pub failed: u32,
    /// Whether a model was demoted and none has taken its place.
    pub is_degraded: bool,
    /// How those did of late who are scored.
    pub forms: BTreeMap<Contender, Form>,
    /// For how many scored steps in a row whoever forecast was worse than seasonal naive.
    pub worse: usize,
    /// The last step.
    pub step: Option<u64>,
    /// What happened, oldest first.
    pub changes: VecDeque<Change>,
}

impl Default for State {
    fn default() -> Self {
        Self {
            in_use: Contender::Window,
            champion: None,
            last_good: None,
            trial: None,
            training: None,
            next: 1,
            trained_at: None,
            failed: 0,
            is_degraded: false,
            forms: BTreeMap::new(),
            worse: 0,
            step: None,
            changes: VecDeque::new(),
        }
    }
}

impl State {
    /// The state as bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        checkpoint::write(KIND, &(LAYOUT, self))
    }

    /// What [`State::to_bytes`] made these bytes of. What cannot have come about is refused.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, CheckpointError> {
        let (layout, state): (u16, Self) = checkpoint::read(KIND, bytes)?;
        if layout != LAYOUT {
            return Err(CheckpointError::Version(u32::from(layout)));
        }
        let known = |generation: &u64| *generation < state.next;
        let models = [state.champion, state.last_good, state.training.map(|(of, _)| of)];
        let is_plausible = models.iter().flatten().all(known)
            && state
                .trial
                .as_ref()
                .is_none_or(|trial| known(&trial.challenger) && trial.is_plausible())
            && state.forms.values().all(Form::is_plausible)
            && state.is_held(state.in_use)
            && state.changes.len() <= CHANGES_MAX;
        if is_plausible { Ok(state) } else { Err(CheckpointError::Damaged) }
    }

    /// Whether a contender can forecast as far as is known: a model that is kept, or one that
    /// needs no training.
    pub fn is_held(&self, contender: Contender) -> bool {
        match contender {
            Contender::Model(generation) => self.held().any(|held| held == generation),
            Contender::Window
            | Contender::SeasonalNaive
            | Contender::DayNaive
            | Contender::WeekNaive
            | Contender::KeepAlive => true,
        }
    }

    /// The generations whose checkpoints are needed.
    pub fn held(&self) -> impl Iterator<Item = u64> {
        let trial = self.trial.as_ref().map(|trial| trial.challenger);
        [self.champion, self.last_good, trial].into_iter().flatten()
    }

    /// Writes down what happened.
    pub fn note(&mut self, what: String) {
        self.changes.push_back(Change { step: self.step.unwrap_or(0), what });
        if self.changes.len() > CHANGES_MAX {
            self.changes.pop_front();
        }
    }

    /// The form of a contender; an empty one if it was never scored.
    pub fn form(&self, contender: Contender) -> Form {
        self.forms.get(&contender).cloned().unwrap_or_default()
    }
}
