//! The macro that makes three things of one list of knobs: the configuration, its overlay (the form of the file and of
//! the flags, in which everything may be absent), and the ways between them.

/// Knobs with a default come first, then those without (`?`), then tables (`>`).
macro_rules! knobs {
    (
        $(#[doc = $about:expr])*
        $config:ident, $overlay:ident {
            $( $(#[doc = $doc:expr])* $name:ident: [$($ty:tt)+] = $default:expr, ($($arg:tt)*); )*
            $( ? $(#[doc = $odoc:expr])* $oname:ident: [$($oty:tt)+], ($($oarg:tt)*); )*
            $( > $(#[doc = $tdoc:expr])* $tname:ident: $tconfig:ident, $toverlay:ident; )*
        }
    ) => {
        $(#[doc = $about])*
        #[derive(Debug, Clone)]
        pub struct $config {
            $( $(#[doc = $doc])* pub $name: $($ty)+, )*
            $( $(#[doc = $odoc])* pub $oname: Option<$($oty)+>, )*
            $( $(#[doc = $tdoc])* pub $tname: $tconfig, )*
        }

        $(#[doc = $about])*
        ///
        /// What one source (flags and environment, or the file) says; what is absent is left to the next.
        #[derive(
            Debug, Clone, Default, PartialEq, serde::Deserialize, serde::Serialize, clap::Args,
        )]
        #[serde(deny_unknown_fields)]
        pub struct $overlay {
            $( $(#[doc = $doc])* #[arg($($arg)*)] pub $name: Option<$($ty)+>, )*
            $( $(#[doc = $odoc])* #[arg($($oarg)*)] pub $oname: Option<$($oty)+>, )*
            $( $(#[doc = $tdoc])* #[serde(default)] #[command(flatten)] pub $tname: $toverlay, )*
        }

        impl Default for $config {
            fn default() -> Self {
                Self::over_defaults($overlay::default())
            }
        }

        impl $config {
            pub(super) fn over_defaults(overlay: $overlay) -> Self {
                Self {
                    $( $name: overlay.$name.unwrap_or_else(|| $default), )*
                    $( $oname: overlay.$oname, )*
                    $( $tname: $tconfig::over_defaults(overlay.$tname), )*
                }
            }

            /// The names of all knobs, each after that of its table.
            pub(super) fn names_into(table: &str, into: &mut Vec<String>) {
                $( into.push(format!("{table}{}", stringify!($name))); )*
                $( into.push(format!("{table}{}", stringify!($oname))); )*
                $( $tconfig::names_into(concat!(stringify!($tname), "."), into); )*
            }

            /// The names of knobs whose values are not those of another.
            pub(super) fn differing(&self, other: &Self, table: &str, into: &mut Vec<String>) {
                $( if self.$name != other.$name {
                    into.push(format!("{table}{}", stringify!($name)));
                } )*
                $( if self.$oname != other.$oname {
                    into.push(format!("{table}{}", stringify!($oname)));
                } )*
                $( self.$tname.differing(
                    &other.$tname, concat!(stringify!($tname), "."), into,
                ); )*
            }

            /// Takes the values of knobs from another, of those that are asked for by name.
            pub(super) fn take(&mut self, from: &Self, table: &str, asked: &dyn Fn(&str) -> bool) {
                $( if asked(&format!("{table}{}", stringify!($name))) {
                    self.$name = from.$name.clone();
                } )*
                $( if asked(&format!("{table}{}", stringify!($oname))) {
                    self.$oname = from.$oname.clone();
                } )*
                $( self.$tname.take(&from.$tname, concat!(stringify!($tname), "."), asked); )*
            }

            pub(super) fn to_overlay(&self) -> $overlay {
                $overlay {
                    $( $name: Some(self.$name.clone()), )*
                    $( $oname: self.$oname.clone(), )*
                    $( $tname: self.$tname.to_overlay(), )*
                }
            }
        }

        impl $overlay {
            /// This overlay over another: what is absent here is taken from there.
            #[must_use]
            pub fn or(self, under: Self) -> Self {
                Self {
                    $( $name: self.$name.or(under.$name), )*
                    $( $oname: self.$oname.or(under.$oname), )*
                    $( $tname: self.$tname.or(under.$tname), )*
                }
            }
        }
    };
}

pub(super) use knobs;
