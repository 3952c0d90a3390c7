//! Whether an invitation is good still.
//!
//! It is made at an entry of the log, and used up by the site that joins with it. When that site
//! leaves or is removed, every invitation in its name that was made before is void, whoever has it
//! and whether it was used or not.

use crate::council::state::State;
use crate::ids::SiteId;

/// Whether what was certified for a site at that entry is void. Of a site that left so long ago that
/// it is not remembered, whatever was made before the last one that was forgotten is.
pub fn is_void(state: &State, site: SiteId, made_at: u64) -> bool {
    let known = state.members.get(&site).or_else(|| state.former.get(&site));
    made_at < known.map_or(state.forgotten, |known| known.dismissed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::council::joining::{on_admit, on_dismiss};
    use crate::council::rules::Rules;
    use crate::council::words::Loads;

    #[test]
    fn who_leaves_takes_all_invitations_in_its_name_along() {
        let (kobe, lima) = (SiteId(7), SiteId(8));
        let mut state = State::new(Rules::default());
        let admit = |state: &mut State, site| on_admit(state, site, Loads::cpu(1)).expect("fine");
        admit(&mut state, lima);
        let void =
            |state: &State, site| [0, 9, 10, 11].map(|made_at| is_void(state, site, made_at));
        assert_eq!(void(&state, kobe), [false; 4], "nobody of that name was there");
        admit(&mut state, kobe);
        assert_eq!(void(&state, kobe), [false; 4], "it may say again that it joins");
        state.index = 10;
        on_dismiss(&mut state, kobe).expect("it holds nothing");
        assert_eq!(void(&state, kobe), [true, true, false, false]);
        assert_eq!(void(&state, lima), [false; 4], "others are not concerned");
        admit(&mut state, kobe);
        assert_eq!(void(&state, kobe), [true, true, false, false], "it is there by a new one");

        for other in 100..400 {
            state.index += 1;
            admit(&mut state, SiteId(other));
            on_dismiss(&mut state, SiteId(other)).expect("it holds nothing");
        }
        assert!(state.forgotten > 10 && !state.former.contains_key(&SiteId(100)));
        assert!(is_void(&state, SiteId(100), 10), "it is not remembered, and stays out");
        assert!(!is_void(&state, SiteId(100), state.index));
        assert!(!is_void(&state, kobe, 10), "who is a member is remembered");
    }
}
