//! Reads an XML document into a tree, slowly and plainly. Namespaces are not resolved: a name is what follows its prefix.
//!
//! It must not know FEST or any other document.

use std::borrow::Cow;

/// An element: local name, attributes, the text directly inside it and the elements inside it.
#[derive(Default)]
pub struct Node<'a> {
    pub name: &'a str,
    attributes: Vec<(&'a str, Cow<'a, str>)>,
    text: String,
    pub children: Vec<Node<'a>>,
}

impl<'a> Node<'a> {
    /// The first child of that name.
    pub fn child(&self, name: &str) -> Option<&Node<'a>> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Every child of that name.
    pub fn all<'n>(&'n self, name: &'n str) -> impl Iterator<Item = &'n Node<'a>> {
        self.children.iter().filter(move |child| child.name == name)
    }

    /// The node reached by going down one child per name.
    pub fn path(&self, names: &[&str]) -> Option<&Node<'a>> {
        names.iter().try_fold(self, |node, name| node.child(name))
    }

    /// This node or the first one below it, in document order, of that name.
    pub fn find(&self, name: &str) -> Option<&Node<'a>> {
        if self.name == name {
            return Some(self);
        }
        self.children.iter().find_map(|child| child.find(name))
    }

    /// The text without the space around it; absent when there is none.
    pub fn text(&self) -> Option<&str> {
        Some(self.text.trim()).filter(|text| !text.is_empty())
    }

    /// An attribute's value.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(key, _)| *key == name).map(|(_, value)| value.as_ref())
    }
}

/// The root element of a document. Panics with the place when it is not well formed.
pub fn parse(document: &str) -> Node<'_> {
    let document = document.strip_prefix('\u{feff}').unwrap_or(document);
    let mut open = vec![Node::default()];
    let mut at = 0;
    while at < document.len() {
        let rest = &document[at..];
        if !rest.starts_with('<') {
            let end = rest.find('<').unwrap_or(rest.len());
            top(&mut open).text.push_str(&decode(&rest[..end]));
            at += end;
        } else if rest.starts_with("<!--") {
            at += end_of(rest, "-->");
        } else if let Some(inside) = rest.strip_prefix("<![CDATA[") {
            let end = end_of(rest, "]]>");
            top(&mut open).text.push_str(&inside[..end - "<![CDATA[".len() - "]]>".len()]);
            at += end;
        } else if rest.starts_with("<?") {
            at += end_of(rest, "?>");
        } else if rest.starts_with("<!") {
            assert!(!rest[..end_of(rest, ">")].contains('['), "a document type with declarations is not read");
            at += end_of(rest, ">");
        } else if rest.starts_with("</") {
            let end = end_of(rest, ">");
            let name = local(rest[2..end - 1].trim());
            let closed = open.pop().filter(|node| node.name == name && !open.is_empty());
            let closed = closed.unwrap_or_else(|| panic!("</{name}> at byte {at} closes nothing"));
            top(&mut open).children.push(closed);
            at += end;
        } else {
            let end = end_of_tag(rest);
            let inside = &rest[1..end - 1];
            let (inside, empty) = match inside.strip_suffix('/') {
                Some(inside) => (inside, true),
                None => (inside, false),
            };
            let node = start(inside);
            if empty {
                top(&mut open).children.push(node);
            } else {
                open.push(node);
            }
            at += end;
        }
    }
    assert_eq!(open.len(), 1, "<{}> is never closed", top(&mut open).name);
    let mut roots = std::mem::take(&mut open[0].children);
    assert_eq!(roots.len(), 1, "a document has one root element");
    roots.remove(0)
}

fn top<'n, 'a>(open: &'n mut [Node<'a>]) -> &'n mut Node<'a> {
    open.last_mut().unwrap_or_else(|| panic!("an end tag too many"))
}

/// How many bytes there are up to and with `mark`.
fn end_of(rest: &str, mark: &str) -> usize {
    rest.find(mark).unwrap_or_else(|| panic!("{mark} is missing after {:.40}", rest)) + mark.len()
}

/// How many bytes a start tag has; a `>` between quotation marks does not end it.
fn end_of_tag(rest: &str) -> usize {
    let mut quote = None;
    for (at, byte) in rest.bytes().enumerate() {
        match (quote, byte) {
            (None, b'>') => return at + 1,
            (None, b'"' | b'\'') => quote = Some(byte),
            (Some(open), _) if open == byte => quote = None,
            _ => {}
        }
    }
    panic!("> is missing after {rest:.40}");
}

/// Name and attributes from what stands between `<` and `>`.
fn start(inside: &str) -> Node<'_> {
    let end = inside.find(char::is_whitespace).unwrap_or(inside.len());
    let mut node = Node { name: local(&inside[..end]), ..Node::default() };
    let mut rest = inside[end..].trim_start();
    while !rest.is_empty() {
        let (name, after) = rest.split_once('=').unwrap_or_else(|| panic!("no value after {rest:.40}"));
        let after = after.trim_start();
        let quote = after.chars().next().filter(|mark| ['"', '\''].contains(mark));
        let quote = quote.unwrap_or_else(|| panic!("no quotation mark after {name}"));
        let (value, after) =
            after[1..].split_once(quote).unwrap_or_else(|| panic!("the value of {name} is never closed"));
        node.attributes.push((local(name.trim()), decode(value)));
        rest = after.trim_start();
    }
    node
}

fn local(name: &str) -> &str {
    name.rsplit_once(':').map_or(name, |(_, local)| local)
}

/// Puts in what `&…;` stands for.
fn decode(text: &str) -> Cow<'_, str> {
    if !text.contains('&') {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        let (name, after) = after.split_once(';').unwrap_or_else(|| panic!("& without ; in {text:.40}"));
        out.push_str(before);
        out.push(match name {
            "amp" => '&',
            "lt" => '<',
            "gt" => '>',
            "quot" => '"',
            "apos" => '\'',
            _ => numbered(name).unwrap_or_else(|| panic!("unknown entity &{name};")),
        });
        rest = after;
    }
    out.push_str(rest);
    Cow::Owned(out)
}

/// The character of `#65` or `#x41`.
fn numbered(name: &str) -> Option<char> {
    let number = name.strip_prefix('#')?;
    let code = match number.strip_prefix('x') {
        Some(hexadecimal) => u32::from_str_radix(hexadecimal, 16).ok()?,
        None => number.parse().ok()?,
    };
    char::from_u32(code)
}
