//! Descriptions of protobuf messages, built from tables instead of by a compiler, so that nothing is generated.
//!
//! A file of an MCAP carries them as a `FileDescriptorSet`, from which readers decode messages they have never seen.

use prost::Message as _;
use prost_types::{
    DescriptorProto, EnumDescriptorProto, EnumValueDescriptorProto, FieldDescriptorProto,
    FileDescriptorProto, FileDescriptorSet,
    field_descriptor_proto::{Label, Type},
};

/// What a field holds. Messages and enumerations are named in full, such as `foxglove.Color`.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Double,
    Float,
    Int64,
    Int32,
    Fixed32,
    Bool,
    Text,
    Bytes,
    Message(&'static str),
    Enum(&'static str),
}

/// A field: its number, its name and what it holds.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    pub(super) number: i32,
    pub(super) name: &'a str,
    pub(super) kind: Kind,
    pub(super) label: Label,
}

/// A field that holds one value.
pub(super) const fn one(number: i32, name: &str, kind: Kind) -> Field<'_> {
    Field { number, name, kind, label: Label::Optional }
}

/// A field that holds any number of values.
pub(super) const fn many(number: i32, name: &str, kind: Kind) -> Field<'_> {
    Field { number, name, kind, label: Label::Repeated }
}

/// A file with one message, and perhaps an enumeration named `Type` inside it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message<'a> {
    pub(super) package: &'a str,
    pub(super) name: &'a str,
    pub(super) fields: &'a [Field<'a>],
    /// Names of the values of `Type`, from 0.
    pub(super) types: &'a [&'a str],
}

/// The description of the first message with all that it refers to among `known`, as protobuf bytes.
pub(super) fn descriptor_set(first: &Message<'_>, known: &[Message<'_>]) -> Vec<u8> {
    let mut file = Vec::new();
    add(first, known, &mut file);
    FileDescriptorSet { file }.encode_to_vec()
}

/// Adds a message after those it refers to, each once.
fn add(message: &Message<'_>, known: &[Message<'_>], files: &mut Vec<FileDescriptorProto>) {
    let name = file_name(message);
    if files.iter().any(|file| file.name.as_ref() == Some(&name)) {
        return;
    }
    let mut dependency = Vec::new();
    for field in message.fields {
        let Kind::Message(wanted) = field.kind else { continue };
        let other = known.iter().find(|other| full_name(other) == wanted);
        let other = other.unwrap_or_else(|| panic!("{name} refers to {wanted}, which no table describes"));
        add(other, known, files);
        if !dependency.contains(&file_name(other)) {
            dependency.push(file_name(other));
        }
    }
    dependency.sort();
    files.push(FileDescriptorProto {
        name: Some(name),
        package: Some(message.package.to_owned()),
        dependency,
        message_type: vec![described(message)],
        syntax: Some("proto3".to_owned()),
        ..Default::default()
    });
}

fn described(message: &Message<'_>) -> DescriptorProto {
    let value = |(number, name): (usize, &&str)| EnumValueDescriptorProto {
        name: Some((*name).to_owned()),
        number: Some(number as i32),
        options: None,
    };
    let types = EnumDescriptorProto {
        name: Some("Type".to_owned()),
        value: message.types.iter().enumerate().map(value).collect(),
        ..Default::default()
    };
    DescriptorProto {
        name: Some(message.name.to_owned()),
        field: message.fields.iter().map(field).collect(),
        enum_type: if message.types.is_empty() { Vec::new() } else { vec![types] },
        ..Default::default()
    }
}

fn field(field: &Field<'_>) -> FieldDescriptorProto {
    let (kind, refers_to) = match field.kind {
        Kind::Double => (Type::Double, None),
        Kind::Float => (Type::Float, None),
        Kind::Int64 => (Type::Int64, None),
        Kind::Int32 => (Type::Int32, None),
        Kind::Fixed32 => (Type::Fixed32, None),
        Kind::Bool => (Type::Bool, None),
        Kind::Text => (Type::String, None),
        Kind::Bytes => (Type::Bytes, None),
        Kind::Message(name) => (Type::Message, Some(format!(".{name}"))),
        Kind::Enum(name) => (Type::Enum, Some(format!(".{name}"))),
    };
    FieldDescriptorProto {
        name: Some(field.name.to_owned()),
        number: Some(field.number),
        label: Some(field.label as i32),
        r#type: Some(kind as i32),
        type_name: refers_to,
        ..Default::default()
    }
}

fn full_name(message: &Message<'_>) -> String {
    format!("{}.{}", message.package, message.name)
}

/// As the published files are named, so that a reader that has them already sees the same ones.
fn file_name(message: &Message<'_>) -> String {
    let name = if message.package == "google.protobuf" {
        message.name.to_lowercase()
    } else {
        message.name.to_owned()
    };
    format!("{}/{name}.proto", message.package.replace('.', "/"))
}
