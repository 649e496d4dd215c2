//! XML as administration clients send it: a small tree, with bounds on everything.
//!
//! Namespaces are dropped: within a description no two mean different things. Entities other than
//! the five of XML itself are refused, and so is a document type that would declare some.

use quick_xml::{
    Reader,
    events::{BytesRef, BytesStart, Event},
};

/// An element, with what an administrator can say in it.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Element {
    /// Its name without a prefix.
    pub(super) name: String,
    /// Its `i:type` without a prefix.
    pub(super) kind: Option<String>,
    /// Its text.
    pub(super) text: String,
    /// The elements in it.
    pub(super) children: Vec<Self>,
}

/// Text that is not XML, or is more than is taken.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("The body is not usable: {0}")]
pub(super) struct BadXml(String);

/// Elements within elements; a description has six levels.
const DEPTH_MAX: usize = 16;
/// Elements at all; a description has some thirty.
const ELEMENTS_MAX: usize = 2_000;

impl Element {
    /// The child of that name.
    pub(super) fn child(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// The text of the child of that name, unless it is empty.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        let text = self.child(name).map(|child| child.text.trim());
        text.filter(|text| !text.is_empty())
    }
}

/// Reads a document; its root.
///
/// # Errors
/// If it is not well-formed, or beyond the bounds.
pub(super) fn parse(text: &str) -> Result<Element, BadXml> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<Element> = vec![Element::default()];
    let mut elements = 0;
    loop {
        let event = reader.read_event().map_err(|error| BadXml(error.to_string()))?;
        if let Event::Start(_) | Event::Empty(_) = event {
            elements += 1;
        }
        if ELEMENTS_MAX < elements || DEPTH_MAX < open.len() {
            let words = format!("more than {ELEMENTS_MAX} elements or {DEPTH_MAX} levels");
            return Err(BadXml(words));
        }
        match event {
            Event::Start(start) => open.push(opened(&start)?),
            Event::Empty(start) => put(&mut open, opened(&start)?),
            Event::End(_) => {
                if let Some(ended) = open.pop() {
                    put(&mut open, ended);
                }
            }
            Event::Text(text) => write(&mut open, &text),
            Event::CData(text) => write(&mut open, &text),
            Event::GeneralRef(reference) => write(&mut open, &resolved(&reference)?),
            Event::DocType(_) => return Err(BadXml("a document type is not taken".to_owned())),
            Event::Decl(_) | Event::PI(_) | Event::Comment(_) => {}
            Event::Eof => break,
        }
    }
    let [document] = &mut open[..] else { return Err(BadXml("it breaks off".to_owned())) };
    document.children.pop().ok_or_else(|| BadXml("there is no element".to_owned()))
}

/// An element that starts.
fn opened(start: &BytesStart<'_>) -> Result<Element, BadXml> {
    let name = start.local_name().into_inner().to_owned();
    let mut element = Element { name, ..Element::default() };
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| BadXml(error.to_string()))?;
        if attribute.key.local_name().into_inner() == "type" {
            let kind = attribute.value.rsplit(':').next().unwrap_or_default();
            element.kind = Some(kind.to_owned());
        }
    }
    Ok(element)
}

/// Puts an element that has ended into the one around it.
fn put(open: &mut [Element], ended: Element) {
    if let Some(around) = open.last_mut() {
        around.children.push(ended);
    }
}

fn write(open: &mut [Element], text: &str) {
    if let Some(around) = open.last_mut() {
        around.text.push_str(text);
    }
}

/// What a reference stands for.
fn resolved(reference: &BytesRef<'_>) -> Result<String, BadXml> {
    let letter = reference.resolve_char_ref().map_err(|error| BadXml(error.to_string()))?;
    let letter = letter.or(match &**reference {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "apos" => Some('\''),
        "quot" => Some('"'),
        _ => None,
    });
    letter
        .map(String::from)
        .ok_or_else(|| BadXml(format!("the entity &{}; is not taken", &**reference)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_types_and_text_are_read_without_their_prefixes() {
        let root = parse(
            "<?xml version='1.0'?><a:entry xmlns:a='x'><Filter i:type='p4:SqlFilter'>\
             <SqlExpression>a &lt; 5 &#38; b</SqlExpression><Empty/></Filter></a:entry>",
        )
        .unwrap();
        assert_eq!(root.name, "entry");
        let filter = root.child("Filter").unwrap();
        assert_eq!(filter.kind.as_deref(), Some("SqlFilter"));
        assert_eq!(filter.get("SqlExpression"), Some("a < 5 & b"));
        assert_eq!(filter.get("Empty"), None);
    }

    #[test]
    fn what_would_grow_or_is_no_xml_is_refused() {
        let bomb = "<!DOCTYPE a [<!ENTITY b \"bbbb\">]><a>&b;</a>";
        for text in ["", "<a>", "<a></b>", "&b;", "<a>&b;</a>", bomb, "plain"] {
            assert!(parse(text).is_err(), "{text:?}");
        }
        let deep = "<a>".repeat(DEPTH_MAX + 1) + &"</a>".repeat(DEPTH_MAX + 1);
        assert!(parse(&deep).unwrap_err().to_string().contains("levels"));
        let wide = format!("<a>{}</a>", "<b/>".repeat(ELEMENTS_MAX));
        assert!(parse(&wide).unwrap_err().to_string().contains("elements"));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_it_panic(text in "[<>/a&;!\\[\\]'\"= -]{0,60}") {
            drop(parse(&text));
        }
    }
}
