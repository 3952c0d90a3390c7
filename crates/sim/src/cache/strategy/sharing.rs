//! How much of what one member of a group serves another keeps, and who notices.

/// How the members of a group share.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sharing {
    /// With what chance who asked keeps what another member served.
    pub copy: f64,
    /// Whether a copy that served another counts as used, as the paper has it.
    pub touch: bool,
}

/// As the paper has it.
pub const PAPER: Sharing = Sharing { copy: 1.0, touch: true };
