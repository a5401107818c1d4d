//! Stories of the keeper on virtual time, and of the CA's answers without a network.

mod answers;
mod keeping;
