//! What a site says of what it believes: the truth, something worse by the hour, or a lie.

/// How a site speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Character {
    /// It says what it believes.
    Honest,
    /// Its forecasts are worse by the hour, and it does not know.
    Drifting,
    /// It says the contrary: it hides an overload and cries when there is none, votes against
    /// what it believes, and tells that it saw what it had forecast.
    Lying,
    /// It says what it believes, but its counters tell a fifth of what it used, so that it seems to
    /// have room.
    Hiding,
    /// It says the contrary of all but the next slot, of which nothing can be unsaid, and votes
    /// against what it believes.
    Hedging,
}

impl Character {
    /// What it says of a share of capacity that it expects so many slots ahead, at a minute of so
    /// many.
    pub fn says(self, share: f32, ahead: usize, minute: usize, minutes: usize) -> f32 {
        match self {
            Character::Hedging if ahead > 1 => (1.3 - share).max(0.0),
            Character::Honest | Character::Hiding | Character::Hedging => share,
            Character::Drifting => share * (1.0 + minute as f32 / minutes.max(1) as f32),
            Character::Lying => (1.3 - share).max(0.0),
        }
    }

    /// What it tells of what it saw.
    pub fn saw(self, share: f32) -> f32 {
        match self {
            Character::Lying => (1.3 - share).max(0.0),
            _ => share,
        }
    }

    /// How it votes on what it finds right or wrong.
    pub fn votes(self, yes: bool) -> bool {
        yes != matches!(self, Character::Lying | Character::Hedging)
    }
}
