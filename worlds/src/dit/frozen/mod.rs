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

use std::{
    ops::{Deref, DerefMut},
    sync::OnceLock,
};

pub(super) use dream::Dream;
pub use linear::Precision;

use self::{decoder::Decoder, encoder::Encoder, trunk::Trunk};
use super::{Dit, Network};

/// A network, and what was packed of it: changing the one forgets the other.
pub(super) struct Learned {
    network: Network,
    packed: Packed,
}

#[derive(Default)]
struct Packed {
    encoder: OnceLock<Encoder>,
    decoder: OnceLock<Decoder>,
    trunk: OnceLock<Trunk>,
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
    fn encoder(&self) -> &Encoder {
        kept(&self.network.packed.encoder, || Encoder::new(self))
    }

    fn decoder(&self) -> &Decoder {
        kept(&self.network.packed.decoder, || Decoder::new(self))
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
