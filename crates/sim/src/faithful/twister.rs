//! Which dice did the originals throw? The Mersenne Twister, seeded and read in two ways.
//!
//! The founding simulator draws with Python's `random.choice`, FaasCache with numpy's
//! `np.random.randint`. Both stand on MT19937 (Matsumoto and Nishimura 1998, 32-bit
//! reference version of 2002) but differ in how a seed becomes a state and how a word
//! becomes a small number. With them, even the runs of the random policies can be
//! repeated call by call.

const LEN: usize = 624;
const SHIFT: usize = 397;
const UPPER: u32 = 0x8000_0000;
const LOWER: u32 = 0x7fff_ffff;
const TWIST: u32 = 0x9908_b0df;

/// A seeded MT19937.
#[derive(Debug, Clone)]
pub struct Twister {
    state: [u32; LEN],
    next: usize,
}

impl Twister {
    /// The state after numpy's `np.random.seed(seed)`: the generator's plain seeding.
    pub fn numpy(seed: u32) -> Self {
        let mut state = [seed; LEN];
        for i in 1..LEN {
            state[i] = stir(state[i - 1], 1_812_433_253).wrapping_add(i as u32);
        }
        Self { state, next: LEN }
    }

    /// The state after Python's `random.seed(seed)`: seeding by a key of one word.
    pub fn python(seed: u32) -> Self {
        let Self { mut state, .. } = Self::numpy(19_650_218);
        let mut at = 1;
        for _ in 0..LEN {
            state[at] = (state[at] ^ stir(state[at - 1], 1_664_525)).wrapping_add(seed);
            at = step(&mut state, at);
        }
        for _ in 1..LEN {
            let stirred = state[at] ^ stir(state[at - 1], 1_566_083_941);
            state[at] = stirred.wrapping_sub(at as u32);
            at = step(&mut state, at);
        }
        state[0] = UPPER;
        Self { state, next: LEN }
    }

    /// Python's `random.choice` over `count` things (`_randbelow`): as many leading bits
    /// as `count` needs, thrown again until they are below `count`. 0 if there is
    /// nothing to choose from.
    pub fn python_below(&mut self, count: u32) -> u32 {
        if count == 0 {
            return 0;
        }
        let spare_bits = count.leading_zeros();
        loop {
            let drawn = self.word() >> spare_bits;
            if drawn < count {
                return drawn;
            }
        }
    }

    /// numpy's `np.random.randint(count)` (the old, masked way): as many trailing bits
    /// as `count - 1` needs, thrown again until they are below `count`. No draw if
    /// there is nothing to choose from.
    pub fn numpy_below(&mut self, count: u32) -> u32 {
        if count <= 1 {
            return 0;
        }
        let mask = u32::MAX >> (count - 1).leading_zeros();
        loop {
            let drawn = self.word() & mask;
            if drawn < count {
                return drawn;
            }
        }
    }

    fn word(&mut self) -> u32 {
        if self.next == LEN {
            self.turn();
        }
        let mut word = self.state[self.next];
        self.next += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    fn turn(&mut self) {
        for i in 0..LEN {
            let joined = (self.state[i] & UPPER) | (self.state[(i + 1) % LEN] & LOWER);
            let twist = if joined & 1 == 1 { TWIST } else { 0 };
            self.state[i] = self.state[(i + SHIFT) % LEN] ^ (joined >> 1) ^ twist;
        }
        self.next = 0;
    }
}

fn stir(word: u32, factor: u32) -> u32 {
    (word ^ (word >> 30)).wrapping_mul(factor)
}

/// The next place of the ring; place 0 always repeats the last one.
fn step(state: &mut [u32; LEN], at: usize) -> usize {
    if at + 1 < LEN {
        return at + 1;
    }
    state[0] = state[LEN - 1];
    1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn draws_what_python_draws() {
        // random.seed(1): three words, then choice(range(7)) five times.
        let mut dice = Twister::python(1);
        let words = [dice.word(), dice.word(), dice.word()];
        assert_eq!(words, [577_090_037, 2_444_712_010, 3_639_700_191]);
        let drawn: Vec<u32> = (0..5).map(|_| dice.python_below(7)).collect();
        assert_eq!(drawn, [6, 6, 0, 2, 0]);
    }

    #[test]
    fn draws_what_numpy_draws() {
        // np.random.seed(1); np.random.randint(10, size=10), as in numpy's own manuals.
        let mut dice = Twister::numpy(1);
        let drawn: Vec<u32> = (0..10).map(|_| dice.numpy_below(10)).collect();
        assert_eq!(drawn, [5, 8, 9, 5, 0, 0, 1, 7, 6, 9]);
        // First word of the reference generator for its default seed.
        assert_eq!(Twister::numpy(5489).word(), 3_499_211_612);
    }

    #[test]
    fn nothing_to_choose_from_is_no_trouble() {
        assert_eq!(Twister::python(1).python_below(0), 0);
        assert_eq!(Twister::numpy(1).numpy_below(0), 0);
    }
}
