//! From what is remembered and what is known of a step ahead to three quantiles: one layer of
//! rectified units, and three sums.

use crate::network::matrix::{add_product, add_row, add_rows_up, add_turned_product, turned};

/// Quantiles that come out.
pub const OUT: usize = 3;

/// Where a head's weights lie: first layer, its biases, second layer, its biases.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Numbers that come in.
    pub inputs: usize,
    /// Units between.
    pub hidden: usize,
}

/// What the way back needs.
pub struct HeadPass {
    inputs: Vec<f32>,
    hidden: Vec<f32>,
    /// What came out, [`OUT`] numbers a row.
    pub out: Vec<f32>,
}

impl Head {
    /// How many weights there are.
    pub fn weights(&self) -> usize {
        (self.inputs + 1) * self.hidden + (self.hidden + 1) * OUT
    }

    fn parts<'a>(&self, weights: &'a [f32]) -> [&'a [f32]; 4] {
        let (first, rest) = weights.split_at(self.inputs * self.hidden);
        let (first_bias, rest) = rest.split_at(self.hidden);
        let (second, second_bias) = rest.split_at(self.hidden * OUT);
        [first, first_bias, second, second_bias]
    }

    /// Goes through a batch of inputs.
    pub fn forward(&self, weights: &[f32], inputs: Vec<f32>) -> HeadPass {
        let [first, first_bias, second, second_bias] = self.parts(weights);
        let batch = inputs.len() / self.inputs;
        let mut hidden = vec![0.0; batch * self.hidden];
        add_row(&mut hidden, first_bias);
        add_product(&mut hidden, &inputs, first, self.inputs, self.hidden);
        hidden.iter_mut().for_each(|unit| *unit = unit.max(0.0));
        let mut out = vec![0.0; batch * OUT];
        add_row(&mut out, second_bias);
        add_product(&mut out, &hidden, second, self.hidden, OUT);
        HeadPass { inputs, hidden, out }
    }

    /// What comes out for questions whose first `width` inputs so many of them, one after the
    /// other, have in `common`; the others each has of its `own`.
    pub fn answer(
        &self,
        weights: &[f32],
        (common, width): (&[f32], usize),
        own: &[f32],
        asked: usize,
    ) -> Vec<f32> {
        let [first, first_bias, second, second_bias] = self.parts(weights);
        let rows = common.len() / width;
        let (of_common, of_own) = first.split_at(width * self.hidden);
        let mut begun = vec![0.0; rows * self.hidden];
        add_row(&mut begun, first_bias);
        add_product(&mut begun, common, of_common, width, self.hidden);
        let mut hidden = Vec::with_capacity(rows * asked * self.hidden);
        for begun in begun.chunks_exact(self.hidden) {
            (0..asked).for_each(|_| hidden.extend_from_slice(begun));
        }
        add_product(&mut hidden, own, of_own, self.inputs - width, self.hidden);
        hidden.iter_mut().for_each(|unit| *unit = unit.max(0.0));
        let mut out = vec![0.0; rows * asked * OUT];
        add_row(&mut out, second_bias);
        add_product(&mut out, &hidden, second, self.hidden, OUT);
        out
    }

    /// Adds the slopes of the weights, given those of what came out; gives those of the first
    /// `wanted` inputs, row after row.
    pub fn backward(
        &self,
        weights: &[f32],
        pass: &HeadPass,
        of_out: &[f32],
        wanted: usize,
        slopes: &mut [f32],
    ) -> Vec<f32> {
        let [first, _, second, _] = self.parts(weights);
        let (of_first, rest) = slopes.split_at_mut(self.inputs * self.hidden);
        let (of_first_bias, rest) = rest.split_at_mut(self.hidden);
        let (of_second, of_second_bias) = rest.split_at_mut(self.hidden * OUT);
        add_turned_product(of_second, &pass.hidden, of_out, self.hidden, OUT);
        add_rows_up(of_second_bias, of_out);
        let mut of_hidden = vec![0.0; pass.hidden.len()];
        add_product(&mut of_hidden, of_out, &turned(second, self.hidden, OUT), OUT, self.hidden);
        for (of_hidden, hidden) in of_hidden.iter_mut().zip(&pass.hidden) {
            if *hidden <= 0.0 {
                *of_hidden = 0.0;
            }
        }
        add_turned_product(of_first, &pass.inputs, &of_hidden, self.inputs, self.hidden);
        add_rows_up(of_first_bias, &of_hidden);
        let mut of_inputs = vec![0.0; of_hidden.len() / self.hidden * wanted];
        let back = turned(&first[..wanted * self.hidden], wanted, self.hidden);
        add_product(&mut of_inputs, &of_hidden, &back, self.hidden, wanted);
        of_inputs
    }
}
