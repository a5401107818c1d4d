//! The known word that a mistyped one is nearest to.

/// The nearest of some words, if it is so near that it was meant: one letter in four is wrong at most, and
/// no more than two.
pub(crate) fn nearest<'a>(word: &str, known: impl Iterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    let distance = |it: &'a str| (strsim::damerau_levenshtein(&word, &it.to_lowercase()), it);
    let (wrong, nearest) = known.map(distance).min_by_key(|(wrong, _)| *wrong)?;
    (wrong <= nearest.len().div_ceil(4).min(2)).then_some(nearest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_near_or_it_is_not_meant() {
        let known = || ["log", "listen", "publish_key"].into_iter();
        for (word, meant) in [
            ("lsiten", Some("listen")),
            ("LISTN", Some("listen")),
            ("publishkey", Some("publish_key")),
            ("logs", Some("log")),
            ("tag", None),
            ("port", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, known()), meant, "{word}");
        }
    }
}
