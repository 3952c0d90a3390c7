//! Steps of training, each weight at its own pace (Adam: Kingma and Ba, 2015).

/// Running means of the slopes and of their squares.
#[derive(Debug)]
pub struct Adam {
    means: Vec<f32>,
    squares: Vec<f32>,
    faded: (f32, f32),
}

const FADING: (f32, f32) = (0.9, 0.99);
/// No step follows slopes that are longer than this, taken together.
const LONGEST: f32 = 1.0;

impl Adam {
    /// For so many weights.
    pub fn new(weights: usize) -> Self {
        Self { means: vec![0.0; weights], squares: vec![0.0; weights], faded: (1.0, 1.0) }
    }

    /// Moves the weights against their slopes.
    pub fn step(&mut self, weights: &mut [f32], slopes: &[f32], rate: f32) {
        let length = slopes.iter().map(|slope| slope * slope).sum::<f32>().sqrt();
        if !length.is_finite() {
            return;
        }
        let shorten = if length > LONGEST { LONGEST / length } else { 1.0 };
        self.faded = (self.faded.0 * FADING.0, self.faded.1 * FADING.1);
        let (of_means, of_squares) = (1.0 / (1.0 - self.faded.0), 1.0 / (1.0 - self.faded.1));
        let running = self.means.iter_mut().zip(&mut self.squares);
        for ((weight, slope), (mean, square)) in weights.iter_mut().zip(slopes).zip(running) {
            let slope = slope * shorten;
            *mean += (1.0 - FADING.0) * (slope - *mean);
            *square += (1.0 - FADING.1) * (slope * slope - *square);
            *weight -= rate * *mean * of_means / ((*square * of_squares).sqrt() + 1e-8);
        }
    }
}
