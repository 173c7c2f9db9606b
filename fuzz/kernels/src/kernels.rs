//! The kernels on slices, as they stand in `nn`.

#[expect(unsafe_code, reason = "this is what is checked")]
#[path = "../../../nn/src/kernels/cpu/mod.rs"]
pub mod cpu;
