//! Functions of vectors against double precision.

use pulp::{Arch, Scalar, Simd, WithSimd};

use super::{
    super::lanes::{Elementwise, each},
    *,
};

#[derive(Clone, Copy, Debug)]
enum Function {
    Exp,
    Tanh,
    Erf,
    Sigmoid,
}

const ALL: [Function; 4] = [Function::Exp, Function::Tanh, Function::Erf, Function::Sigmoid];

impl Function {
    fn exact(self, x: f64) -> f64 {
        match self {
            Self::Exp => x.exp(),
            Self::Tanh => x.tanh(),
            Self::Erf => libm::erf(x),
            Self::Sigmoid if x < 0.0 => x.exp() / (1.0 + x.exp()),
            Self::Sigmoid => 1.0 / (1.0 + (-x).exp()),
        }
    }

    /// Units in the last place, with FMA and without.
    fn bounds(self) -> [f64; 2] {
        match self {
            Self::Exp => [1.02, 1.02],
            Self::Tanh => [2.61, 2.67],
            Self::Erf => [1.21, 1.39],
            Self::Sigmoid => [2.41, 2.41],
        }
    }
}

impl Elementwise<1, 1, 0> for Function {
    #[inline(always)]
    fn at<S: Simd>(self, simd: S, [x]: [S::f32s; 1], _: [S::f32s; 1]) -> ([S::f32s; 1], [S::f32s; 0]) {
        let y = match self {
            Self::Exp => exp(simd, x),
            Self::Tanh => tanh(simd, x),
            Self::Erf => erf(simd, x),
            Self::Sigmoid => sigmoid(simd, x),
        };
        ([y], [])
    }
}

struct Values<'a>(Function, &'a [f32]);

impl WithSimd for Values<'_> {
    type Output = Vec<f32>;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> Vec<f32> {
        let mut y = vec![0.0; self.1.len()];
        let [] = each(simd, self.0, [self.1], [&mut y]);
        y
    }
}

/// Distance from the exact value in its own units in the last place.
fn ulps(got: f32, exact: f64) -> f64 {
    let nearest = exact as f32;
    if got == nearest || (got.is_nan() && nearest.is_nan()) {
        // An infinite result is right when the exact one rounds to infinity.
        return if nearest.is_finite() { (f64::from(got) - exact).abs() / unit(exact) } else { 0.0 };
    }
    if got.is_infinite() {
        // Infinity stands for the first number that is too large.
        return (2.0_f64.powi(128).copysign(f64::from(got)) - exact).abs() / unit(exact);
    }
    (f64::from(got) - exact).abs() / unit(exact)
}

fn unit(exact: f64) -> f64 {
    let exponent = (exact.abs().to_bits() >> 52) as i32 - 1023;
    2.0_f64.powi(exponent.clamp(-126, 127) - 23)
}

/// With the best instructions of this machine, and with the scalar fallback.
fn computed(function: Function, x: &[f32]) -> [Vec<f32>; 2] {
    [Arch::new().dispatch(Values(function, x)), Values(function, x).with_simd(Scalar)]
}

/// Every `step`-th of all numbers: the worst errors of both, and where they are.
fn worst(function: Function, step: usize) -> [(f64, f32); 2] {
    let mut worst = [(0.0, 0.0); 2];
    let mut numbers = (0..=u32::MAX).step_by(step).map(f32::from_bits).peekable();
    while numbers.peek().is_some() {
        let x = numbers.by_ref().take(1 << 16).collect::<Vec<_>>();
        let exact = x.iter().map(|&x| function.exact(f64::from(x))).collect::<Vec<_>>();
        for (worst, values) in worst.iter_mut().zip(computed(function, &x)) {
            for ((&x, value), &exact) in x.iter().zip(values).zip(&exact) {
                let error = ulps(value, exact);
                // Not a maximum, since NaN must show.
                if error > worst.0 || error.is_nan() {
                    *worst = (error, x);
                }
            }
        }
    }
    worst
}

#[test]
fn errors_stay_below_the_bounds_of_the_docs() {
    for function in ALL {
        // Coprime to powers of two, so that all kinds of fractions occur; a step of 1 measures the bounds themselves.
        for (worst, bound) in worst(function, 10_007).into_iter().zip(function.bounds()) {
            assert!(worst.0 <= bound, "{function:?} is {} units off at {}, bound {bound}", worst.0, worst.1);
        }
    }
}

#[test]
fn special_numbers_give_exact_results() {
    let (infinity, tiny, nan) = (f32::INFINITY, f32::from_bits(1), f32::NAN);
    let cases = [
        (Function::Exp, vec![0.0, -0.0, infinity, -infinity, nan, tiny, 88.8, -104.0, 1e30, -1e30, f32::MIN]),
        (Function::Exp, vec![88.72, -87.4, -103.9, f32::MAX, f32::MIN_POSITIVE]),
        (
            Function::Tanh,
            vec![0.0, -0.0, infinity, -infinity, nan, tiny, -tiny, 9.1, -9.1, f32::MAX, f32::MIN],
        ),
        (Function::Erf, vec![0.0, -0.0, infinity, -infinity, nan, 4.0, -4.0, 1e10, f32::MAX, f32::MIN]),
        (
            Function::Sigmoid,
            vec![0.0, -0.0, infinity, -infinity, nan, tiny, 20.0, -104.0, f32::MAX, f32::MIN],
        ),
    ];
    for (function, x) in cases {
        for values in computed(function, &x) {
            for (&x, value) in x.iter().zip(values) {
                let exact = function.exact(f64::from(x)) as f32;
                let same = value == exact && value.is_sign_negative() == exact.is_sign_negative();
                let near = exact != 0.0 && exact.is_finite() && ulps(value, f64::from(exact)) <= 1.0;
                assert!(
                    same || near || (value.is_nan() && exact.is_nan()),
                    "{function:?} {x}: {value}, not {exact}"
                );
            }
        }
    }
}
