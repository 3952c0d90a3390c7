//! Sessions as text that callers carry in a header: the bytes in hexadecimal digits.

use swell_core::cachegroup::session::Session;

/// The longest token that is read.
pub const TOKEN_BYTES_MAX: usize = 64 << 10;

/// A session as text.
pub fn to_token(session: &Session) -> String {
    use std::fmt::Write as _;
    let bytes = session.to_bytes();
    let mut token = String::with_capacity(2 * bytes.len());
    for byte in bytes {
        write!(token, "{byte:02x}").expect("a string takes all");
    }
    token
}

/// A session from text; nothing if it is none.
pub fn of_token(token: &str) -> Option<Session> {
    if !token.len().is_multiple_of(2) || token.len() > TOKEN_BYTES_MAX {
        return None;
    }
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let pairs = token.as_bytes().chunks_exact(2);
    let bytes = pairs.map(|pair| Some((digit(pair[0])? * 16 + digit(pair[1])?) as u8));
    Session::from_bytes(&bytes.collect::<Option<Vec<u8>>>()?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use swell_core::cachegroup::names::{Epoch, GroupId, Sequence};

    #[test]
    fn sessions_come_back_and_others_are_refused() {
        let mut session = Session::default();
        session.raise(GroupId(7), Sequence { epoch: Epoch(3), counter: 9 });
        assert_eq!(of_token(&to_token(&session)), Some(session));
        for wrong in ["", "0", "zz", "ffffffff"] {
            assert_eq!(of_token(wrong), None, "{wrong}");
        }
    }
}
