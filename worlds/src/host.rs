//! Tensors of numbers to the host.

use burn::tensor::Tensor;

/// The numbers of a float tensor, row-major.
pub(crate) fn numbers<const D: usize>(tensor: &Tensor<D>) -> Vec<f32> {
    match tensor.to_data().convert::<f32>().try_into_vec::<f32>() {
        Ok(numbers) => numbers,
        Err(error) => panic!("a float tensor holds floats: {error:?}"),
    }
}
