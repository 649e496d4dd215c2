//! Entries, feeds and errors, as the SDKs read them.

use super::target::Page;
use jiff::Timestamp;
use quick_xml::escape::escape;
use std::fmt::Write as _;

const ATOM: &str = "http://www.w3.org/2005/Atom";
const CONNECT: &str = "http://schemas.microsoft.com/netservices/2010/10/servicebus/connect";
const INSTANCE: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// One thing: where it is, what it is called, and its description.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its path, from which the SDKs take its name.
    pub(super) path: String,
    /// Its last name.
    pub(super) title: String,
    /// When it was changed last.
    pub(super) updated: Timestamp,
    /// The name of its description.
    pub(super) kind: &'static str,
    /// The elements of its description.
    pub(super) description: String,
}

impl Entry {
    /// The entry as a document of its own.
    pub(super) fn document(&self, base: &str) -> String {
        self.write(base, &format!(" xmlns=\"{ATOM}\""))
    }

    fn write(&self, base: &str, namespace: &str) -> String {
        let Self { path, title, updated, kind, description } = self;
        let (path, title) = (escape(path.as_str()), escape(title.as_str()));
        format!(
            "<entry{namespace}><id>{base}/{path}</id><title type=\"text\">{title}</title>\
             <published>{updated}</published><updated>{updated}</updated>\
             <link rel=\"self\" href=\"{base}/{path}\"/><content type=\"application/xml\">\
             <{kind} xmlns=\"{CONNECT}\" xmlns:i=\"{INSTANCE}\">{description}</{kind}></content></entry>"
        )
    }
}

/// A page of a list, with the way to the next one.
pub(super) fn feed(base: &str, path: &str, found: &[Entry], page: Page) -> String {
    let Page { skip, top } = page;
    let path = escape(path);
    let mut feed = format!(
        "<feed xmlns=\"{ATOM}\"><title type=\"text\">{path}</title><id>{base}/{path}</id>\
         <link rel=\"self\" href=\"{base}/{path}?$skip={skip}&amp;$top={top}\"/>"
    );
    let next = skip.saturating_add(top);
    if next < found.len() {
        let _ =
            write!(feed, "<link rel=\"next\" href=\"{base}/{path}?$skip={next}&amp;$top={top}\"/>");
    }
    for entry in found.iter().skip(skip).take(top) {
        feed.push_str(&entry.write(base, ""));
    }
    feed + "</feed>"
}

/// An error; both SDKs show its words.
pub(super) fn error(status: u16, detail: &str) -> String {
    format!("<Error><Code>{status}</Code><Detail>{}</Detail></Error>", escape(detail))
}

/// An element with a value, for a description.
pub(super) fn field(name: &str, value: impl ToString) -> String {
    format!("<{name}>{}</{name}>", escape(value.to_string().as_str()))
}
