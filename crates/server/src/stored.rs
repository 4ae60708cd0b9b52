//! Enums that the database holds as text.

/// An enum with `as_str`, its text in the database and in events, and `parse`, the way back.
macro_rules! stored_enum {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum $name { $($(#[$variant_doc])* $variant,)* }

        impl $name {
            /// As it is stored and told.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)* }
            }
            /// From what is stored.
            ///
            /// # Errors
            /// `INTERNAL` for anything else.
            pub fn parse(text: &str) -> Result<Self, crate::error::Error> {
                match text {
                    $($text => Ok(Self::$variant),)*
                    _ => Err(crate::error::Error::internal(concat!("unknown ", stringify!($name)))),
                }
            }
        }
    };
}
pub(crate) use stored_enum;
