//! The toy's event streams.

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context, Poll};

use hyper::Method;
use hyper::body::{Body as HttpBody, Bytes, Frame};
use tokio::sync::mpsc;

use super::{Response, empty, respond};

/// A body that is there, or one that comes.
#[derive(Default)]
pub(crate) struct Body {
    text: Option<String>,
    events: Option<mpsc::UnboundedReceiver<String>>,
}

impl<T: Into<String>> From<T> for Body {
    fn from(text: T) -> Self {
        Self { text: Some(text.into()).filter(|it| !it.is_empty()), events: None }
    }
}

impl HttpBody for Body {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        if let Some(text) = self.text.take() {
            return Poll::Ready(Some(Ok(Frame::data(text.into()))));
        }
        match &mut self.events {
            Some(events) => events.poll_recv(cx).map(|it| it.map(|it| Ok(Frame::data(it.into())))),
            None => Poll::Ready(None),
        }
    }

    fn is_end_stream(&self) -> bool {
        self.text.is_none() && self.events.is_none()
    }

    fn size_hint(&self) -> hyper::body::SizeHint {
        match (&self.text, &self.events) {
            (Some(text), _) => hyper::body::SizeHint::with_exact(text.len() as u64),
            (None, None) => hyper::body::SizeHint::with_exact(0),
            (None, Some(_)) => hyper::body::SizeHint::default(),
        }
    }
}

struct Stream {
    names: Vec<String>,
    sender: mpsc::UnboundedSender<String>,
    /// Until it is asked for.
    receiver: Option<mpsc::UnboundedReceiver<String>>,
}

pub(crate) struct Events {
    fault: &'static str,
    streams: Mutex<HashMap<String, Stream>>,
}

impl Events {
    pub(crate) fn new(fault: &'static str) -> Self {
        Self { fault, streams: Mutex::default() }
    }

    pub(crate) fn open(&self, id: &str, names: Vec<String>, is_live: bool) {
        let (sender, receiver) = mpsc::unbounded_channel();
        let stream = Stream { names, sender, receiver: Some(receiver) };
        let layers = match self.fault {
            "events-layers" => r#"{"1":[{"bitrate":1}]}"#,
            _ => r#"{"1":[{"rid":"h","bitrate":1}]}"#,
        };
        self.send(&stream, "layers", layers);
        if is_live {
            self.send(&stream, "active", "{}");
        }
        self.streams.lock().unwrap().insert(id.to_owned(), stream);
    }

    pub(crate) fn viewers(&self, n: usize) -> String {
        match self.fault {
            "events-viewers" => format!("{{\"viewers\":{n}}}"),
            _ => format!("{{\"viewercount\":{n}}}"),
        }
    }

    /// Tells all streams that asked for it.
    pub(crate) fn tell(&self, name: &str, data: &str) {
        for stream in self.streams.lock().unwrap().values() {
            if self.fault == "events-queued" && stream.receiver.is_some() {
                continue;
            }
            self.send(stream, name, data);
        }
    }

    fn send(&self, stream: &Stream, name: &str, data: &str) {
        let is_asked = stream.names.iter().any(|it| it == name) || self.fault == "events-asked";
        let is_lost = matches!(
            (self.fault, name),
            ("events-active", "active") | ("events-inactive", "inactive")
        );
        if !is_asked || is_lost {
            return;
        }
        let text = match self.fault {
            "events-form" => format!("event: {name}\ndata: {data}\ndata: \n\n"),
            _ => format!("event: {name}\ndata: {data}\n\n"),
        };
        _ = stream.sender.send(text);
    }

    pub(crate) fn remove(&self, id: &str) {
        self.streams.lock().unwrap().remove(id);
    }

    pub(crate) fn stream(&self, method: &Method, id: &str) -> Response {
        if *method == Method::DELETE {
            if self.fault != "events-deleted" {
                self.remove(id);
            }
            return empty(200);
        }
        let mut streams = self.streams.lock().unwrap();
        let Some(stream) = streams.get_mut(id) else { return empty(404) };
        let kind = match self.fault {
            "events-stream" => "text/plain",
            _ => "text/event-stream",
        };
        let body = Body { text: None, events: stream.receiver.take() };
        respond(200).header("content-type", kind).body(body).unwrap()
    }
}
