//! The body of `GET /oembed`, by oembed.com.

use serde::{Deserialize, Serialize};

/// How to show a room on a page of others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OEmbed {
    /// `1.0`.
    pub version: String,
    /// `video`.
    #[serde(rename = "type")]
    pub kind: String,
    /// As the pages call themselves.
    pub provider_name: String,
    /// Address of the server's first page.
    pub provider_url: String,
    /// What the broadcast is called, or else the room.
    pub title: String,
    /// Who hosts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub author_name: Option<String>,
    /// How long the answer may be kept, in seconds.
    pub cache_age: u32,
    /// A frame.
    pub html: String,
    /// Of the frame, in CSS pixels.
    pub width: u32,
    /// Of the frame, in CSS pixels.
    pub height: u32,
    /// Address of a picture; it comes with its size.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail_url: Option<String>,
    /// In pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail_width: Option<u32>,
    /// In pixels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thumbnail_height: Option<u32>,
}
