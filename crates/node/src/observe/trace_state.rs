//! Whether a `tracestate` may be passed on (W3C Trace Context, 3.3). We add no entry of
//! our own, so what is right goes on as it came.

/// Entries that a list may have.
const MEMBERS_MAX: usize = 32;

/// Whether the values of all `tracestate` headers of a request, in their order, are a list
/// as the specification wants it. The same key twice is tolerated, as the specification's
/// own tests ask.
pub(crate) fn is_valid<'a>(values: impl Iterator<Item = &'a [u8]>) -> bool {
    let mut members = 0;
    for value in values {
        for member in value.split(|&byte| byte == b',') {
            let member = trim(member);
            if member.is_empty() {
                continue;
            }
            members += 1;
            if members > MEMBERS_MAX || !is_member(member) {
                return false;
            }
        }
    }
    members > 0
}

/// Without blanks and tabs at both ends.
fn trim(mut text: &[u8]) -> &[u8] {
    while let [b' ' | b'\t', rest @ ..] | [rest @ .., b' ' | b'\t'] = text {
        text = rest;
    }
    text
}

fn is_member(member: &[u8]) -> bool {
    let Some(equals) = member.iter().position(|&byte| byte == b'=') else {
        return false;
    };
    is_key(&member[..equals]) && is_value(&member[equals + 1..])
}

fn is_key(key: &[u8]) -> bool {
    let legal = |text: &[u8]| {
        text.iter().all(|byte| {
            byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"_-*/".contains(byte)
        })
    };
    let Some(at) = key.iter().position(|&byte| byte == b'@') else {
        let begins = key.first().is_some_and(u8::is_ascii_lowercase);
        return begins && key.len() <= 256 && legal(key);
    };
    let (tenant, system) = (&key[..at], &key[at + 1..]);
    let tenant_begins =
        tenant.first().is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
    let system_begins = system.first().is_some_and(u8::is_ascii_lowercase);
    let fits = tenant.len() <= 241 && system.len() <= 14;
    tenant_begins && system_begins && fits && legal(tenant) && legal(system)
}

/// Blanks at its end were trimmed with the member.
fn is_value(value: &[u8]) -> bool {
    let legal = |&byte: &u8| (0x20..=0x7e).contains(&byte) && byte != b'=';
    (1..=256).contains(&value.len()) && value.iter().all(legal)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(headers: &[&str], expected: bool) {
        let found = is_valid(headers.iter().map(|header| header.as_bytes()));
        assert_eq!(found, expected, "{headers:?}");
    }

    #[test]
    fn lists_are_judged_as_the_specification_says() {
        check(&["foo=1,bar=2"], true);
        check(&["foo=1", "bar=2"], true);
        check(&["foo=1,", ",bar=2"], true);
        check(&["foo=1 \t , \t bar=2, \t baz=3"], true);
        check(&["foo=1,foo=2"], true);
        check(&["foo = 1"], false);
        check(&[""], false);
        check(&[",,"], false);
        check(&["foo"], false);
        check(&["foo="], false);
        check(&["=1"], false);
        check(&["foo=1=2"], false);
        check(&["foo=1;bar=2"], false);
        check(&["foo=bar baz"], true);
        check(&["foo=caf\u{e9}"], false);
    }

    #[test]
    fn keys_are_judged_as_the_specification_says() {
        check(&["abcdefghijklmnopqrstuvwxyz0123456789_-*/=1"], true);
        check(&["Foo=1"], false);
        check(&["foO=1"], false);
        check(&["1foo=1"], false);
        check(&["_foo=1"], false);
        check(&["foo.bar=1"], false);
        check(&["fw529a3039@dt=FfffffCh,1a-2f@foo=1"], true);
        check(&["@foo=1"], false);
        check(&["foo@=1"], false);
        check(&["foo@1bar=1"], false);
        check(&["foo@@bar=1"], false);
        check(&["foo@bar@baz=1"], false);
        check(&[&format!("{}=1", "z".repeat(256))], true);
        check(&[&format!("{}=1", "z".repeat(257))], false);
        check(&[&format!("{}@{}=1", "t".repeat(241), "v".repeat(14))], true);
        check(&[&format!("{}@v=1", "t".repeat(242))], false);
        check(&[&format!("t@{}=1", "v".repeat(15))], false);
    }

    #[test]
    fn numbers_of_members_and_lengths_of_values_are_bounded() {
        let members = |count: usize| {
            (0..count).map(|number| format!("m{number}=1")).collect::<Vec<_>>().join(",")
        };
        check(&[&members(32)], true);
        check(&[&members(33)], false);
        check(&[&members(32), "one=more"], false);
        check(&[&format!("foo={}", "x".repeat(256))], true);
        check(&[&format!("foo={}", "x".repeat(257))], false);
    }
}
