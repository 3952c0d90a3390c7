//! The log that sites agree through, and the channel it goes over.
