//! Long short-term memory (Hochreiter and Schmidhuber, 1997): a state that gates let in, keep
//! and let out.

use swell_wide::work::{Work, widely};

use crate::network::matrix::{add_product, add_rows_up, add_turned_product, sigmoid, tanh, turned};

/// Where a cell's weights lie: inputs and state to four gates, and the gates' biases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// Numbers that come in at each step.
    pub inputs: usize,
    /// Numbers that are remembered.
    pub hidden: usize,
}

/// All that was computed on the way forward, which the way back needs.
pub struct Pass {
    /// Input and state before it, per step.
    joined: Vec<Vec<f32>>,
    /// The gates after their curves, per step: in, keep, candidate, out.
    gates: Vec<Vec<f32>>,
    /// The memory, from before the first step on.
    memory: Vec<Vec<f32>>,
    /// What is told after the last step.
    pub state: Vec<f32>,
}

impl Cell {
    /// How many weights there are.
    pub fn weights(&self) -> usize {
        (self.inputs + self.hidden + 1) * 4 * self.hidden
    }

    /// Goes through `steps`, each a batch of inputs.
    pub fn forward(&self, weights: &[f32], steps: &[Vec<f32>], batch: usize) -> Pass {
        let hidden = self.hidden;
        let mut pass = Pass {
            joined: Vec::with_capacity(steps.len()),
            gates: Vec::with_capacity(steps.len()),
            memory: vec![vec![0.0; batch * hidden]],
            state: vec![0.0; batch * hidden],
        };
        for input in steps {
            let mut joined = Vec::new();
            let mut gates = vec![0.0; batch * 4 * hidden];
            let mut memory = pass.memory[pass.memory.len() - 1].clone();
            self.advance(weights, input, &mut joined, &mut gates, &mut memory, &mut pass.state);
            pass.joined.push(joined);
            pass.gates.push(gates);
            pass.memory.push(memory);
        }
        pass
    }

    /// Goes through `steps` and tells what is told after the last one.
    pub fn read(&self, weights: &[f32], steps: &[Vec<f32>], batch: usize) -> Vec<f32> {
        let mut joined = Vec::new();
        let mut gates = vec![0.0; batch * 4 * self.hidden];
        let [mut memory, mut state] = [(), ()].map(|()| vec![0.0; batch * self.hidden]);
        for input in steps {
            self.advance(weights, input, &mut joined, &mut gates, &mut memory, &mut state);
        }
        state
    }

    /// One step: `joined` and `gates` are written over, `memory` and `state` go on.
    fn advance(
        &self,
        weights: &[f32],
        input: &[f32],
        joined: &mut Vec<f32>,
        gates: &mut [f32],
        memory: &mut [f32],
        state: &mut [f32],
    ) {
        let (hidden, joint) = (self.hidden, self.inputs + self.hidden);
        let (matrix, bias) = weights.split_at(joint * 4 * hidden);
        joined.clear();
        for (input, state) in input.chunks_exact(self.inputs).zip(state.chunks_exact(hidden)) {
            joined.extend_from_slice(input);
            joined.extend_from_slice(state);
        }
        gates.chunks_exact_mut(bias.len()).for_each(|gates| gates.copy_from_slice(bias));
        add_product(gates, joined, matrix, joint, 4 * hidden);
        widely(Gated { gates, memory, state, hidden });
    }

    /// Adds the slopes of the weights, given those of what was told last.
    pub fn backward(&self, weights: &[f32], pass: &Pass, told: &[f32], slopes: &mut [f32]) {
        let (hidden, joint) = (self.hidden, self.inputs + self.hidden);
        let batch = told.len() / hidden;
        let (matrix, _) = weights.split_at(joint * 4 * hidden);
        let back = turned(&matrix[self.inputs * 4 * hidden..], hidden, 4 * hidden);
        let (of_matrix, of_bias) = slopes.split_at_mut(joint * 4 * hidden);
        let mut of_state = told.to_vec();
        let mut of_memory = vec![0.0; batch * hidden];
        let mut of_gates = vec![0.0; batch * 4 * hidden];
        for step in (0..pass.gates.len()).rev() {
            widely(Ungated {
                gates: &pass.gates[step],
                memory: &pass.memory[step + 1],
                before: &pass.memory[step],
                of_state: &of_state,
                of_memory: &mut of_memory,
                of_gates: &mut of_gates,
                hidden,
            });
            add_turned_product(of_matrix, &pass.joined[step], &of_gates, joint, 4 * hidden);
            add_rows_up(of_bias, &of_gates);
            of_state.fill(0.0);
            add_product(&mut of_state, &of_gates, &back, 4 * hidden, hidden);
        }
    }
}

/// The slopes of what was added up for the gates, and of what was remembered before: all rows of a
/// batch.
struct Ungated<'g> {
    gates: &'g [f32],
    memory: &'g [f32],
    before: &'g [f32],
    of_state: &'g [f32],
    of_memory: &'g mut [f32],
    of_gates: &'g mut [f32],
    hidden: usize,
}

impl Work for Ungated<'_> {
    type Out = ();

    #[inline(always)]
    fn run<const WIDE: bool>(self) {
        let hidden = self.hidden;
        let rows = self.memory.chunks_exact(hidden).zip(self.before.chunks_exact(hidden));
        let slopes =
            self.of_state.chunks_exact(hidden).zip(self.of_memory.chunks_exact_mut(hidden));
        let gates =
            self.gates.chunks_exact(4 * hidden).zip(self.of_gates.chunks_exact_mut(4 * hidden));
        for (((memory, before), (of_state, of_memory)), (gates, of_gates)) in
            rows.zip(slopes).zip(gates)
        {
            let (first, second) = gates.split_at(2 * hidden);
            let ((admit, keep), (candidate, out)) =
                (first.split_at(hidden), second.split_at(hidden));
            let (first, second) = of_gates.split_at_mut(2 * hidden);
            let (of_admit, of_keep) = first.split_at_mut(hidden);
            let (of_candidate, of_out) = second.split_at_mut(hidden);
            for unit in 0..hidden {
                let shown = tanh(memory[unit]);
                let flow = of_memory[unit] + of_state[unit] * out[unit] * (1.0 - shown * shown);
                of_admit[unit] = flow * candidate[unit] * admit[unit] * (1.0 - admit[unit]);
                of_keep[unit] = flow * before[unit] * keep[unit] * (1.0 - keep[unit]);
                of_candidate[unit] = flow * admit[unit] * (1.0 - candidate[unit] * candidate[unit]);
                of_out[unit] = of_state[unit] * shown * out[unit] * (1.0 - out[unit]);
                of_memory[unit] = flow * keep[unit];
            }
        }
    }
}

/// What is remembered and told once gates are added up: all rows of a batch.
struct Gated<'g> {
    gates: &'g mut [f32],
    memory: &'g mut [f32],
    state: &'g mut [f32],
    hidden: usize,
}

impl Work for Gated<'_> {
    type Out = ();

    #[inline(always)]
    fn run<const WIDE: bool>(self) {
        let hidden = self.hidden;
        let rows = self.memory.chunks_exact_mut(hidden).zip(self.state.chunks_exact_mut(hidden));
        for (gates, (memory, state)) in self.gates.chunks_exact_mut(4 * hidden).zip(rows) {
            let (gated, out) = gates.split_at_mut(3 * hidden);
            let (gated, candidate) = gated.split_at_mut(2 * hidden);
            gated.iter_mut().for_each(|gate| *gate = sigmoid(*gate));
            candidate.iter_mut().for_each(|gate| *gate = tanh(*gate));
            out.iter_mut().for_each(|gate| *gate = sigmoid(*gate));
            let (admit, keep) = gated.split_at(hidden);
            for unit in 0..hidden {
                memory[unit] = keep[unit] * memory[unit] + admit[unit] * candidate[unit];
                state[unit] = out[unit] * tanh(memory[unit]);
            }
        }
    }
}
