//! `Link` header fields (RFC 8288, section 3).

/// One link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// As it was written: it may be relative.
    pub(crate) target: String,
    params: Vec<(String, String)>,
}

impl Link {
    /// A target attribute, by its name in lower case.
    pub(crate) fn param(&self, name: &str) -> Option<&str> {
        self.params.iter().find(|it| it.0 == name).map(|it| it.1.as_str())
    }

    /// Whether it is of a relation; `rel` may name several.
    pub(crate) fn is(&self, relation: &str) -> bool {
        let rel = self.param("rel").unwrap_or_default();
        rel.split_ascii_whitespace().any(|it| it.eq_ignore_ascii_case(relation))
    }
}

/// Reads all links of one field, and says what is wrong with the field. What can be read is read: the
/// draft's own example leaves a semicolon out.
pub(crate) fn parse(field: &str) -> (Vec<Link>, Option<&'static str>) {
    let mut links = Vec::new();
    let mut fault = None;
    let mut rest = field.trim();
    while !rest.is_empty() {
        let Some((target, after)) = rest.strip_prefix('<').and_then(|it| it.split_once('>')) else {
            return (links, Some("a target is not between < and >"));
        };
        let mut link = Link { target: target.to_owned(), params: Vec::new() };
        rest = after.trim_start();
        while !rest.is_empty() && !rest.starts_with(',') {
            match rest.strip_prefix(';') {
                Some(it) => rest = it.trim_start(),
                None => fault = Some("attributes are not separated by a semicolon"),
            }
            let end = rest.find(|it: char| "=;, \t".contains(it)).unwrap_or(rest.len());
            let (name, after) = rest.split_at(end);
            if name.is_empty() {
                return (links, Some("an attribute has no name"));
            }
            rest = after.trim_start();
            let mut value = String::new();
            if let Some(after) = rest.strip_prefix('=') {
                let Some((it, after)) = parse_value(after.trim_start()) else {
                    return (links, Some("a quotation does not end"));
                };
                (value, rest) = (it, after.trim_start());
            }
            link.params.push((name.to_ascii_lowercase(), value));
        }
        if link.param("rel").is_none() {
            fault = Some("a link has no rel");
        }
        links.push(link);
        rest = rest.strip_prefix(',').unwrap_or_default().trim_start();
    }
    (links, fault)
}

/// A token or a quoted string, and what follows it.
fn parse_value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find(|it: char| ";, \t".contains(it)).unwrap_or(text.len());
        let (token, rest) = text.split_at(end);
        return Some((token.to_owned(), rest));
    };
    let mut value = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, it)) = chars.next() {
        match it {
            '"' => return Some((value, quoted.get(at + 1..)?)),
            '\\' => value.push(chars.next()?.1),
            _ => value.push(it),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_links_of_one_field_are_read() {
        let field = r#"<stun:a>; rel="ice-server", <turn:b?transport=udp>; rel=ice-server; username="u, \"x\""; credential="p""#;
        let (links, fault) = parse(field);
        assert_eq!((links.len(), fault), (2, None));
        assert_eq!(links[0].target, "stun:a");
        assert!(links[1].is("ice-server"));
        assert_eq!(links[1].param("username"), Some("u, \"x\""));
        assert_eq!(links[1].param("credential"), Some("p"));
    }

    #[test]
    fn a_missing_semicolon_is_told_and_read_over() {
        let (links, fault) = parse(r#"</sse>; rel="urn:x" events="active,layers""#);
        assert_eq!(links[0].param("events"), Some("active,layers"));
        assert_eq!(fault, Some("attributes are not separated by a semicolon"));
    }

    #[test]
    fn what_is_no_link_is_told() {
        for (field, part) in [("stun:a", "between"), ("<a>; rel=\"x", "end"), ("<a>", "no rel")] {
            assert!(parse(field).1.unwrap().contains(part), "{field}");
        }
    }
}
