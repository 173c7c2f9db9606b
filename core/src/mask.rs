//! Masks over lanes and rows. They live on the host, because control flow needs them.

macro_rules! mask {
    ($(#[$doc:meta])* $name:ident, $one:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        pub struct $name(Vec<bool>);

        impl $name {
            #[doc = concat!("Every ", $one, " is set.")]
            #[must_use]
            pub fn all(len: usize) -> Self {
                Self(vec![true; len])
            }

            #[doc = concat!("No ", $one, " is set.")]
            #[must_use]
            pub fn none(len: usize) -> Self {
                Self(vec![false; len])
            }

            #[doc = concat!("Only the given ", $one, "s are set.")]
            #[must_use]
            pub fn only(len: usize, set: &[usize]) -> Self {
                let mut mask = Self::none(len);
                set.iter().for_each(|&idx| mask.set(idx, true));
                mask
            }

            /// Number of places, set or not.
            #[must_use]
            pub fn len(&self) -> usize {
                self.0.len()
            }

            /// Whether there is no place at all.
            #[must_use]
            pub fn is_empty(&self) -> bool {
                self.0.is_empty()
            }

            /// Whether this place is set.
            #[must_use]
            pub fn get(&self, idx: usize) -> bool {
                self.0[idx]
            }

            /// Sets or clears one place.
            pub fn set(&mut self, idx: usize, value: bool) {
                self.0[idx] = value;
            }

            /// Whether any place is set.
            #[must_use]
            pub fn any(&self) -> bool {
                self.0.iter().any(|&set| set)
            }

            /// Number of places that are set.
            #[must_use]
            pub fn count(&self) -> usize {
                self.0.iter().filter(|&&set| set).count()
            }

            /// Indices of the places that are set, in order.
            pub fn indices(&self) -> impl Iterator<Item = usize> + '_ {
                self.0.iter().enumerate().filter_map(|(idx, &set)| set.then_some(idx))
            }

            /// The places as a slice.
            #[must_use]
            pub fn as_slice(&self) -> &[bool] {
                &self.0
            }
        }

        impl From<Vec<bool>> for $name {
            fn from(places: Vec<bool>) -> Self {
                Self(places)
            }
        }
    };
}

mask!(
    /// Which lanes an operation touches; the others stand still.
    LaneMask,
    "lane"
);
mask!(
    /// Which rows (seats of lanes, lane by lane) something holds for.
    RowMask,
    "row"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_sets_what_it_names() {
        let mask = LaneMask::only(4, &[2, 0]);
        assert_eq!(mask.indices().collect::<Vec<_>>(), [0, 2]);
        assert_eq!((mask.count(), mask.any(), mask.get(1)), (2, true, false));
    }
}
