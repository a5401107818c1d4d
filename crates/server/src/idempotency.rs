//! Which values of `Idempotency-Key` were seen, and what was answered. In memory alone: answers hold secrets that are kept nowhere.

use std::collections::{HashMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};

/// Keys that are remembered: some for each of the rooms, keys and tokens that a program makes in a day.
pub(crate) const ANSWERS: usize = 1_000;

/// How long a key is remembered.
pub(crate) const ANSWER_LIFETIME: Duration = Duration::from_secs(86_400);

/// Bytes of an answer: what POST answers with has a few hundred.
pub(crate) const ANSWER_BYTES: usize = 64 * 1024;

/// What requests were answered; clones are the same.
#[derive(Debug, Clone, Default)]
pub(crate) struct Idempotency(Arc<Mutex<Answers>>);

impl Idempotency {
    /// Looks at it, or changes it.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut Answers) -> T) -> T {
        act(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What a request was answered.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// What is known of a key.
#[derive(Debug)]
pub(crate) enum Begun {
    /// Nothing: it has begun now.
    New,
    /// It was answered.
    Answered(Answer),
    /// The same request is being answered.
    Running,
    /// It came with another request.
    Other,
    /// All places are taken by requests that are being answered.
    Full,
}

#[derive(Debug)]
struct Entry {
    /// What was asked.
    asked: u64,
    since: Instant,
    answer: Option<Answer>,
}

/// Requests by their keys, [`ANSWERS`] at most.
#[derive(Debug, Default)]
pub(crate) struct Answers {
    entries: HashMap<String, Entry>,
    /// The keys, the oldest first. One that was forgotten and came again stands here twice until its first turn.
    order: VecDeque<(Instant, String)>,
}

impl Answers {
    /// Begins a request, unless its key is known.
    pub(crate) fn begin(&mut self, key: &str, asked: u64, now: Instant) -> Begun {
        self.drop_old(now);
        match self.entries.get(key) {
            Some(entry) if entry.asked != asked => return Begun::Other,
            Some(Entry { answer: Some(answer), .. }) => return Begun::Answered(answer.clone()),
            Some(_) => return Begun::Running,
            None => {}
        }
        if self.entries.len() >= ANSWERS && !self.drop_oldest_answered() {
            return Begun::Full;
        }
        self.entries.insert(key.to_owned(), Entry { asked, since: now, answer: None });
        self.order.push_back((now, key.to_owned()));
        Begun::New
    }

    /// It was answered.
    pub(crate) fn end(&mut self, key: &str, answer: Answer) {
        if let Some(entry) = self.entries.get_mut(key) {
            entry.answer = Some(answer);
        }
    }

    /// It was refused, or not answered at all.
    pub(crate) fn forget(&mut self, key: &str) {
        self.entries.remove(key);
        // Half of the places at most are of keys that are gone.
        if self.order.len() > 2 * ANSWERS {
            let entries = &self.entries;
            self.order.retain(|it| is_of(entries, it));
        }
    }

    fn drop_old(&mut self, now: Instant) {
        while let Some(first) = self.order.front() {
            let is_here = is_of(&self.entries, first);
            if is_here && now.saturating_duration_since(first.0) < ANSWER_LIFETIME {
                return;
            }
            if let Some((_, key)) = self.order.pop_front()
                && is_here
            {
                self.entries.remove(&key);
            }
        }
    }

    fn drop_oldest_answered(&mut self) -> bool {
        let entries = &self.entries;
        let is_answered = |it: &(Instant, String)| {
            is_of(entries, it) && entries.get(&it.1).is_some_and(|entry| entry.answer.is_some())
        };
        let Some(i) = self.order.iter().position(is_answered) else { return false };
        let oldest = self.order.remove(i).map(|(_, key)| key);
        oldest.is_some_and(|key| self.entries.remove(&key).is_some())
    }
}

fn is_of(entries: &HashMap<String, Entry>, (since, key): &(Instant, String)) -> bool {
    entries.get(key).is_some_and(|entry| entry.since == *since)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(body: &'static str) -> Answer {
        let (status, headers) = (StatusCode::CREATED, HeaderMap::new());
        Answer { status, headers, body: Bytes::from_static(body.as_bytes()) }
    }

    fn body(begun: &Begun) -> &[u8] {
        let Begun::Answered(answer) = begun else { panic!("{begun:?}") };
        &answer.body
    }

    #[test]
    fn a_key_has_one_answer_for_a_day() {
        let (mut answers, now) = (Answers::default(), Instant::now());
        assert!(matches!(answers.begin("k", 1, now), Begun::New));
        assert!(matches!(answers.begin("k", 1, now), Begun::Running));
        answers.end("k", answer("made"));
        let later = now + ANSWER_LIFETIME - Duration::from_secs(1);
        assert_eq!(body(&answers.begin("k", 1, later)), b"made");
        assert!(matches!(answers.begin("k", 2, later), Begun::Other));
        assert!(matches!(answers.begin("k", 1, now + ANSWER_LIFETIME), Begun::New));
    }

    #[test]
    fn a_refused_request_may_come_again() {
        let (mut answers, now) = (Answers::default(), Instant::now());
        for i in 0..10_000 {
            assert!(matches!(answers.begin("k", i, now), Begun::New));
            answers.forget("k");
        }
        assert!(answers.order.len() <= 2 * ANSWERS);
    }

    #[test]
    fn when_there_is_no_place_the_oldest_answer_is_forgotten_and_no_request_that_runs() {
        let (mut answers, now) = (Answers::default(), Instant::now());
        let at = |i: usize| now + Duration::from_secs(i as u64);
        for i in 0..ANSWERS {
            answers.begin(&i.to_string(), 0, at(i));
        }
        assert!(matches!(answers.begin("one more", 0, at(ANSWERS)), Begun::Full));
        answers.end("7", answer("seven"));
        answers.end("8", answer("eight"));
        assert!(matches!(answers.begin("one more", 0, at(ANSWERS)), Begun::New));
        assert!(matches!(answers.begin("0", 0, at(ANSWERS)), Begun::Running));
        assert_eq!(body(&answers.begin("8", 0, at(ANSWERS))), b"eight");
    }
}
