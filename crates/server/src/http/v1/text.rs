//! What people call things.

use super::operator::bad;
use crate::problem::Problem;

/// Characters of a name, at most.
const NAME_CHARS: usize = 64;

/// A name, without spaces around it.
pub(super) fn name_of(text: &str) -> Result<&str, Problem> {
    let name = text.trim();
    let n = name.chars().count();
    if n == 0 || n > NAME_CHARS || name.chars().any(char::is_control) {
        return Err(bad(format!("name has to be one line of 1 to {NAME_CHARS} characters")));
    }
    Ok(name)
}
