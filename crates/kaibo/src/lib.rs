//! kaibo
