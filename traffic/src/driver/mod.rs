//! How participants are driven by rule: following, changing lanes, keeping a lane, and how bold they are at it.

pub mod idm;
pub mod keeping;
pub mod mobil;
pub mod stability;
pub mod temper;

pub use idm::{Idm, Leader};
pub use mobil::Mobil;
pub use stability::{Mode, Response};
pub use temper::Temper;
