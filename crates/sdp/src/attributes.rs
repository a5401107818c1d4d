//! The `a=` lines of a session or a media description.

/// Names and values, in order. A flag has an empty value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attributes<'a>(Vec<(&'a str, &'a str)>);

impl<'a> Attributes<'a> {
    pub(crate) fn with_capacity(n: usize) -> Self {
        Self(Vec::with_capacity(n))
    }

    pub(crate) fn push(&mut self, name: &'a str, value: &'a str) {
        self.0.push((name, value));
    }

    /// Names and values, in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&'a str, &'a str)> + Clone {
        self.0.iter().copied()
    }

    /// The values of all attributes of this name.
    pub fn all(&self, name: &str) -> impl DoubleEndedIterator<Item = &'a str> {
        self.0.iter().filter(move |it| it.0 == name).map(|it| it.1)
    }

    /// The value of the first attribute of this name.
    pub fn get(&self, name: &str) -> Option<&'a str> {
        self.all(name).next()
    }

    /// Whether there is an attribute of this name.
    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|it| it.0 == name)
    }

    /// The number of attributes.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn at(&self, index: usize) -> Option<(&'a str, &'a str)> {
        self.0.get(index).copied()
    }
}
