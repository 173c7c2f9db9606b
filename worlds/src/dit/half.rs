//! Weights in half precision: a file that is handed on is half as large.

use std::{borrow::Cow, path::Path};

use dreamlane_core::{Error, Result};
use half::f16;
use safetensors::tensor::{Dtype, SafeTensors, TensorView};

/// Tensors with fewer numbers stay in single precision: gains and measures are few, and what they do is not.
const FEW: usize = 1024;

/// The file with its large tensors in half precision; `path` is named in errors.
pub(super) fn rounded(bytes: &[u8], path: &Path) -> Result<Vec<u8>> {
    remade(bytes, path, |tensor| {
        let (words, _) = tensor.data().as_chunks::<4>();
        let is_large = tensor.dtype() == Dtype::F32 && words.len() >= FEW;
        is_large.then(|| {
            let halves = words.iter().flat_map(|&word| f16::from_f32(f32::from_le_bytes(word)).to_le_bytes());
            (Dtype::F16, halves.collect())
        })
    })
}

/// The file with its tensors in single precision; one that has no others is given back.
pub(super) fn widened(bytes: Vec<u8>, path: &Path) -> Result<Vec<u8>> {
    let tensors = SafeTensors::deserialize(&bytes).map_err(|error| Error::broken(path, error))?;
    if tensors.iter().all(|(_, tensor)| tensor.dtype() != Dtype::F16) {
        return Ok(bytes);
    }
    remade(&bytes, path, |tensor| {
        (tensor.dtype() == Dtype::F16).then(|| {
            let (words, _) = tensor.data().as_chunks::<2>();
            let singles = words.iter().flat_map(|&word| f16::from_le_bytes(word).to_f32().to_le_bytes());
            (Dtype::F32, singles.collect())
        })
    })
}

fn remade(
    bytes: &[u8],
    path: &Path,
    other: impl Fn(&TensorView<'_>) -> Option<(Dtype, Vec<u8>)>,
) -> Result<Vec<u8>> {
    let broken = |error: safetensors::SafeTensorError| Error::broken(path, error);
    let tensors = SafeTensors::deserialize(bytes).map_err(broken)?;
    let entries = tensors.iter().map(|(name, tensor)| {
        let (dtype, data) = match other(&tensor) {
            Some((dtype, data)) => (dtype, Cow::Owned(data)),
            None => (tensor.dtype(), Cow::Borrowed(tensor.data())),
        };
        (name, dtype, tensor.shape().to_vec(), data)
    });
    let entries = entries.collect::<Vec<_>>();
    let views = entries.iter().map(|(name, dtype, shape, data)| {
        TensorView::new(*dtype, shape.clone(), data).map(|view| (*name, view))
    });
    let views = views.collect::<std::result::Result<Vec<_>, _>>().map_err(broken)?;
    let note = [("format".to_owned(), "pt".to_owned())].into();
    safetensors::serialize(views, Some(note)).map_err(broken)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_tensors_are_rounded_and_small_ones_are_not() {
        let large = (0..FEW).flat_map(|idx| (idx as f32 / 3.0).to_le_bytes()).collect::<Vec<_>>();
        let small = 0.1f32.to_le_bytes();
        let views = [
            ("large", TensorView::new(Dtype::F32, vec![FEW], &large).unwrap()),
            ("small", TensorView::new(Dtype::F32, vec![1], &small).unwrap()),
        ];
        let bytes = safetensors::serialize(views, None).unwrap();
        let path = Path::new("made");
        let halves = rounded(&bytes, path).unwrap();
        assert!(halves.len() < bytes.len() - FEW);
        let back = widened(halves, path).unwrap();
        let tensors = SafeTensors::deserialize(&back).unwrap();
        assert_eq!(tensors.tensor("small").unwrap().data(), small);
        let (words, _) = tensors.tensor("large").unwrap().data().as_chunks::<4>();
        for (idx, &word) in words.iter().enumerate() {
            let (wanted, found) = (idx as f32 / 3.0, f32::from_le_bytes(word));
            assert!((found - wanted).abs() <= wanted / 1024.0, "{found} for {wanted}");
        }
        assert_eq!(widened(bytes.clone(), path).unwrap(), bytes);
        assert!(widened(vec![1; 20], path).is_err());
    }
}
