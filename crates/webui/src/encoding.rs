//! Which content encodings a client takes (RFC 9110, section 12.5.3).

/// A content encoding that files are stored in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Brotli,
    Gzip,
    Identity,
}

impl Encoding {
    /// The smallest first.
    const ALL: [Self; 3] = [Self::Brotli, Self::Gzip, Self::Identity];

    /// What the build appends to the name of the file.
    pub(crate) fn suffix(self) -> &'static str {
        match self {
            Self::Brotli => ".br",
            Self::Gzip => ".gz",
            Self::Identity => "",
        }
    }

    /// For `Content-Encoding`.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Brotli => Some("br"),
            Self::Gzip => Some("gzip"),
            Self::Identity => None,
        }
    }

    fn is_named(self, name: &str) -> bool {
        let names: &[&str] = match self {
            Self::Brotli => &["br"],
            Self::Gzip => &["gzip", "x-gzip"],
            Self::Identity => &["identity"],
        };
        names.iter().any(|it| it.eq_ignore_ascii_case(name))
    }
}

/// Thousandths, as finely as a `q` can tell.
type Weight = u16;

const FULL: Weight = 1000;
/// `identity` needs no mention to be acceptable, and everything that is mentioned comes before it.
const UNMENTIONED_IDENTITY: Weight = 1;

/// The acceptable encodings, the preferred first; of equally preferred ones the smaller first.
///
/// Without the header a client may not know any encoding, and gets none.
pub(crate) fn accepted(accept_encoding: Option<&str>) -> impl Iterator<Item = Encoding> {
    let mut weighed = Encoding::ALL.map(|it| (weight(it, accept_encoding.unwrap_or_default()), it));
    // Stable: the order of `ALL` decides between equals.
    weighed.sort_by_key(|&(weight, _)| FULL - weight);
    weighed.into_iter().filter(|&(weight, _)| weight > 0).map(|(_, encoding)| encoding)
}

fn weight(encoding: Encoding, accept_encoding: &str) -> Weight {
    let find = |is_it: &dyn Fn(&str) -> bool| {
        accept_encoding.split(',').find_map(|element| {
            let (name, parameters) = element.split_once(';').unwrap_or((element, "q=1"));
            if is_it(name.trim()) { quality(parameters) } else { None }
        })
    };
    let unmentioned = if encoding == Encoding::Identity { UNMENTIONED_IDENTITY } else { 0 };
    find(&|name| encoding.is_named(name))
        .or_else(|| find(&|name| name == "*"))
        .unwrap_or(unmentioned)
}

/// `q=0.25` in thousandths; `None` for anything that is no `q`.
fn quality(parameter: &str) -> Option<Weight> {
    let (name, value) = parameter.split_once('=')?;
    if !name.trim().eq_ignore_ascii_case("q") {
        return None;
    }
    let (whole, fraction) = value.trim().split_once('.').unwrap_or((value.trim(), ""));
    if fraction.len() > 3 || !fraction.bytes().all(|it| it.is_ascii_digit()) {
        return None;
    }
    let thousandths: Weight = format!("{fraction:0<3}").parse().ok()?;
    match (whole, thousandths) {
        ("0", thousandths) => Some(thousandths),
        ("1", 0) => Some(FULL),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(accept_encoding: &str) -> Vec<&'static str> {
        accepted(Some(accept_encoding)).map(|it| it.name().unwrap_or("identity")).collect()
    }

    #[test]
    fn browsers_get_the_smallest_that_they_take() {
        assert_eq!(order("gzip, deflate, br, zstd"), ["br", "gzip", "identity"]);
        // Over plain http from another machine browsers do not name brotli.
        assert_eq!(order("gzip, deflate"), ["gzip", "identity"]);
    }

    #[test]
    fn a_client_that_names_no_encoding_gets_none() {
        assert_eq!(accepted(None).collect::<Vec<_>>(), [Encoding::Identity]);
        assert_eq!(order(""), ["identity"]);
        assert_eq!(order("deflate"), ["identity"]);
    }

    #[test]
    fn the_clients_weights_decide() {
        assert_eq!(order("br;q=0.5, gzip;q=0.8"), ["gzip", "br", "identity"]);
        assert_eq!(order("gzip;q=0.001"), ["gzip", "identity"]);
        assert_eq!(order("identity, gzip;q=0.9"), ["identity", "gzip"]);
        assert_eq!(order("BR ; Q=1.000 , X-GZIP"), ["br", "gzip", "identity"]);
    }

    #[test]
    fn what_a_client_refuses_is_not_sent() {
        assert_eq!(order("br;q=0, gzip"), ["gzip", "identity"]);
        assert_eq!(order("br, identity;q=0"), ["br"]);
        assert_eq!(order("identity;q=0.000"), [""; 0]);
    }

    #[test]
    fn an_asterisk_stands_for_all_that_are_not_named() {
        assert_eq!(order("*"), ["br", "gzip", "identity"]);
        assert_eq!(order("*, br;q=0"), ["gzip", "identity"]);
        assert_eq!(order("gzip;q=0.5, *;q=0"), ["gzip"]);
        assert_eq!(order("*;q=0"), [""; 0]);
        assert_eq!(order("identity, *;q=0"), ["identity"]);
        assert_eq!(order("identity;q=0.5, *;q=0.8"), ["br", "gzip", "identity"]);
    }

    #[test]
    fn what_cannot_be_read_is_left_out() {
        for odd in
            ["gzip;q=2", "gzip;q=-1", "gzip;q=0.1234", "gzip;q=", "gzip;level=9", "gzip;", "🙂"]
        {
            assert_eq!(order(odd), ["identity"], "{odd}");
        }
        assert_eq!(order(",,;;=,gzip;q=1.1;,br"), ["br", "identity"]);
    }
}
