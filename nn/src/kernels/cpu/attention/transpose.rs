//! Transposition of small padded matrices, four by four.

/// `into[column, row] = from[row, column]`, in whole blocks of four: what lies beyond `rows` and `columns` comes along.
///
/// `from` is `[row, from_stride]`, `into` `[column, into_stride]`, both padded.
#[inline(always)]
pub(crate) fn transpose(
    [rows, columns]: [usize; 2],
    from: &[f32],
    from_stride: usize,
    into: &mut [f32],
    into_stride: usize,
) {
    for row in (0..rows).step_by(4) {
        let (line_0, rest) = from[row * from_stride..][..4 * from_stride].split_at(from_stride);
        let (line_1, rest) = rest.split_at(from_stride);
        let (line_2, line_3) = rest.split_at(from_stride);
        let lines = line_0.as_chunks().0.iter().zip(line_1.as_chunks().0);
        let lines = lines.zip(line_2.as_chunks().0.iter().zip(line_3.as_chunks().0));
        let columns = into.chunks_exact_mut(4 * into_stride).take(columns.div_ceil(4));
        for (((block_0, block_1), (block_2, block_3)), into) in lines.zip(columns) {
            let turned = transpose_block([*block_0, *block_1, *block_2, *block_3]);
            for (into, turned) in into.chunks_exact_mut(into_stride).zip(turned) {
                into[row..row + 4].copy_from_slice(&turned);
            }
        }
    }
}

/// With the shuffles that every x86-64 has: the compiler makes sixteen loads and stores of the plain version.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
#[expect(unsafe_code, reason = "intrinsics need it")]
fn transpose_block(block: [[f32; 4]; 4]) -> [[f32; 4]; 4] {
    use std::arch::x86_64::{__m128, _mm_movehl_ps, _mm_movelh_ps, _mm_unpackhi_ps, _mm_unpacklo_ps};
    let [a, b, c, d] = block.map(pulp::cast::<[f32; 4], __m128>);
    // SAFETY: these are SSE instructions, which every x86-64 has.
    let turned = unsafe {
        let (low, high) = (_mm_unpacklo_ps(a, b), _mm_unpackhi_ps(a, b));
        let (low_below, high_below) = (_mm_unpacklo_ps(c, d), _mm_unpackhi_ps(c, d));
        [
            _mm_movelh_ps(low, low_below),
            _mm_movehl_ps(low_below, low),
            _mm_movelh_ps(high, high_below),
            _mm_movehl_ps(high_below, high),
        ]
    };
    turned.map(pulp::cast::<__m128, [f32; 4]>)
}

#[cfg(not(target_arch = "x86_64"))]
#[inline(always)]
fn transpose_block(block: [[f32; 4]; 4]) -> [[f32; 4]; 4] {
    std::array::from_fn(|column| std::array::from_fn(|row| block[row][column]))
}

#[cfg(test)]
mod tests {
    use super::super::padding::padded;
    use super::*;

    #[test]
    fn a_transposed_matrix_has_rows_for_columns() {
        for [rows, columns] in [[1, 1], [3, 6], [20, 32], [17, 5]] {
            let (from_stride, into_stride) = (padded(columns), padded(rows));
            let from = (0..into_stride * from_stride).map(|idx| idx as f32).collect::<Vec<_>>();
            let mut into = vec![0.0; from_stride * into_stride];
            transpose([rows, columns], &from, from_stride, &mut into, into_stride);
            for (row, column) in (0..rows).flat_map(|row| (0..columns).map(move |column| (row, column))) {
                assert_eq!(into[column * into_stride + row], from[row * from_stride + column]);
            }
        }
    }
}
