//! What matrix products are made of: single numbers, or pairs of bf16 where the processor multiplies those.
//!
//! AVX-512 BF16 takes two neighbouring steps of `k` at once, rounds each number to eight bits of mantissa and adds
//! in single precision: twice the products a second for a relative error of at most 2^-8 a factor.

use pulp::{Arch, Simd, WithSimd};

/// An element of an operand, as wide as an `f32`; `k` counts elements.
pub trait Element: Copy + Default + Send + Sync + 'static {
    /// Numbers that it holds.
    const NUMBERS: usize;

    /// The element of these numbers, given by their place in it.
    fn joined(number: impl Fn(usize) -> f32) -> Self;

    /// Whole elements of `numbers`: as they lie, or rounded into the beginning of `room`.
    fn of<'a>(numbers: &'a [f32], room: &'a mut [Self]) -> &'a [Self];

    /// Elements that are numbers as such.
    fn as_numbers(elements: &mut [Self]) -> Option<&mut [f32]>;

    /// Whole elements of `numbers`, in a loop that becomes vectors of those around it.
    fn round(numbers: &[f32], elements: &mut [Self]);

    /// Runs `work` with the widest vectors that this element's products can use.
    fn dispatch<W: WithSimd>(work: W) -> W::Output;

    /// The same bits, to be moved through vectors of numbers.
    fn bits(self) -> f32;

    /// `sum` + `left` x `right`, both given by their bits.
    fn add_product<S: Simd>(simd: S, sum: S::f32s, left: S::f32s, right: S::f32s) -> S::f32s;
}

impl Element for f32 {
    const NUMBERS: usize = 1;

    #[inline(always)]
    fn joined(number: impl Fn(usize) -> f32) -> Self {
        number(0)
    }

    #[inline(always)]
    fn of<'a>(numbers: &'a [f32], _room: &'a mut [f32]) -> &'a [f32] {
        numbers
    }

    #[inline(always)]
    fn as_numbers(elements: &mut [f32]) -> Option<&mut [f32]> {
        Some(elements)
    }

    #[inline(always)]
    fn round(numbers: &[f32], elements: &mut [f32]) {
        elements.copy_from_slice(numbers);
    }

    fn dispatch<W: WithSimd>(work: W) -> W::Output {
        Arch::new().dispatch(work)
    }

    #[inline(always)]
    fn bits(self) -> f32 {
        self
    }

    #[inline(always)]
    fn add_product<S: Simd>(simd: S, sum: S::f32s, left: S::f32s, right: S::f32s) -> S::f32s {
        simd.mul_add_f32s(left, right, sum)
    }
}

/// Two neighbouring numbers in bf16, the first in the lower half.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(transparent)]
pub struct Pair(u32);

impl Pair {
    /// Whether this processor multiplies pairs.
    #[must_use]
    pub fn is_supported() -> bool {
        #[cfg(target_arch = "x86_64")]
        return pulp::x86::V4::try_new().is_some() && std::arch::is_x86_feature_detected!("avx512bf16");
        #[cfg(not(target_arch = "x86_64"))]
        return false;
    }

    /// Rounds both to nearest, ties to even.
    #[inline(always)]
    #[must_use]
    pub fn new(first: f32, second: f32) -> Self {
        Self(u32::from(rounded(first)) | u32::from(rounded(second)) << 16)
    }

    /// The two numbers that it stands for.
    #[must_use]
    pub fn numbers(self) -> [f32; 2] {
        [f32::from_bits(self.0 << 16), f32::from_bits(self.0 & 0xffff_0000)]
    }
}

/// Rounds numbers to pairs: `numbers` `[2 * pair]`, an odd last one with a zero behind it.
pub fn to_pairs(numbers: &[f32], pairs: &mut [Pair]) {
    assert_eq!(numbers.len().div_ceil(2), pairs.len(), "pairs of {} numbers", numbers.len());
    // Any processor rounds; only products want more.
    Arch::new().dispatch(Rounding { numbers, pairs: &mut pairs[..numbers.len() / 2] });
    if let [last] = numbers.as_chunks::<2>().1 {
        pairs[numbers.len() / 2] = Pair::new(*last, 0.0);
    }
}

struct Rounding<'a> {
    numbers: &'a [f32],
    pairs: &'a mut [Pair],
}

impl WithSimd for Rounding<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, _simd: S) {
        Pair::round(self.numbers, self.pairs);
    }
}

/// The upper half of the nearest bf16, ties to even; NaN stays NaN.
#[inline(always)]
fn rounded(number: f32) -> u16 {
    let bits = number.to_bits();
    let nearest = bits.wrapping_add(0x7fff + (bits >> 16 & 1)) >> 16;
    if number.is_nan() { (bits >> 16 | 0x40) as u16 } else { nearest as u16 }
}

impl Element for Pair {
    const NUMBERS: usize = 2;

    #[inline(always)]
    fn joined(number: impl Fn(usize) -> f32) -> Self {
        Self::new(number(0), number(1))
    }

    fn of<'a>(numbers: &'a [f32], room: &'a mut [Self]) -> &'a [Self] {
        assert!(numbers.len().is_multiple_of(2), "{} numbers in pairs", numbers.len());
        let pairs = &mut room[..numbers.len() / 2];
        to_pairs(numbers, pairs);
        pairs
    }

    #[inline(always)]
    fn as_numbers(_elements: &mut [Self]) -> Option<&mut [f32]> {
        None
    }

    /// Plain integer arithmetic, which the compiler makes into vectors of whatever width there is.
    #[inline(always)]
    fn round(numbers: &[f32], pairs: &mut [Self]) {
        for (pair, &[first, second]) in pairs.iter_mut().zip(numbers.as_chunks::<2>().0) {
            *pair = Self::new(first, second);
        }
    }

    /// # Panics
    /// Where [`Pair::is_supported`] says no.
    fn dispatch<W: WithSimd>(work: W) -> W::Output {
        assert!(Self::is_supported(), "products of bf16 want AVX-512 BF16, which this processor lacks");
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the features were found a line above.
        return unsafe { x86::dispatch(work) };
        #[cfg(not(target_arch = "x86_64"))]
        unreachable!("no other processor is supported");
    }

    #[inline(always)]
    fn bits(self) -> f32 {
        f32::from_bits(self.0)
    }

    #[inline(always)]
    fn add_product<S: Simd>(_simd: S, sum: S::f32s, left: S::f32s, right: S::f32s) -> S::f32s {
        #[cfg(target_arch = "x86_64")]
        return x86::add_product::<S>(sum, left, right);
        #[cfg(not(target_arch = "x86_64"))]
        unreachable!("no processor but x86-64 multiplies pairs: {left:?} {right:?} {sum:?}");
    }
}

#[cfg(target_arch = "x86_64")]
mod x86 {
    use std::arch::x86_64::{__m512, __m512bh, _mm512_dpbf16_ps};

    use pulp::{Simd, WithSimd, x86::V4};

    /// # Safety
    /// The processor must have these features.
    #[target_feature(
        enable = "avx512f,avx512bw,avx512cd,avx512dq,avx512vl,avx512bf16,avx2,fma,bmi1,bmi2,lzcnt,popcnt"
    )]
    pub(super) unsafe fn dispatch<W: WithSimd>(work: W) -> W::Output {
        // SAFETY: the features of V4 are among those that the caller found.
        work.with_simd(unsafe { V4::new_unchecked() })
    }

    #[inline(always)]
    pub(super) fn add_product<S: Simd>(sum: S::f32s, left: S::f32s, right: S::f32s) -> S::f32s {
        assert!(size_of::<S::f32s>() == size_of::<__m512>(), "pairs are multiplied with 512 bits at a time");
        // SAFETY: both sides are 64 plain bytes, which the assertion (settled at compile time) says; the intrinsic is
        // reached through `dispatch` alone, which found the feature.
        unsafe {
            let sum = std::mem::transmute_copy::<S::f32s, __m512>(&sum);
            let left = std::mem::transmute_copy::<S::f32s, __m512bh>(&left);
            let right = std::mem::transmute_copy::<S::f32s, __m512bh>(&right);
            std::mem::transmute_copy::<__m512, S::f32s>(&_mm512_dpbf16_ps(sum, left, right))
        }
    }
}
