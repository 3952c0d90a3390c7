//! Products of matrices and the curves of neurons, in plain arithmetic.
//!
//! Sums run in one fixed order and the curves are made of products, not of a library's
//! exponential, so that a network says the same on every machine. Loops run along rows, which
//! is what compilers turn into vector code.

use swell_wide::work::{Work, widely};

/// Columns of a product that are summed at a time, in registers; twice as many in wide ones.
const TILE: usize = 32;

/// `out += left * right`, row by row: `left` has `inner` columns, `right` has `width`.
pub fn add_product(out: &mut [f32], left: &[f32], right: &[f32], inner: usize, width: usize) {
    widely(Product { out, left, right, inner, width });
}

struct Product<'m> {
    out: &'m mut [f32],
    left: &'m [f32],
    right: &'m [f32],
    inner: usize,
    width: usize,
}

impl Work for Product<'_> {
    type Out = ();

    #[inline(always)]
    fn run<const WIDE: bool>(self) {
        let Self { out, left, right, inner, width } = self;
        for (out, left) in out.chunks_exact_mut(width).zip(left.chunks_exact(inner)) {
            add_factored::<WIDE, _>(out, || left.iter(), right);
        }
    }
}

/// Adds rows of `right`, each times its factor, to `out`, which is as wide as they are.
#[inline(always)]
fn add_factored<'f, const WIDE: bool, F: Iterator<Item = &'f f32>>(
    out: &mut [f32],
    factors: impl Fn() -> F,
    right: &[f32],
) {
    let width = out.len();
    let mut first = 0;
    if WIDE {
        while let Some((out, _)) = out[first..].split_first_chunk_mut::<{ 2 * TILE }>() {
            add_tile(out, factors(), &right[first..], width);
            first += 2 * TILE;
        }
    }
    while let Some((out, _)) = out[first..].split_first_chunk_mut::<TILE>() {
        add_tile(out, factors(), &right[first..], width);
        first += TILE;
    }
    while let Some((out, _)) = out[first..].split_first_chunk_mut::<3>() {
        add_tile(out, factors(), &right[first..], width);
        first += 3;
    }
    while let Some((out, _)) = out[first..].split_first_chunk_mut::<1>() {
        add_tile(out, factors(), &right[first..], width);
        first += 1;
    }
}

/// Some columns of one row of a product; `right` begins with them.
#[inline(always)]
fn add_tile<'f, const N: usize>(
    out: &mut [f32; N],
    factors: impl Iterator<Item = &'f f32>,
    right: &[f32],
    width: usize,
) {
    let mut sums = *out;
    for (factor, right) in factors.zip(right.chunks(width)) {
        for (sum, value) in sums.iter_mut().zip(&right[..N]) {
            *sum += factor * value;
        }
    }
    *out = sums;
}

/// `out += left` turned about its diagonal, times `right`: the slopes of weights.
pub fn add_turned_product(
    out: &mut [f32],
    left: &[f32],
    right: &[f32],
    inner: usize,
    width: usize,
) {
    widely(TurnedProduct(Product { out, left, right, inner, width }));
}

struct TurnedProduct<'m>(Product<'m>);

impl Work for TurnedProduct<'_> {
    type Out = ();

    #[inline(always)]
    fn run<const WIDE: bool>(self) {
        let Product { out, left, right, inner, width } = self.0;
        for (column, out) in out.chunks_exact_mut(width).enumerate() {
            add_factored::<WIDE, _>(out, || left.iter().skip(column).step_by(inner), right);
        }
    }
}

/// `weights` turned about its diagonal: `inner` rows of `width` become `width` of `inner`.
pub fn turned(weights: &[f32], inner: usize, width: usize) -> Vec<f32> {
    let mut out = vec![0.0; weights.len()];
    for row in 0..inner {
        for column in 0..width {
            out[column * inner + row] = weights[row * width + column];
        }
    }
    out
}

/// Adds one row to all rows.
pub fn add_row(out: &mut [f32], row: &[f32]) {
    for out in out.chunks_exact_mut(row.len()) {
        for (out, value) in out.iter_mut().zip(row) {
            *out += value;
        }
    }
}

/// Adds all rows up.
pub fn add_rows_up(out: &mut [f32], rows: &[f32]) {
    for row in rows.chunks_exact(out.len()) {
        for (out, value) in out.iter_mut().zip(row) {
            *out += value;
        }
    }
}

/// Added to a number of little size and taken away again, it leaves the nearest whole one, and
/// in between that one stands in the lowest bits.
const ROUNDING: f32 = 12_582_912.0;

/// The exponential, to six digits; without a branch, so that many are worked out at a time.
#[inline(always)]
pub fn exponential(value: f32) -> f32 {
    let scaled = (value * std::f32::consts::LOG2_E).clamp(-126.0, 126.0);
    let shifted = scaled + ROUNDING;
    let part = (scaled - (shifted - ROUNDING)) * std::f32::consts::LN_2;
    let series = 1.0
        + part
            * (1.0
                + part * (0.5 + part * (1.0 / 6.0 + part * (1.0 / 24.0 + part * (1.0 / 120.0)))));
    f32::from_bits(shifted.to_bits().wrapping_add(127) << 23) * series
}

/// The natural logarithm of a number that is at least one, to seven digits; without a branch (the
/// polynomial is that of the Cephes library, Moshier, 1989).
#[inline(always)]
pub fn logarithm(value: f32) -> f32 {
    const TERMS: [f32; 9] = [
        7.037_683_6e-2,
        -1.151_461e-1,
        1.167_699_9e-1,
        -1.242_014_1e-1,
        1.424_932_3e-1,
        -1.666_805_8e-1,
        2.000_071_5e-1,
        -2.499_999_4e-1,
        3.333_333e-1,
    ];
    // The root of a half: what is left lies as far below one as above it.
    const HALF: u32 = 0x3f35_04f3;
    let bits = value.to_bits();
    let exponent = bits.wrapping_sub(HALF).cast_signed() >> 23;
    let part = f32::from_bits(bits.wrapping_sub((exponent << 23).cast_unsigned())) - 1.0;
    let (exponent, square) = (exponent as f32, part * part);
    let series = TERMS.iter().fold(0.0, |sum, term| sum * part + term) * part * square;
    part + (series - 2.121_944_4e-4 * exponent - 0.5 * square) + 0.693_359_4 * exponent
}

/// From 0 to 1, steepest at zero.
#[inline(always)]
pub fn sigmoid(value: f32) -> f32 {
    1.0 / (1.0 + exponential(-value))
}

/// From -1 to 1, steepest at zero.
#[inline(always)]
pub fn tanh(value: f32) -> f32 {
    1.0 - 2.0 / (1.0 + exponential(2.0 * value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn curves_are_the_textbooks() {
        for step in -200..=200 {
            let x = step as f32 / 10.0;
            assert!((exponential(x) / x.exp() - 1.0).abs() < 3e-5, "e^{x}");
            assert!((tanh(x) - x.tanh()).abs() < 3e-5, "tanh {x}");
        }
        for step in 0..4000 {
            let x = 1.0 + (step as f32 / 100.0).exp() * step as f32 / 4000.0;
            assert!((logarithm(x) - x.ln()).abs() <= 3e-7 * x.ln(), "ln {x}");
        }
        assert!(exponential(-1e9) >= 0.0 && exponential(1e9).is_finite());
        assert_eq!((sigmoid(1e9), tanh(-1e9)), (1.0, -1.0));
    }

    #[test]
    fn products_are_sums_of_products() {
        let (a, b) = ([1.0, 2.0, 3.0, 4.0, 5.0, 6.0], [1.0, 0.0, 2.0, 1.0, 0.0, 3.0]);
        let mut out = [1.0; 4];
        add_product(&mut out, &a, &b, 3, 2);
        assert_eq!(out, [6.0, 12.0, 15.0, 24.0]);
        let mixed = |len: usize| -> Vec<f32> {
            (0..len).map(|at| (at * 7919 % 1009) as f32 / 300.0 - 1.7).collect()
        };
        // Widths that are cut into tiles in all ways.
        for width in [1, 3, 31, 64, 100, 167] {
            let (left, right) = (mixed(5 * 7), mixed(7 * width));
            let sums = |is_wide: bool| {
                let mut out = mixed(5 * width);
                let product =
                    Product { out: &mut out, left: &left, right: &right, inner: 7, width };
                if is_wide {
                    widely(product)
                } else {
                    product.run::<false>()
                }
                out.into_iter().map(f32::to_bits).collect::<Vec<_>>()
            };
            assert_eq!(sums(true), sums(false), "{width}");
        }
        // The slopes of weights are sums over rows, whatever the width is cut into.
        for width in [1, 3, 31, 64, 100, 167] {
            let (left, right) = (mixed(9 * 5), mixed(9 * width));
            let mut out = vec![0.5; 5 * width];
            add_turned_product(&mut out, &left, &right, 5, width);
            for (place, out) in out.iter().enumerate() {
                let (column, of_right) = (place / width, place % width);
                let product = |row: usize| left[row * 5 + column] * right[row * width + of_right];
                assert_eq!(*out, (0..9).fold(0.5, |sum, row| sum + product(row)), "{width}");
            }
        }
        let mut out = [0.0; 6];
        add_turned_product(&mut out, &a, &[1.0, 0.0, 0.0, 1.0], 3, 2);
        assert_eq!(out, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert_eq!(turned(&a, 2, 3), [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
    }
}
