//! How slices become vectors and threads: the loops that all element-wise kernels share.
//!
//! Work is cut into tasks of fixed size, and nothing is summed across tasks, so that results depend neither on the
//! number of threads nor on how many rows are computed together.

use pulp::{Arch, Simd, WithSimd};

/// Numbers that one thread treats before a second one is worth waking.
pub(crate) const TASK: usize = 32_768;

/// An operation on numbers that stand at the same place of several slices, and sums over the places.
pub(crate) trait Elementwise<const INPUTS: usize, const OUTPUTS: usize, const SUMS: usize>:
    Copy + Send + Sync
{
    /// The new values of the outputs, and what is added to each sum.
    ///
    /// Slices that do not fill the last vector are filled up with zeros: there the summands must be zero too.
    fn at<S: Simd>(
        self,
        simd: S,
        inputs: [S::f32s; INPUTS],
        outputs: [S::f32s; OUTPUTS],
    ) -> ([S::f32s; OUTPUTS], [S::f32s; SUMS]);
}

/// A kernel over pieces, such as rows or frames, that do not depend on each other.
pub(crate) trait Pieces<const OUTPUTS: usize>: Sync {
    /// What is known after a piece, such as its share of a loss.
    type Found: Clone + Default + Send;

    /// `outputs` are those of this piece alone.
    fn piece<S: Simd>(&self, simd: S, piece_idx: usize, outputs: [&mut [f32]; OUTPUTS]) -> Self::Found;
}

/// Runs the operation over slices of equal length and gives the sums.
///
/// Loops instead of `map`: a closure over vectors that is not inlined loses the instructions of `S`.
#[inline(always)]
pub(crate) fn each<S: Simd, Op, const INPUTS: usize, const OUTPUTS: usize, const SUMS: usize>(
    simd: S,
    op: Op,
    inputs: [&[f32]; INPUTS],
    outputs: [&mut [f32]; OUTPUTS],
) -> [f32; SUMS]
where
    Op: Elementwise<INPUTS, OUTPUTS, SUMS>,
{
    let length = common_length(&inputs, &outputs);
    let vectors = length / S::F32_LANES;
    let zero = simd.splat_f32s(0.0);
    let mut heads: [&[S::f32s]; INPUTS] = [&[]; INPUTS];
    let mut tail = [zero; INPUTS];
    for ((input, head), tail) in inputs.iter().zip(&mut heads).zip(&mut tail) {
        let (all, rest) = S::as_simd_f32s(&input[..length]);
        (*head, *tail) = (&all[..vectors], simd.partial_load_f32s(rest));
    }
    let mut heads_out: [&mut [S::f32s]; OUTPUTS] = std::array::from_fn(|_| Default::default());
    let mut tails_out: [&mut [f32]; OUTPUTS] = std::array::from_fn(|_| Default::default());
    for ((output, head), tail) in outputs.into_iter().zip(&mut heads_out).zip(&mut tails_out) {
        let (all, rest) = S::as_mut_simd_f32s(&mut output[..length]);
        (*head, *tail) = (&mut all[..vectors], rest);
    }
    // Two sets of sums, since an addition takes longer than the loads around it.
    let mut sums = [[zero; SUMS]; 2];
    let mut idx = 0;
    while idx + 1 < vectors {
        one(simd, op, &heads, &mut heads_out, idx, &mut sums[0]);
        one(simd, op, &heads, &mut heads_out, idx + 1, &mut sums[1]);
        idx += 2;
    }
    if idx < vectors {
        one(simd, op, &heads, &mut heads_out, idx, &mut sums[0]);
    }
    if !length.is_multiple_of(S::F32_LANES) {
        let mut before = [zero; OUTPUTS];
        for (value, tail) in before.iter_mut().zip(&tails_out) {
            *value = simd.partial_load_f32s(tail);
        }
        let (after, summands) = op.at(simd, tail, before);
        for (tail, value) in tails_out.iter_mut().zip(after) {
            simd.partial_store_f32s(tail, value);
        }
        add(simd, &mut sums[1], summands);
    }
    let [mut first, second] = sums;
    add(simd, &mut first, second);
    let mut reduced = [0.0; SUMS];
    for (reduced, sum) in reduced.iter_mut().zip(first) {
        *reduced = simd.reduce_sum_f32s(sum);
    }
    reduced
}

#[inline(always)]
fn one<S: Simd, Op, const INPUTS: usize, const OUTPUTS: usize, const SUMS: usize>(
    simd: S,
    op: Op,
    inputs: &[&[S::f32s]; INPUTS],
    outputs: &mut [&mut [S::f32s]; OUTPUTS],
    idx: usize,
    sums: &mut [S::f32s; SUMS],
) where
    Op: Elementwise<INPUTS, OUTPUTS, SUMS>,
{
    let zero = simd.splat_f32s(0.0);
    let mut values = [zero; INPUTS];
    for (value, input) in values.iter_mut().zip(inputs) {
        *value = input[idx];
    }
    let mut before = [zero; OUTPUTS];
    for (value, output) in before.iter_mut().zip(outputs.iter()) {
        *value = output[idx];
    }
    let (after, summands) = op.at(simd, values, before);
    for (output, value) in outputs.iter_mut().zip(after) {
        output[idx] = value;
    }
    add(simd, sums, summands);
}

#[inline(always)]
fn add<S: Simd, const SUMS: usize>(simd: S, sums: &mut [S::f32s; SUMS], summands: [S::f32s; SUMS]) {
    for (sum, summand) in sums.iter_mut().zip(summands) {
        *sum = simd.add_f32s(*sum, summand);
    }
}

#[inline(always)]
fn common_length<const INPUTS: usize, const OUTPUTS: usize>(
    inputs: &[&[f32]; INPUTS],
    outputs: &[&mut [f32]; OUTPUTS],
) -> usize {
    let mut lengths = inputs.iter().map(|input| input.len()).chain(outputs.iter().map(|output| output.len()));
    let length = lengths.next().unwrap_or(0);
    lengths.for_each(|other| assert_eq!(other, length, "slices differ in length"));
    length
}

/// [`each`] for one thread, with the best instructions of this machine.
pub(crate) fn on_one_thread<Op, const INPUTS: usize, const OUTPUTS: usize, const SUMS: usize>(
    op: Op,
    inputs: [&[f32]; INPUTS],
    outputs: [&mut [f32]; OUTPUTS],
) -> [f32; SUMS]
where
    Op: Elementwise<INPUTS, OUTPUTS, SUMS>,
{
    Arch::new().dispatch(Each { op, inputs, outputs })
}

struct Each<'a, Op, const INPUTS: usize, const OUTPUTS: usize, const SUMS: usize> {
    op: Op,
    inputs: [&'a [f32]; INPUTS],
    outputs: [&'a mut [f32]; OUTPUTS],
}

impl<Op, const INPUTS: usize, const OUTPUTS: usize, const SUMS: usize> WithSimd
    for Each<'_, Op, INPUTS, OUTPUTS, SUMS>
where
    Op: Elementwise<INPUTS, OUTPUTS, SUMS>,
{
    type Output = [f32; SUMS];

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> [f32; SUMS] {
        each(simd, self.op, self.inputs, self.outputs)
    }
}

/// [`each`] on several threads, for operations without sums.
pub(crate) fn on_threads<Op, const INPUTS: usize, const OUTPUTS: usize>(
    op: Op,
    inputs: [&[f32]; INPUTS],
    mut outputs: [&mut [f32]; OUTPUTS],
) where
    Op: Elementwise<INPUTS, OUTPUTS, 0>,
{
    let length = common_length(&inputs, &outputs);
    if length <= TASK {
        let [] = on_one_thread(op, inputs, outputs);
        return;
    }
    let middle = (length / 2).next_multiple_of(TASK);
    let first = inputs.map(|input| &input[..middle]);
    let first_outputs = split_off(&mut outputs, [middle; OUTPUTS]);
    let second = inputs.map(|input| &input[middle..]);
    rayon::join(|| on_threads(op, first, first_outputs), || on_threads(op, second, outputs));
}

/// The first numbers of each slice, which keeps the others.
#[inline(always)]
fn split_off<'a, const OUTPUTS: usize>(
    outputs: &mut [&'a mut [f32]; OUTPUTS],
    lengths: [usize; OUTPUTS],
) -> [&'a mut [f32]; OUTPUTS] {
    let mut firsts: [&mut [f32]; OUTPUTS] = std::array::from_fn(|_| Default::default());
    for ((output, length), first) in outputs.iter_mut().zip(lengths).zip(&mut firsts) {
        (*first, *output) = std::mem::take(output).split_at_mut(length);
    }
    firsts
}

/// Runs a kernel over all pieces, on several threads, and gives what was found, in the order of the pieces.
///
/// A piece has `lengths` numbers of each output and is as much work as `work` numbers are.
pub(crate) fn in_pieces<K: Pieces<OUTPUTS>, const OUTPUTS: usize>(
    kernel: &K,
    work: usize,
    pieces: usize,
    lengths: [usize; OUTPUTS],
    outputs: [&mut [f32]; OUTPUTS],
) -> Vec<K::Found> {
    for (output, length) in outputs.iter().zip(lengths) {
        assert_eq!(output.len(), pieces * length, "{pieces} pieces of {length} numbers");
    }
    let mut found = vec![K::Found::default(); pieces];
    let task = (TASK / work.max(1)).max(1);
    split(Task { kernel, from: 0, task, lengths, outputs, found: &mut found });
    found
}

/// [`in_pieces`] on this thread alone, without an allocation, for pieces of which nothing is to be known.
pub(crate) fn in_pieces_here<K: Pieces<OUTPUTS, Found = ()>, const OUTPUTS: usize>(
    kernel: &K,
    pieces: usize,
    lengths: [usize; OUTPUTS],
    outputs: [&mut [f32]; OUTPUTS],
) {
    for (output, length) in outputs.iter().zip(lengths) {
        assert_eq!(output.len(), pieces * length, "{pieces} pieces of {length} numbers");
    }
    // Nothing takes no memory, however often.
    let found = &mut vec![(); pieces][..];
    Arch::new().dispatch(Task { kernel, from: 0, task: pieces, lengths, outputs, found });
}

struct Task<'a, K: Pieces<OUTPUTS>, const OUTPUTS: usize> {
    kernel: &'a K,
    /// Index of the first piece.
    from: usize,
    /// Pieces that are not split further.
    task: usize,
    lengths: [usize; OUTPUTS],
    outputs: [&'a mut [f32]; OUTPUTS],
    found: &'a mut [K::Found],
}

fn split<K: Pieces<OUTPUTS>, const OUTPUTS: usize>(mut task: Task<'_, K, OUTPUTS>) {
    let pieces = task.found.len();
    if pieces <= task.task {
        Arch::new().dispatch(task);
        return;
    }
    let middle = (pieces / 2).next_multiple_of(task.task);
    let outputs = split_off(&mut task.outputs, task.lengths.map(|length| middle * length));
    let (found, others) = task.found.split_at_mut(middle);
    let first = Task { outputs, found, ..task };
    let second = Task { from: task.from + middle, outputs: task.outputs, found: others, ..task };
    rayon::join(|| split(first), || split(second));
}

impl<K: Pieces<OUTPUTS>, const OUTPUTS: usize> WithSimd for Task<'_, K, OUTPUTS> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(mut self, simd: S) {
        for (idx, found) in self.found.iter_mut().enumerate() {
            let outputs = split_off(&mut self.outputs, self.lengths);
            *found = self.kernel.piece(simd, self.from + idx, outputs);
        }
    }
}

#[cfg(test)]
mod tests;
