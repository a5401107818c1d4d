//! What is printed: tables for people.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

/// A table, or a sentence when there is nothing in it.
pub(super) fn table(head: &[&str], rows: &[Vec<String>], nothing: &str) -> String {
    if rows.is_empty() {
        return format!("{nothing}\n");
    }
    let width = |n: usize| {
        let cells = rows.iter().filter_map(|row| row.get(n)).map(|cell| cell.chars().count());
        cells.chain(head.get(n).map(|it| it.len())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..head.len()).map(width).collect();
    let line = |cells: Vec<String>| {
        let cells = cells.iter().zip(&widths).map(|(cell, width)| {
            let pad = width.saturating_sub(cell.chars().count());
            format!("{cell}{}", " ".repeat(pad))
        });
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    let head = line(head.iter().map(ToString::to_string).collect());
    rows.iter().cloned().map(line).fold(head, |text, row| text + &row)
}

/// A field as text.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Null => "-".into(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// A time of milliseconds since the Unix epoch.
pub(super) fn time(value: &Value) -> String {
    let Some(ms) = value.as_i64() else { return "-".into() };
    let Ok(at) = Timestamp::from_millisecond(ms) else { return "-".into() };
    at.to_zoned_datetime(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
}

/// The entries of a list.
pub(super) fn items(value: &Value) -> &[Value] {
    let items = value.get("items").unwrap_or(value);
    items.as_array().map(Vec::as_slice).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_what_is_in_them() {
        let rows = [vec!["studio".into(), "3".into()], vec!["大厅".into(), "12".into()]];
        assert_eq!(
            table(&["ROOM", "VIEWERS"], &rows, ""),
            "ROOM    VIEWERS\nstudio  3\n大厅      12\n"
        );
        assert_eq!(table(&["ROOM"], &[], "no rooms"), "no rooms\n");
    }
}
