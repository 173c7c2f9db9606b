//! The world as it is stepped on a CPU: weights packed once, frames in blocks that stay in a core's caches.
//!
//! What a frame becomes does not depend on which frames are computed beside it, nor on which thread does it: every
//! kernel below works row by row, in one order. So lanes are cut into blocks as it suits the machine.

mod block;
mod convolution;
mod decoder;
mod dream;
mod encoder;
mod lane;
mod linear;
mod parameters;
mod room;
mod rooms;
mod run;
#[cfg(test)]
mod tests;
mod trunk;
mod vector;

use std::{
    ops::{Deref, DerefMut},
    sync::OnceLock,
};

pub(super) use dream::Dream;
pub use linear::Precision;

use sha2::{Digest as _, Sha256};

use self::{decoder::Decoder, encoder::Encoder, parameters::Parameters, trunk::Trunk, vector::Vector};
use super::{Dit, Network};

/// A network, and what was packed of it: changing the one forgets the other.
pub(super) struct Learned {
    network: Network,
    packed: Packed,
}

#[derive(Default)]
struct Packed {
    /// One per camera.
    encoders: OnceLock<Vec<Encoder>>,
    decoders: OnceLock<Vec<Decoder>>,
    vector: OnceLock<Option<Vector>>,
    trunk: OnceLock<Trunk>,
    identity: OnceLock<u64>,
}

impl From<Network> for Learned {
    fn from(network: Network) -> Self {
        Self { network, packed: Packed::default() }
    }
}

impl Learned {
    /// Another trunk; what was packed of the codec, which training's batches are encoded by, stays.
    pub(super) fn replace_trunk(&mut self, trunk: super::trunk::Trunk) {
        self.network.trunk = trunk;
        self.packed.trunk = OnceLock::new();
        self.packed.identity = OnceLock::new();
    }
}

impl Deref for Learned {
    type Target = Network;

    fn deref(&self) -> &Network {
        &self.network
    }
}

impl DerefMut for Learned {
    fn deref_mut(&mut self) -> &mut Network {
        self.packed = Packed::default();
        &mut self.network
    }
}

impl Dit {
    /// One per camera.
    fn encoders(&self) -> &[Encoder] {
        let each = || self.layout.grids.iter().map(|&grid| Encoder::new(self, grid)).collect::<Vec<_>>();
        kept::<Vec<_>>(&self.network.packed.encoders, each)
    }

    /// One per camera.
    fn decoders(&self) -> &[Decoder] {
        let each = || self.layout.grids.iter().map(|&grid| Decoder::new(self, grid)).collect::<Vec<_>>();
        kept::<Vec<_>>(&self.network.packed.decoders, each)
    }

    /// How states become tokens, where there are any.
    fn vector(&self) -> Option<&Vector> {
        kept(&self.network.packed.vector, || self.network.vector.as_ref().map(Vector::new)).as_ref()
    }

    /// A number that tells these weights, and what they are stepped with, from others.
    pub(super) fn identity(&self) -> u64 {
        *kept(&self.network.packed.identity, || {
            let mut hash = Sha256::new();
            hash.update(format!("{:?} {:?}", self.config.trunk, self.precision));
            let parameters = Parameters::of(&self.network.network);
            for number in parameters.all().flat_map(|parameter| &parameter.numbers) {
                hash.update(number.to_le_bytes());
            }
            let digest = hash.finalize();
            u64::from_le_bytes(std::array::from_fn(|idx| digest[idx]))
        })
    }

    fn trunk(&self) -> &Trunk {
        kept(&self.network.packed.trunk, || Trunk::new(self))
    }
}

/// What is there, or what is made now. Two threads may make it at once, since one that waits for the other could hold
/// up what the other waits for.
fn kept<T>(place: &OnceLock<T>, make: impl FnOnce() -> T) -> &T {
    match place.get() {
        Some(there) => there,
        None => {
            let made = make();
            place.get_or_init(|| made)
        }
    }
}
