//! Exponential functions on vectors of any width, without tables.
//!
//! Coefficients are minimax fits (Remez, weighted by the relative error of the result) made for this file.
//! The bounds in the docs are the largest errors found over every float where the result is not constant, rounded up,
//! in units in the last place of the exact result; those in parentheses are of the scalar fallback, without FMA.

use pulp::Simd;

/// 1.5 * 2^23: a float of this size has no fraction, so adding it rounds to an integer in its low bits.
const ROUNDER: f32 = 12_582_912.0;
/// ln 2 in two parts. The first has so few bits that its product with an exponent is exact even without FMA.
const LN_2: [f32; 2] = [0.693_359_4, -2.121_944_4e-4];
/// (e^r - 1 - r) / r² for |r| <= ln 2 / 2, lowest power first.
const EXP: [f32; 5] = [0.499_999_94, 0.166_665_21, 0.041_668_39, 0.008_368_717, 0.001_381_459_9];
/// erf(x) / x - 1 in powers of x², for |x| <= [`ERF_SEAM`].
const ERF_SMALL: [f32; 6] =
    [0.128_379_15, -0.376_124_86, 0.112_817_21, -0.026_763_134, 0.004_988_008_6, -0.000_596_425];
/// (ln erfc(x) + x) / x in powers of x, from [`ERF_SEAM`] to 4.
const ERF_LARGE: [f32; 7] = [
    -0.128_652_89,
    -0.635_133_5,
    -0.106_266_33,
    0.023_787_402,
    -0.003_654_426_7,
    0.000_325_744_3,
    -1.152_482_1e-5,
];
const ERF_SEAM: f32 = 0.9277;

/// e^x, within 1.02 units (1.02). Overflows to infinity, underflows through the denormal numbers to 0; NaN stays NaN.
#[inline(always)]
pub fn exp<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let x = not_below(simd, -104.0, not_above(simd, 89.0, x));
    let Reduced { exponent, integer, rest } = reduce(simd, x);
    let power = simd.add_f32s(fraction(simd, rest), simd.splat_f32s(1.0));
    // 2^exponent itself may be too large or too small for a float, two factors of half the exponent are not.
    let half = simd.mul_add_e_f32s(exponent, simd.splat_f32s(0.5), simd.splat_f32s(ROUNDER));
    let half = simd.transmute_u32s_f32s(half);
    let other = simd.sub_u32s(integer, half);
    simd.mul_f32s(simd.mul_f32s(power, two_to(simd, half)), two_to(simd, other))
}

/// tanh x, within 2.61 units (2.67).
#[inline(always)]
pub fn tanh<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let double = simd.abs_f32s(simd.add_f32s(x, x));
    // e^2x - 1, kept exact near 0; from x = 9.02 on tanh is 1.
    let Reduced { integer, rest, .. } = reduce(simd, not_above(simd, 20.0, double));
    let scale = two_to(simd, integer);
    let less_one = simd.sub_f32s(scale, simd.splat_f32s(1.0));
    let growth = simd.mul_add_e_f32s(scale, fraction(simd, rest), less_one);
    let size = simd.div_f32s(growth, simd.add_f32s(growth, simd.splat_f32s(2.0)));
    with_sign_of(simd, size, x)
}

/// The error function, within 1.21 units (1.39).
#[inline(always)]
pub fn erf<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let size = simd.abs_f32s(x);
    let small = simd.mul_add_e_f32s(x, polynomial(simd, ERF_SMALL, simd.mul_f32s(x, x)), x);
    // erf is 1 from 3.92 on.
    let size = not_above(simd, 4.0, size);
    let exponent = simd.mul_add_e_f32s(size, polynomial(simd, ERF_LARGE, size), simd.neg_f32s(size));
    let Reduced { integer, rest, .. } = reduce(simd, exponent);
    let power = simd.add_f32s(fraction(simd, rest), simd.splat_f32s(1.0));
    let rest = simd.mul_f32s(power, two_to(simd, integer));
    let large = with_sign_of(simd, simd.sub_f32s(simd.splat_f32s(1.0), rest), x);
    simd.select_f32s(simd.greater_than_f32s(size, simd.splat_f32s(ERF_SEAM)), large, small)
}

/// 1 / (1 + e^-x), within 2.41 units (2.41), also where it is tiny.
#[inline(always)]
pub fn sigmoid<S: Simd>(simd: S, x: S::f32s) -> S::f32s {
    let one = simd.splat_f32s(1.0);
    let power = exp(simd, simd.neg_f32s(simd.abs_f32s(x)));
    let negative = simd.less_than_f32s(x, simd.splat_f32s(0.0));
    simd.div_f32s(simd.select_f32s(negative, power, one), simd.add_f32s(one, power))
}

/// x = exponent * ln 2 + rest.
struct Reduced<S: Simd> {
    exponent: S::f32s,
    /// The exponent in the low bits, below the bits of [`ROUNDER`].
    integer: S::u32s,
    /// At most ln 2 / 2 in size.
    rest: S::f32s,
}

#[inline(always)]
fn reduce<S: Simd>(simd: S, x: S::f32s) -> Reduced<S> {
    let rounder = simd.splat_f32s(ROUNDER);
    let shifted = simd.mul_add_e_f32s(x, simd.splat_f32s(std::f32::consts::LOG2_E), rounder);
    let exponent = simd.sub_f32s(shifted, rounder);
    let rest = simd.mul_add_e_f32s(exponent, simd.splat_f32s(-LN_2[0]), x);
    let rest = simd.mul_add_e_f32s(exponent, simd.splat_f32s(-LN_2[1]), rest);
    Reduced { exponent, integer: simd.transmute_u32s_f32s(shifted), rest }
}

/// e^rest - 1.
#[inline(always)]
fn fraction<S: Simd>(simd: S, rest: S::f32s) -> S::f32s {
    simd.mul_add_e_f32s(simd.mul_f32s(rest, rest), polynomial(simd, EXP, rest), rest)
}

/// 2 to the integer in the low bits, from -126 to 127; the bits of [`ROUNDER`] above are shifted out.
#[inline(always)]
fn two_to<S: Simd>(simd: S, integer: S::u32s) -> S::f32s {
    let exponent = simd.wrapping_dyn_shl_u32s(integer, simd.splat_u32s(23));
    simd.transmute_f32s_u32s(simd.add_u32s(exponent, simd.splat_u32s(1.0_f32.to_bits())))
}

/// Coefficients with the lowest power first.
#[inline(always)]
fn polynomial<S: Simd, const N: usize>(simd: S, coefficients: [f32; N], x: S::f32s) -> S::f32s {
    let mut sum = simd.splat_f32s(coefficients[N - 1]);
    for coefficient in coefficients[..N - 1].iter().rev() {
        sum = simd.mul_add_e_f32s(sum, x, simd.splat_f32s(*coefficient));
    }
    sum
}

/// `size` is not negative.
#[inline(always)]
fn with_sign_of<S: Simd>(simd: S, size: S::f32s, x: S::f32s) -> S::f32s {
    simd.or_f32s(size, simd.and_f32s(x, simd.splat_f32s(-0.0)))
}

/// The smaller one; unlike a minimum it keeps NaN on every machine.
#[inline(always)]
fn not_above<S: Simd>(simd: S, limit: f32, x: S::f32s) -> S::f32s {
    let limit = simd.splat_f32s(limit);
    simd.select_f32s(simd.greater_than_f32s(x, limit), limit, x)
}

#[inline(always)]
fn not_below<S: Simd>(simd: S, limit: f32, x: S::f32s) -> S::f32s {
    let limit = simd.splat_f32s(limit);
    simd.select_f32s(simd.less_than_f32s(x, limit), limit, x)
}

#[cfg(test)]
mod tests;
