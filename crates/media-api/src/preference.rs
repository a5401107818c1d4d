//! Which layer a viewer asks for, and why it gets the one it gets.

/// What a viewer wants of the picture. Sound goes on in any case.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preference {
    /// The most that it wants. Less is sent when its link carries less.
    pub cap: Cap,
    /// Nobody sees the picture: none is sent until somebody does.
    pub is_hidden: bool,
}

/// The most that a viewer wants.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Cap {
    /// The best that its link carries.
    #[default]
    None,
    /// The layer of this `rid`; the one nearest to it where it is not, or else the best.
    Layer(String),
    /// No picture.
    SoundOnly,
}

/// Why a viewer is sent no better layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// It wants no better one.
    Viewer,
    /// Its link carries no better one.
    Link,
    /// There is no better one.
    Publisher,
    /// Nobody sees it.
    Hidden,
}
