//! Which functions an occasion touches: names in which `*` stands for any characters.

/// Whether a name fits one of some patterns; no pattern fits every name.
pub fn fits_any(patterns: &[String], name: &str) -> bool {
    patterns.is_empty() || patterns.iter().any(|pattern| fits(pattern, name))
}

/// Whether a name fits a pattern. Takes at most pattern times name steps, however many stars
/// there are.
pub fn fits(pattern: &str, name: &str) -> bool {
    let (pattern, name) = (pattern.as_bytes(), name.as_bytes());
    let (mut at, mut in_name) = (0, 0);
    // The last star, and the place in the name up to which it reaches.
    let mut star: Option<(usize, usize)> = None;
    while in_name < name.len() {
        if pattern.get(at) == Some(&b'*') {
            star = Some((at, in_name));
            at += 1;
        } else if pattern.get(at) == Some(&name[in_name]) {
            at += 1;
            in_name += 1;
        } else if let Some((place, reach)) = star {
            star = Some((place, reach + 1));
            at = place + 1;
            in_name = reach + 1;
        } else {
            return false;
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

/// The patterns of a list that is parted by commas, semicolons or blanks; `*` alone, and
/// nothing, are all functions.
pub fn list(text: &str) -> Vec<String> {
    let parts = text.split(|char: char| char == ',' || char == ';' || char.is_whitespace());
    let patterns: Vec<String> = parts.filter(|part| !part.is_empty()).map(str::to_string).collect();
    if patterns.iter().any(|pattern| pattern == "*") { Vec::new() } else { patterns }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_characters() {
        for (pattern, name, expected) in [
            ("shop-*", "shop-cart", true),
            ("shop-*", "shop-", true),
            ("shop-*", "workshop-cart", false),
            ("*-cart", "shop-cart", true),
            ("s*p-*t", "shop-cart-count", true),
            ("s*p-*t", "shop-carts", false),
            ("hello", "hello", true),
            ("hello", "hello2", false),
            ("", "", true),
            ("", "a", false),
            ("*", "", true),
            ("a*a", "a", false),
            ("a**b", "ab", true),
        ] {
            assert_eq!(fits(pattern, name), expected, "{pattern} {name}");
        }
        assert!(fits_any(&[], "anything") && !fits_any(&["a".to_string()], "b"));
        assert!(!fits(&"*a".repeat(200), &"b".repeat(20_000)), "and soon enough");
    }

    #[test]
    fn lists_are_parted_by_what_people_write() {
        assert_eq!(list("shop-*, pay;mail  hello"), ["shop-*", "pay", "mail", "hello"]);
        assert_eq!(list(" "), [""; 0]);
        assert_eq!(list("shop-*,*"), [""; 0]);
    }
}
