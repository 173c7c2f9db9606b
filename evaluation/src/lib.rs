//! How good a learned world is.
//!
//! [`evaluate_world`] dreams from recorded [`Case`]s and holds the dreams against the recording: fidelity beside the
//! worlds `still` and `mean`, sharpness beside the codec's own, the action gap, and the steering response under
//! imposed steering; then the ladder: how often true actions win over wrong ones, errors of the state vector, rewards,
//! trust against true errors, and how far all of it is valid. [`outcomes`](fn@outcomes) judges rewards and endings over
//! all starts of a recording. Every figure carries a bootstrap interval over unbroken runs. [`gates`] says whether a
//! [`WorldReport`] reaches the figures that the project promises, [`table`] prints it, [`film_strip`] shows it, [`html_page`] makes one web page of it all.
//! [`paired`](fn@paired) holds a world against the simulator that it learned from, which can be asked what would have been.
//! [`drift`](fn@drift) looks further: whether long dreams still look like the recording.
//! [`probe_world`] says in metres where a dream has the car, [`usefulness`](fn@usefulness) what can be learned from dreams.
//!
//! Pictures here are host bytes `[channel, height, width]` of the one camera; errors are in units of
//! full scale, so a pixel that is off by 255 has squared error 1.

mod action_gap;
mod bootstrap;
mod bounds;
mod case;
mod clip;
mod contact_sheet;
mod drift;
mod driver;
mod features;
mod fidelity;
mod filmstrip;
mod following;
mod gate;
mod html;
mod likeness;
mod outcomes;
mod paired;
mod pixels;
mod probe;
mod report;
mod sharpness;
mod sheet;
mod shift;
mod ssim;
mod state_errors;
mod statistics;
mod steering;
mod table;
mod tile;
mod trust;
mod usable;
mod validity;
mod video_distance;
mod wheel;

pub use action_gap::{ActionGap, STEERED};
pub use bootstrap::{Clusters, Interval, bootstrap};
pub use bounds::Bounds;
pub use case::Case;
pub use clip::{Clip, clips};
pub use contact_sheet::{SheetRow, contact_sheet};
pub use drift::{DriftReport, DriftScore, DriftSettings, WorldDrift, drift};
pub use driver::{Progress, Settings, evaluate_world};
pub use fidelity::{HorizonScore, PixelScore};
pub use filmstrip::{StripRow, dream_rows, dream_strip, film_strip};
pub use following::{ColumnFollowing, DIFFERENT, Followed, FollowingReport, HorizonFollowing};
pub use gate::{Gate, Judged, gates};
pub use html::{Command, Curve, Fact, Page, Strip, html_page};
pub use likeness::LikenessScore;
pub use outcomes::{
    EventScore, HorizonEndings, OutcomeReport, OutcomeSettings, OutcomeWindow, OutcomesOn, outcomes,
};
pub use paired::{
    Confusion, Directed, FollowingScore, ForkScore, OthersScore, PairedPixels, PairedReport, PairedScore,
    PairedSettings, PairedWorld, REACTS_MPS, Reaction, StateScore, ToldApart, TrustStep, TrustedHorizon,
    paired, paired_table,
};
pub use probe::{
    ActionScore, Beside, Learning, NumberScore, PresenceScore, Probe, ProbeHorizon, ProbeReport,
    ProbeSettings, ReadAction, Steered, Steering, Through, UsefulnessReport, UsefulnessSettings, Validated,
    probe_table, probe_world, usefulness, usefulness_table,
};
pub use report::{ControlReport, WorldReport, WorldScores};
pub use sharpness::{HorizonSharpness, SharpnessScore, gradient_energy, half_size, luma};
pub use shift::{Moments, horizontal_shift};
pub use state_errors::{NumberError, OthersError, OwnNumber, StateReport};
pub use statistics::{
    Forecast, Scored, auroc, average_precision, base_rate, brier, brier_skill, calibration_error, r2, rmse,
    spearman,
};
pub use steering::{LAGS, SteeringResponse, SteeringResponses};
pub use table::table;
pub use trust::{Threshold, TrustOn, TrustReport, TrustScore};
pub use usable::{Lead, UsableReport};
pub use validity::{RewardScore, ValidityReport, ValidityScore};
