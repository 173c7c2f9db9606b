//! The kernels of `nn` without burn, which takes long to build with instrumentation.

pub mod kernels;
