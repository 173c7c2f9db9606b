//! The seam between burn and the kernels: one differentiable operation on slices becomes one node of a graph.
//!
//! burn's backend extension wants a trait with a method per operation. Ours has one per number of inputs, and the
//! operation is a value: what it computes, and its hand-written gradients, stand together in its own file.

use std::{fmt::Debug, sync::Arc};

use burn::{
    backend::{
        Autodiff, Backend, Dispatch, DispatchTensor, Flex,
        autodiff::{
            checkpoint::{base::Checkpointer, strategy::CheckpointStrategy},
            grads::Gradients,
            ops::{Backward, Ops, OpsKind},
        },
        backend_extension,
        tensor::FloatTensor,
    },
    tensor::{DType, Tensor},
};
use burn_flex::{FlexTensor, Layout};

use super::lent;

/// An input of an operation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct View<'a> {
    /// Row-major.
    pub(crate) numbers: &'a [f32],
    /// The sizes of the axes.
    pub(crate) dims: &'a [usize],
}

/// What an operation of `N` inputs computes, and how its gradient flows back.
pub(crate) trait Operation<const N: usize>: Debug + Send + Sync + 'static {
    /// The numbers of the answer and the sizes of its axes.
    fn forward(&self, inputs: [View<'_>; N]) -> (Vec<f32>, Vec<usize>);

    /// The gradient of each input that is wanted, from that of the answer.
    fn backward(
        &self,
        inputs: [View<'_>; N],
        answer: &[f32],
        gradient: &[f32],
        wanted: [bool; N],
    ) -> [Option<Vec<f32>>; N];
}

/// An operation of so many inputs.
type Shared<const N: usize> = Arc<dyn Operation<N>>;

/// Operations on tensors of the CPU backend, with and without a graph.
#[backend_extension(Flex, Autodiff)]
trait Fused: Backend {
    fn of_1(a: FloatTensor<Self>, operation: Shared<1>) -> FloatTensor<Self>;
    fn of_2(a: FloatTensor<Self>, b: FloatTensor<Self>, operation: Shared<2>) -> FloatTensor<Self>;
    fn of_3(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        c: FloatTensor<Self>,
        operation: Shared<3>,
    ) -> FloatTensor<Self>;
    fn of_4(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        c: FloatTensor<Self>,
        d: FloatTensor<Self>,
        operation: Shared<4>,
    ) -> FloatTensor<Self>;
    fn of_5(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        c: FloatTensor<Self>,
        d: FloatTensor<Self>,
        e: FloatTensor<Self>,
        operation: Shared<5>,
    ) -> FloatTensor<Self>;
    fn of_6(
        a: FloatTensor<Self>,
        b: FloatTensor<Self>,
        c: FloatTensor<Self>,
        d: FloatTensor<Self>,
        e: FloatTensor<Self>,
        f: FloatTensor<Self>,
        operation: Shared<6>,
    ) -> FloatTensor<Self>;
}

/// Every method of [`Fused`], by one function of an array of inputs and an operation.
macro_rules! methods {
    ($function:expr) => {
        methods!($function; 1, of_1, [a]);
        methods!($function; 2, of_2, [a, b]);
        methods!($function; 3, of_3, [a, b, c]);
        methods!($function; 4, of_4, [a, b, c, d]);
        methods!($function; 5, of_5, [a, b, c, d, e]);
        methods!($function; 6, of_6, [a, b, c, d, e, f]);
    };
    ($function:expr; $count:literal, $method:ident, [$($input:ident),+]) => {
        fn $method($($input: FloatTensor<Self>,)+ operation: Shared<$count>) -> FloatTensor<Self> {
            $function([$($input),+], operation)
        }
    };
}

impl Fused for Flex {
    methods!(unrecorded);
}

impl<C: CheckpointStrategy> Fused for Autodiff<Flex, C> {
    methods!(recorded::<C, _>);
}

/// Tensors that go into one operation.
pub(crate) trait Inputs<const N: usize> {
    /// What the operation makes of them.
    fn through<const D: usize>(self, operation: impl Operation<N>) -> Tensor<D>;
}

macro_rules! inputs {
    ($count:literal, $method:ident, $($input:ident),+) => {
        impl Inputs<$count> for [DispatchTensor; $count] {
            fn through<const D: usize>(self, operation: impl Operation<$count>) -> Tensor<D> {
                let [$($input),+] = self;
                Tensor::from_dispatch(<Dispatch as Fused>::$method($($input,)+ Arc::new(operation)))
            }
        }
    };
}

inputs!(1, of_1, a);
inputs!(2, of_2, a, b);
inputs!(3, of_3, a, b, c);
inputs!(4, of_4, a, b, c, d);
inputs!(5, of_5, a, b, c, d, e);
inputs!(6, of_6, a, b, c, d, e, f);

/// The same tensor with its numbers in row-major order.
pub(crate) fn dense(tensor: FlexTensor) -> FlexTensor {
    assert_eq!(tensor.dtype(), DType::F32, "fused kernels work in single precision");
    match tensor.as_slice::<f32>() {
        Some(_) => tensor,
        None => tensor.to_contiguous(),
    }
}

pub(crate) fn numbers(dense: &FlexTensor) -> &[f32] {
    dense.as_slice().unwrap_or_else(|| unreachable!("made dense before"))
}

fn tensor(numbers: Vec<f32>, dims: &[usize]) -> FlexTensor {
    assert_eq!(numbers.len(), dims.iter().product::<usize>(), "numbers of a tensor of shape {dims:?}");
    FlexTensor::new(lent::bytes(numbers), Layout::contiguous(dims.to_vec().into()), DType::F32)
}

/// Shows inputs as slices.
fn viewed<const N: usize, T>(tensors: &[FlexTensor; N], work: impl FnOnce([View<'_>; N]) -> T) -> T {
    let dims = tensors.each_ref().map(|tensor| tensor.layout().shape().to_vec());
    work(std::array::from_fn(|idx| View { numbers: numbers(&tensors[idx]), dims: &dims[idx] }))
}

/// `inputs` must be dense.
fn forward<const N: usize>(inputs: &[FlexTensor; N], operation: &Shared<N>) -> FlexTensor {
    let (numbers, dims) = viewed(inputs, |inputs| operation.forward(inputs));
    tensor(numbers, &dims)
}

fn unrecorded<const N: usize>(inputs: [FlexTensor; N], operation: Shared<N>) -> FlexTensor {
    forward(&inputs.map(dense), &operation)
}

/// What the way back needs.
#[derive(Clone, Debug)]
struct State<const N: usize> {
    inputs: [FlexTensor; N],
    answer: FlexTensor,
    operation: Shared<N>,
}

#[derive(Debug)]
struct Step<const N: usize>;

impl<const N: usize> Backward<Flex, N> for Step<N> {
    type State = State<N>;

    fn backward(self, ops: Ops<State<N>, N>, gradients: &mut Gradients, _checkpointer: &mut Checkpointer) {
        let gradient = dense(gradients.consume::<Flex>(&ops.node));
        let State { inputs, answer, operation } = ops.state;
        let wanted = ops.parents.each_ref().map(Option::is_some);
        let found = viewed(&inputs, |inputs| {
            operation.backward(inputs, numbers(&answer), numbers(&gradient), wanted)
        });
        for ((node, input), found) in ops.parents.into_iter().zip(&inputs).zip(found) {
            let Some(node) = node else { continue };
            let Some(found) = found else { panic!("{operation:?} owes a gradient") };
            gradients.register::<Flex>(node.id, tensor(found, input.layout().shape()));
        }
    }
}

fn recorded<C: CheckpointStrategy, const N: usize>(
    inputs: [FloatTensor<Autodiff<Flex, C>>; N],
    operation: Shared<N>,
) -> FloatTensor<Autodiff<Flex, C>> {
    let nodes = inputs.each_ref().map(|input| input.node());
    let inputs = inputs.map(|input| dense(input.into_primitive()));
    let answer = forward(&inputs, &operation);
    match Step.prepare::<C>(nodes).compute_bound().stateful() {
        OpsKind::Tracked(prep) => {
            let state = State { inputs, answer: answer.clone(), operation };
            prep.finish(state, answer)
        }
        OpsKind::UnTracked(prep) => prep.finish(answer),
    }
}
