//! How good a learned world is.
//!
//! [`evaluate_world`] dreams from recorded [`Case`]s and holds the dreams against the recording: fidelity beside the
//! worlds `still` and `mean`, sharpness beside the codec's own, the action gap, and the steering response under
//! imposed steering. Every figure carries a bootstrap interval over unbroken runs. [`gates`] says whether a
//! [`WorldReport`] reaches the figures that the project promises, [`table`] prints it, [`film_strip`] shows it, [`html_page`] makes one web page of it all.
//! [`drift`](fn@drift) looks further: whether long dreams still look like the recording.
//!
//! Pictures here are host bytes `[channel, height, width]` of the one camera; errors are in units of
//! full scale, so a pixel that is off by 255 has squared error 1.

mod action_gap;
mod bootstrap;
mod case;
mod clip;
mod drift;
mod driver;
mod fidelity;
mod filmstrip;
mod gate;
mod html;
mod pixels;
mod report;
mod sharpness;
mod shift;
mod steering;
mod table;
mod tile;

pub use action_gap::{ActionGap, STEERED};
pub use bootstrap::{Clusters, Interval, bootstrap};
pub use case::Case;
pub use clip::{Clip, clips};
pub use drift::{DriftReport, DriftScore, DriftSettings, WorldDrift, drift};
pub use driver::{Progress, Settings, evaluate_world};
pub use fidelity::{HorizonScore, PixelScore};
pub use filmstrip::{StripRow, dream_rows, dream_strip, film_strip};
pub use gate::{Gate, Judged, gates};
pub use html::{Command, Curve, Fact, Page, Strip, html_page};
pub use report::{ControlReport, WorldReport, WorldScores};
pub use sharpness::{HorizonSharpness, SharpnessScore, gradient_energy, half_size, luma};
pub use shift::{Moments, horizontal_shift};
pub use steering::{LAGS, SteeringResponse, SteeringResponses};
pub use table::table;
