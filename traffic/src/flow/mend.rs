//! Putting a list back in order that was in order a tick ago: insertion sort, linear where few changed places.

/// Sorts by `before`; equals keep their order.
#[inline]
pub(super) fn mend<T: Copy>(list: &mut [T], before: impl Fn(&T, &T) -> bool) {
    for idx in 1..list.len() {
        let one = list[idx];
        let mut place = idx;
        while place > 0 && before(&one, &list[place - 1]) {
            list[place] = list[place - 1];
            place -= 1;
        }
        list[place] = one;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_list_is_mended_as_a_stable_sort_would(list in prop::collection::vec((0_u8..9, 0_u32..1000), 0..60)) {
            let (mut mended, mut sorted) = (list.clone(), list);
            mend(&mut mended, |one, other| one.0 < other.0);
            sorted.sort_by_key(|one| one.0);
            prop_assert_eq!(mended, sorted);
        }
    }
}
