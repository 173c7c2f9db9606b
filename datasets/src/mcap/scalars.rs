//! Rows of numbers as protobuf messages of our own, one `float` per name: viewers plot `/action.steering`, and every
//! bit comes back, which JSON does not promise.

use prost::{
    bytes::Buf as _,
    encoding::{self, WireType},
};

use super::descriptor::{Kind, Message, descriptor_set, one};
use crate::Checked;

/// Bytes of the shortest field: a key and a number.
const SHORTEST_FIELD: usize = 5;

/// The description of the message `dreamlane.<name>` whose fields have these names.
pub(super) fn descriptor(name: &str, names: &[String]) -> Vec<u8> {
    let names = identifiers(names);
    let fields: Vec<_> =
        names.iter().enumerate().map(|(idx, name)| one(number(idx) as i32, name, Kind::Float)).collect();
    descriptor_set(&Message { package: "dreamlane", name, fields: &fields, types: &[] }, &[])
}

/// The message. Zeros are written too, so that a row is never shorter than it says.
pub(super) fn encode(values: &[f32]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(values.len() * (SHORTEST_FIELD + 2));
    for (idx, value) in values.iter().enumerate() {
        encoding::float::encode(number(idx), value, &mut bytes);
    }
    bytes
}

/// `width` numbers in the order in which [`encode`] writes them.
pub(super) fn decode(mut bytes: &[u8], width: usize) -> Checked<Vec<f32>> {
    if bytes.len() < width * SHORTEST_FIELD {
        return Err(format!("{} bytes cannot hold {width} numbers", bytes.len()));
    }
    let mut values = Vec::with_capacity(width);
    while bytes.has_remaining() {
        let (field, wire) = encoding::decode_key(&mut bytes).map_err(|error| error.to_string())?;
        let expected = (number(values.len()), WireType::ThirtyTwoBit);
        if values.len() == width || (field, wire) != expected {
            return Err(format!("number {} of {width}: found field {field} as {wire:?}", values.len()));
        }
        values.push(bytes.try_get_f32_le().map_err(|error| error.to_string())?);
    }
    if values.len() != width {
        return Err(format!("expected {width} numbers, found {}", values.len()));
    }
    Ok(values)
}

/// The field number of the value at a position; protobuf keeps 19000 to 19999 for itself.
fn number(idx: usize) -> u32 {
    const RESERVED: usize = 19_000;
    (if idx + 1 < RESERVED { idx + 1 } else { idx + 1001 }) as u32
}

/// Names that protobuf takes: letters, digits and underscores, each once.
fn identifiers(names: &[String]) -> Vec<String> {
    let mut taken = std::collections::BTreeSet::new();
    let identifier = |(idx, name): (usize, &String)| {
        let mut plain: String =
            name.chars().map(|letter| if letter.is_ascii_alphanumeric() { letter } else { '_' }).collect();
        if !plain.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_') {
            plain.insert(0, '_');
        }
        if taken.contains(&plain) {
            plain = format!("{plain}_{idx}");
        }
        while !taken.insert(plain.clone()) {
            plain.push('_');
        }
        plain
    };
    names.iter().enumerate().map(identifier).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_bit_of_a_row_comes_back(bits in prop::collection::vec(any::<u32>(), 0..40)) {
            let values: Vec<f32> = bits.iter().map(|&bits| f32::from_bits(bits)).collect();
            let back = decode(&encode(&values), values.len()).unwrap();
            prop_assert_eq!(back.iter().map(|value| value.to_bits()).collect::<Vec<_>>(), bits);
        }

        #[test]
        fn foreign_bytes_are_rows_or_errors(bytes in prop::collection::vec(any::<u8>(), 0..60), width in 0usize..8) {
            if let Ok(row) = decode(&bytes, width) {
                prop_assert_eq!(row.len(), width);
            }
        }
    }

    #[test]
    fn wide_rows_pass_over_the_numbers_that_protobuf_keeps() {
        let values: Vec<f32> = (0..20_000).map(|idx| idx as f32).collect();
        assert_eq!((number(18_998), number(18_999)), (18_999, 20_000));
        assert_eq!(decode(&encode(&values), values.len()).unwrap(), values);
    }

    #[test]
    fn names_become_identifiers_that_differ() {
        let names = ["arm.pos", "arm-pos", "2x", "", "θ"].map(str::to_owned);
        assert_eq!(identifiers(&names), ["arm_pos", "arm_pos_1", "_2x", "_", "__4"]);
    }
}
