//! A recurrent cell that reads the past and a head that answers for each step ahead.

use serde::{Deserialize, Serialize};
use swell_core::rng::{Rng, unit};

use crate::network::cell::Cell;
use crate::network::head::{Head, OUT};

/// The network: its sizes and its weights, the cell's first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Network {
    inputs: usize,
    hidden: usize,
    known: usize,
    units: usize,
    weights: Vec<f32>,
}

/// A batch: what came, step by step, and for each row of it some questions.
#[derive(Debug, Default)]
pub struct Batch {
    /// Inputs of the cell, per step, row after row.
    pub steps: Vec<Vec<f32>>,
    /// Rows of the batch.
    pub rows: usize,
    /// Questions asked of each row.
    pub asked: usize,
    /// What is known of all questions of a row, row after row.
    pub shared: Vec<f32>,
    /// What is known of each question besides, question after question.
    pub own: Vec<f32>,
}

/// What should come out of a batch.
#[derive(Debug, Default)]
pub struct Answers {
    /// What came, question after question.
    pub targets: Vec<f32>,
    /// How much each counts.
    pub weights: Vec<f32>,
}

/// Levels of the quantiles that come out.
pub const LEVELS_OUT: [f32; OUT] = [0.1, 0.5, 0.9];

impl Network {
    /// A network of these sizes with small weights by chance.
    pub fn new(inputs: usize, hidden: usize, known: usize, units: usize, rng: &mut Rng) -> Self {
        let mut network = Self { inputs, hidden, known, units, weights: Vec::new() };
        let (cell, head) = (network.cell(), network.head());
        let mut draw = |count: usize, fan: usize, weights: &mut Vec<f32>| {
            let reach = (3.0 / fan as f32).sqrt();
            weights.extend((0..count).map(|_| reach * (2.0 * unit(rng) as f32 - 1.0)));
        };
        let mut weights = Vec::new();
        draw((inputs + hidden) * 4 * hidden, inputs + hidden, &mut weights);
        // To keep is the habit: the second gate begins open.
        weights.extend((0..4 * hidden).map(|gate| if gate / hidden == 1 { 1.0 } else { 0.0 }));
        draw(head.inputs * units, head.inputs, &mut weights);
        weights.extend(std::iter::repeat_n(0.0, units));
        draw(units * OUT, 10 * units, &mut weights);
        weights.extend([-0.5, 0.0, 0.5]);
        debug_assert_eq!(weights.len(), cell.weights() + head.weights(), "each weight was drawn");
        network.weights = weights;
        network
    }

    fn cell(&self) -> Cell {
        Cell { inputs: self.inputs, hidden: self.hidden }
    }

    fn head(&self) -> Head {
        Head { inputs: self.hidden + self.known, hidden: self.units }
    }

    /// Whether it has the weights that its sizes need, for inputs of these widths.
    pub fn is_sound(&self, inputs: usize, known: usize) -> bool {
        let small = self.hidden <= 1024 && self.units <= 1024;
        (self.inputs, self.known) == (inputs, known)
            && small
            && self.weights.len() == self.cell().weights() + self.head().weights()
            && self.weights.iter().all(|weight| weight.is_finite())
    }

    /// The weights, in their order.
    pub fn weights_mut(&mut self) -> &mut [f32] {
        &mut self.weights
    }

    /// What comes out: [`OUT`] numbers a question.
    pub fn ask(&self, batch: &Batch) -> Vec<f32> {
        let (of_cell, of_head) = self.weights.split_at(self.cell().weights());
        let state = self.cell().read(of_cell, &batch.steps, batch.rows);
        let width = batch.shared.len() / batch.rows.max(1);
        let mut common = Vec::with_capacity(state.len() + batch.shared.len());
        for row in 0..batch.rows {
            common.extend_from_slice(&state[row * self.hidden..(row + 1) * self.hidden]);
            common.extend_from_slice(&batch.shared[row * width..(row + 1) * width]);
        }
        self.head().answer(of_head, (&common, self.hidden + width), &batch.own, batch.asked)
    }

    /// The loss on a batch and its slopes.
    pub fn learn(&self, batch: &Batch, answers: &Answers) -> (f32, Vec<f32>) {
        let (cell, head) = (self.cell(), self.head());
        let (of_cell, of_head) = self.weights.split_at(cell.weights());
        let pass = cell.forward(of_cell, &batch.steps, batch.rows);
        let asked = head.forward(of_head, self.join(&pass.state, batch));
        let total = answers.weights.iter().sum::<f32>().max(1e-6);
        let mut loss = 0.0;
        let mut of_out = vec![0.0; asked.out.len()];
        for (place, (out, slope)) in asked.out.iter().zip(&mut of_out).enumerate() {
            let level = LEVELS_OUT[place % OUT];
            let over = answers.targets[place / OUT] - out;
            let weight = answers.weights[place / OUT] / total;
            loss += weight * (level * over).max((level - 1.0) * over);
            *slope = if over > 0.0 { -level * weight } else { (1.0 - level) * weight };
        }
        let mut slopes = vec![0.0; self.weights.len()];
        let (of_cell_slopes, of_head_slopes) = slopes.split_at_mut(cell.weights());
        let of_states = head.backward(of_head, &asked, &of_out, self.hidden, of_head_slopes);
        let mut told = vec![0.0; batch.rows * self.hidden];
        for (question, of_state) in of_states.chunks_exact(self.hidden).enumerate() {
            let row = question / batch.asked;
            let told = &mut told[row * self.hidden..(row + 1) * self.hidden];
            for (told, of_state) in told.iter_mut().zip(of_state) {
                *told += of_state;
            }
        }
        cell.backward(of_cell, &pass, &told, of_cell_slopes);
        (loss, slopes)
    }

    /// What is remembered of a row, beside what is known of each question asked of it.
    fn join(&self, state: &[f32], batch: &Batch) -> Vec<f32> {
        let mut joined = Vec::with_capacity(batch.rows * batch.asked * self.head().inputs);
        let shared = batch.shared.len() / batch.rows.max(1);
        let own = self.known - shared;
        for question in 0..batch.rows * batch.asked {
            let row = question / batch.asked;
            joined.extend_from_slice(&state[row * self.hidden..(row + 1) * self.hidden]);
            joined.extend_from_slice(&batch.shared[row * shared..(row + 1) * shared]);
            joined.extend_from_slice(&batch.own[question * own..(question + 1) * own]);
        }
        joined
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::adam::Adam;
    use swell_core::rng::split;

    fn batch(rng: &mut Rng, rows: usize) -> (Batch, Answers) {
        let mut draw = |count: usize| -> Vec<f32> {
            (0..count).map(|_| 2.0 * unit(rng) as f32 - 1.0).collect()
        };
        let steps: Vec<Vec<f32>> = (0..6).map(|_| draw(rows * 2)).collect();
        let (shared, own) = (draw(rows), draw(rows * 2 * 2));
        // What came is what stood in the first place four steps ago, and what is known.
        let target = |question: usize| {
            0.8 * steps[2][question / 2 * 2] + 0.2 * shared[question / 2] + 0.3 * own[question * 2]
        };
        let targets = (0..rows * 2).map(target).collect();
        let answers = Answers { targets, weights: vec![1.0; rows * 2] };
        (Batch { steps, rows, asked: 2, shared, own }, answers)
    }

    #[test]
    fn slopes_are_what_small_moves_show() {
        let mut rng = split(3, "slopes");
        let mut network = Network::new(2, 4, 3, 5, &mut rng);
        let (batch, answers) = batch(&mut rng, 7);
        let (_, slopes) = network.learn(&batch, &answers);
        let mut checked = 0;
        for (place, slope) in slopes.iter().enumerate() {
            let mut moved = |by: f32| {
                network.weights[place] += by;
                let loss = network.learn(&batch, &answers).0;
                network.weights[place] -= by;
                loss
            };
            let (up, down) = (moved(2e-3), moved(-2e-3));
            let shown = (up - down) / 4e-3;
            let near = (shown - slope).abs() < 0.02 * slope.abs() + 3e-3;
            checked += usize::from(near);
        }
        // Corners of the loss lie between a few of the moves.
        assert!(checked * 100 >= slopes.len() * 97, "{checked} of {}", slopes.len());
    }

    #[test]
    fn what_was_steps_ago_is_remembered() {
        let mut rng = split(4, "memory");
        let mut network = Network::new(2, 8, 3, 8, &mut rng);
        let mut adam = Adam::new(network.weights.len());
        for _ in 0..900 {
            let (batch, answers) = batch(&mut rng, 32);
            let (_, slopes) = network.learn(&batch, &answers);
            adam.step(network.weights_mut(), &slopes, 0.01);
        }
        let (batch, answers) = batch(&mut rng, 200);
        let out = network.ask(&batch);
        let errors =
            answers.targets.iter().zip(out.chunks(OUT)).map(|(came, out)| (came - out[1]).abs());
        let mean = errors.sum::<f32>() / answers.targets.len() as f32;
        assert!(mean < 0.1, "{mean}, where guessing the middle gives 0.4");
        assert!(network.is_sound(2, 3) && !network.is_sound(3, 3));
    }
}
