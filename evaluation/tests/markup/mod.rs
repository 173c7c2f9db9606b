//! A strict reader of HTML tags, enough to see that a page is well made: every tag closed, every attribute quoted.

/// An opening tag with its attributes.
pub(crate) struct Tag {
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    pub(crate) fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Tags that have no end.
const VOID: [&str; 5] = ["meta", "img", "input", "br", "hr"];

/// All opening tags in order, or what is wrong.
pub(crate) fn read(text: &str) -> Result<Vec<Tag>, String> {
    let (mut tags, mut open) = (Vec::new(), Vec::<String>::new());
    let mut rest = text.strip_prefix("<!DOCTYPE html>").ok_or("no doctype")?;
    while let Some(at) = rest.find('<') {
        rest = &rest[at + 1..];
        if let Some(closing) = rest.strip_prefix('/') {
            let (name, after) = closing.split_once('>').ok_or("an end tag without an end")?;
            let expected = open.pop();
            if expected.as_deref() != Some(name) {
                return Err(format!("</{name}> where {expected:?} is open"));
            }
            rest = after;
            continue;
        }
        let (tag, after) = opening(rest)?;
        rest = after;
        if ["script", "style"].contains(&tag.name.as_str()) {
            let end = rest.find(&format!("</{}>", tag.name)).ok_or("a script without an end")?;
            rest = &rest[end..];
        }
        if !VOID.contains(&tag.name.as_str()) {
            open.push(tag.name.clone());
        }
        tags.push(tag);
    }
    if open.is_empty() { Ok(tags) } else { Err(format!("left open: {open:?}")) }
}

/// A tag from behind its `<`, and what follows its `>`.
fn opening(text: &str) -> Result<(Tag, &str), String> {
    let end = text.find([' ', '>']).ok_or("a tag without an end")?;
    let (name, mut rest) = text.split_at(end);
    let mut attributes = Vec::new();
    loop {
        rest = rest.trim_start();
        if let Some(after) = rest.strip_prefix('>') {
            return Ok((Tag { name: name.to_owned(), attributes }, after));
        }
        let end = rest.find(['=', ' ', '>']).ok_or("an attribute without an end")?;
        let (attribute, after) = rest.split_at(end);
        rest = after;
        let mut value = "";
        if let Some(quoted) = rest.strip_prefix("=\"") {
            (value, rest) = quoted.split_once('"').ok_or("a value without an end")?;
        } else if rest.starts_with('=') {
            return Err(format!("{attribute} is not quoted"));
        }
        attributes.push((attribute.to_owned(), value.to_owned()));
    }
}
