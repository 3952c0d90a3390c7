//! Linear regression with a little shrinkage, which keeps it solvable whatever the columns.

/// The coefficients of the columns of `rows` that give `targets` with the least squares, each
/// shrunk towards zero by `shrink` (which must be positive).
pub fn solve(rows: &[Vec<f64>], targets: &[f64], shrink: &[f64]) -> Vec<f64> {
    let width = shrink.len();
    let mut square = vec![vec![0.0; width]; width];
    let mut right = vec![0.0; width];
    for (row, target) in rows.iter().zip(targets) {
        for i in 0..width {
            right[i] += row[i] * target;
            for j in 0..=i {
                square[i][j] += row[i] * row[j];
            }
        }
    }
    for i in 0..width {
        square[i][i] += shrink[i];
    }
    solve_sums(square, right)
}

/// The solution of the sums of products of columns with each other (`square`, of which the
/// lower half counts) and with the targets (`right`).
pub fn solve_sums(mut square: Vec<Vec<f64>>, mut right: Vec<f64>) -> Vec<f64> {
    let width = right.len();
    cholesky(&mut square);
    for i in 0..width {
        let known: f64 = (0..i).map(|j| square[i][j] * right[j]).sum();
        right[i] = (right[i] - known) / square[i][i];
    }
    for i in (0..width).rev() {
        let known: f64 = (i + 1..width).map(|j| square[j][i] * right[j]).sum();
        right[i] = (right[i] - known) / square[i][i];
    }
    right
}

/// The lower factor of a symmetric matrix, in its place.
fn cholesky(square: &mut [Vec<f64>]) {
    for i in 0..square.len() {
        for j in 0..=i {
            let known: f64 = (0..j).map(|k| square[i][k] * square[j][k]).sum();
            let rest = square[i][j] - known;
            square[i][j] = if i == j { rest.max(1e-12).sqrt() } else { rest / square[j][j] };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_found_even_beside_a_useless_column() {
        let rows: Vec<Vec<f64>> = (0..20).map(|x| vec![1.0, f64::from(x), f64::from(x)]).collect();
        let targets: Vec<f64> = (0..20).map(|x| 3.0 + 2.0 * f64::from(x)).collect();
        let found = solve(&rows, &targets, &[1e-6; 3]);
        assert!(
            (found[0] - 3.0).abs() < 1e-3 && (found[1] + found[2] - 2.0).abs() < 1e-3,
            "{found:?}"
        );
    }
}
