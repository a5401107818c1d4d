//! What a page says of itself before its script runs, for programs that make previews of links.

/// A title and tags for the head of a page. All text is escaped here, and nowhere else.
#[derive(Debug, Clone, Default)]
pub struct Head {
    title: Option<String>,
    tags: String,
}

impl Head {
    /// Nothing but what the page has anyway.
    pub fn is_empty(&self) -> bool {
        self.title.is_none() && self.tags.is_empty()
    }

    /// The title of the window, instead of the page's own.
    pub fn title(&mut self, text: &str) {
        self.title = Some(escape(text));
    }

    /// `<meta name="{name}" content="{content}">`
    pub fn name(&mut self, name: &'static str, content: &str) {
        self.tag("meta", &[("name", name), ("content", content)]);
    }

    /// `<meta property="{property}" content="{content}">`, as OpenGraph has it.
    pub fn property(&mut self, property: &'static str, content: &str) {
        self.tag("meta", &[("property", property), ("content", content)]);
    }

    /// A `<link>` with these attributes.
    pub fn link(&mut self, attributes: &[(&'static str, &str)]) {
        self.tag("link", attributes);
    }

    fn tag(&mut self, tag: &'static str, attributes: &[(&'static str, &str)]) {
        self.tags.push('<');
        self.tags.push_str(tag);
        for (name, value) in attributes {
            self.tags.push(' ');
            self.tags.push_str(name);
            self.tags.push_str("=\"");
            self.tags.push_str(&escape(value));
            self.tags.push('"');
        }
        self.tags.push_str(">\n");
    }

    /// A page with this in its head. One without a head stays as it is.
    pub(crate) fn put_into(&self, html: &str) -> String {
        let Some((before, after)) = html.split_once("</head>") else { return html.into() };
        let mut page = String::with_capacity(html.len() + self.tags.len() + 256);
        match (&self.title, before.split_once("<title>")) {
            (Some(title), Some((start, rest))) => {
                let rest = rest.split_once("</title>").map_or("", |(_, rest)| rest);
                page.extend([start, "<title>", title, "</title>", rest]);
            }
            _ => page.push_str(before),
        }
        page.extend([&self.tags, "</head>", after]);
        page
    }
}

/// Text as HTML has it in an attribute between quotes, and in an element such as `title`.
pub fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "<html><head><meta><title>Kaibo</title><link></head><body></body></html>";

    #[test]
    fn a_page_has_the_title_and_the_tags_in_its_head() {
        let mut head = Head::default();
        assert!(head.is_empty());
        head.title("直播");
        head.name("description", "a");
        head.property("og:title", "b");
        head.link(&[("rel", "alternate"), ("href", "/oembed?url=x&format=json")]);
        assert_eq!(
            head.put_into(PAGE),
            "<html><head><meta><title>直播</title><link>\
            <meta name=\"description\" content=\"a\">\n<meta property=\"og:title\" content=\"b\">\n\
            <link rel=\"alternate\" href=\"/oembed?url=x&amp;format=json\">\n</head><body></body></html>"
        );
        assert_eq!(Head::default().put_into(PAGE), PAGE);
        assert_eq!(head.put_into("no head"), "no head");
    }

    #[test]
    fn no_text_leaves_its_place() {
        for text in ["\"><script>alert(1)</script>", "</title></head>", "' onload='x", "&quot;"] {
            let mut head = Head::default();
            head.title(text);
            head.property("og:title", text);
            head.link(&[("title", text)]);
            let html = head.put_into(PAGE);
            for (mark, times) in
                [("<script", 0), ("'", 0), ("<meta", 2), ("</title>", 1), ("</head>", 1)]
            {
                assert_eq!(html.matches(mark).count(), times, "{mark}: {html}");
            }
        }
    }
}
