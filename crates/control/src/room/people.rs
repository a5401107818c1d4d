//! The people of a room. A person is one browser, whatever its pages and sockets: it is known by the secret of its
//! `hello`, hashed with a key of the room, so that its id tells nothing in another room and to nobody else.

use std::collections::{BTreeMap, HashMap};
use std::time::Instant;

use auth::rate_limit::TokenBucket;
use auth::{Network, Secret};
use hmac::{Hmac, KeyInit, Mac};
use protocol::{DisplayName, PersonId};
use sha1::Sha1;

use crate::limits::{
    ABSENT_PEOPLE, CHAT_BURST, CHAT_PER_SECOND, DEEDS_BURST, DEEDS_PER_SECOND, HOST_CHAT_BURST,
    HOST_CHAT_PER_SECOND, LIKES_BURST, LIKES_PER_SECOND,
};
use crate::session::SessionId;

/// Bytes of the hash that names a person: enough that nobody finds another secret with the same.
const ID_BYTES: usize = 12;

/// Everybody who is in a room, and who was lately.
#[derive(Debug)]
pub(crate) struct People {
    key: u128,
    /// Tells this run of the server from the next, whose sessions have the same names.
    run: u32,
    /// At most [`ABSENT_PEOPLE`] more than are present: see [`Self::forget_oldest`].
    all: HashMap<PersonId, Known>,
    n_absent: usize,
    moderators: BTreeMap<PersonId, Option<DisplayName>>,
}

/// What is known of a person.
#[derive(Debug, Default)]
pub(crate) struct Known {
    pub(crate) name: Option<DisplayName>,
    /// Its pages that are in the room; none when it is gone.
    pub(crate) sessions: Vec<SessionId>,
    /// Where it came from last, when that can be told.
    pub(crate) network: Option<Network>,
    pub(crate) is_invited: bool,
    /// In milliseconds since the Unix epoch.
    pub(crate) muted_until: Option<f64>,
    /// When all were told last that it came in.
    pub(crate) announced: Option<Instant>,
    /// When its last line was taken.
    pub(crate) wrote: Option<Instant>,
    rates: Option<Box<Rates>>,
    left: Option<Instant>,
}

/// How often a person may do what; made when it first does something.
#[derive(Debug)]
struct Rates {
    chat: TokenBucket,
    host_chat: TokenBucket,
    like: TokenBucket,
    react: TokenBucket,
    other: TokenBucket,
}

/// What has a rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Doing {
    Chat,
    HostChat,
    Like,
    React,
    /// A new name, a report.
    Other,
}

impl People {
    /// Nobody. `key` has 128 bits that nobody can guess.
    pub(crate) fn new(key: u128, run: u32) -> Self {
        Self { key, run, all: HashMap::new(), n_absent: 0, moderators: BTreeMap::new() }
    }

    /// The key, to be saved with the room.
    pub(crate) fn key(&self) -> u128 {
        self.key
    }

    /// The id of the person with this secret.
    pub(crate) fn id_of(&self, secret: &Secret) -> PersonId {
        let mac = Hmac::<Sha1>::new_from_slice(&self.key.to_be_bytes());
        let mut mac = mac.expect("a key of any length is taken");
        mac.update(secret.reveal().as_bytes());
        let hash = mac.finalize().into_bytes();
        let hex: String = hash.iter().take(ID_BYTES).map(|byte| format!("{byte:02x}")).collect();
        PersonId::parse(&format!("p{hex}")).expect("letters and digits")
    }

    /// The id of the person of a session without a secret.
    pub(crate) fn id_of_session(&self, session: SessionId) -> PersonId {
        let run = self.run;
        PersonId::parse(&format!("{session}-{run:x}")).expect("letters, digits and a dash")
    }

    pub(crate) fn get(&self, uid: &PersonId) -> Option<&Known> {
        self.all.get(uid)
    }

    pub(crate) fn get_mut(&mut self, uid: &PersonId) -> Option<&mut Known> {
        self.all.get_mut(uid)
    }

    /// Those that are in the room.
    pub(crate) fn present(&self) -> impl Iterator<Item = (&PersonId, &Known)> {
        self.all.iter().filter(|(_, known)| !known.sessions.is_empty())
    }

    /// All that may not write now, with until when.
    pub(crate) fn muted(&self, unix_ms: f64) -> impl Iterator<Item = (&PersonId, f64)> {
        let until = move |known: &Known| known.muted_until.filter(|until| *until > unix_ms);
        self.all.iter().filter_map(move |(uid, known)| Some((uid, until(known)?)))
    }

    /// A page of a person comes in.
    pub(crate) fn enter(
        &mut self,
        uid: &PersonId,
        session: SessionId,
        network: Option<Network>,
    ) -> &mut Known {
        if !self.all.contains_key(uid) {
            self.all.insert(uid.clone(), Known::default());
            self.n_absent += 1;
        }
        let known = self.all.get_mut(uid).expect("it is there");
        if known.sessions.is_empty() {
            self.n_absent -= 1;
        }
        if !known.sessions.contains(&session) {
            known.sessions.push(session);
        }
        known.network = network.or(known.network);
        known.left = None;
        known
    }

    /// A page of a person is gone.
    pub(crate) fn leave(&mut self, uid: &PersonId, session: SessionId, now: Instant) {
        let Some(known) = self.all.get_mut(uid) else { return };
        let n_before = known.sessions.len();
        known.sessions.retain(|it| *it != session);
        if n_before > 0 && known.sessions.is_empty() {
            known.left = Some(now);
            self.n_absent += 1;
            if self.n_absent > ABSENT_PEOPLE {
                self.forget_oldest();
            }
        }
    }

    /// Somebody who is not here may not write until then: it was so before the server was started.
    pub(crate) fn mute_absent(&mut self, uid: PersonId, until: f64) {
        if self.n_absent < ABSENT_PEOPLE && !self.all.contains_key(&uid) {
            self.n_absent += 1;
            self.all.insert(uid, Known { muted_until: Some(until), ..Known::default() });
        }
    }

    /// Forgets half of those that are gone: first who may write, then who left first.
    fn forget_oldest(&mut self) {
        let absent = self.all.iter().filter(|(_, known)| known.sessions.is_empty());
        let mut absent: Vec<_> = absent
            .map(|(uid, known)| (known.muted_until.is_some(), known.left, uid.clone()))
            .collect();
        absent.sort();
        for (_, _, uid) in &absent[..absent.len() / 2] {
            self.all.remove(uid);
        }
        self.n_absent = absent.len() - absent.len() / 2;
    }

    /// Takes one of what a person may do now; otherwise how many milliseconds to wait.
    pub(crate) fn take(&mut self, uid: &PersonId, doing: Doing, now: Instant) -> Result<(), u32> {
        let Some(known) = self.all.get_mut(uid) else { return Err(1000) };
        let rates = known.rates.get_or_insert_with(|| Box::new(Rates::new(now)));
        let bucket = match doing {
            Doing::Chat => &mut rates.chat,
            Doing::HostChat => &mut rates.host_chat,
            Doing::Like => &mut rates.like,
            Doing::React => &mut rates.react,
            Doing::Other => &mut rates.other,
        };
        if bucket.take(now) {
            return Ok(());
        }
        let ms = bucket.wait(now).as_millis() + 1;
        Err(u32::try_from(ms).unwrap_or(u32::MAX))
    }

    // Moderators.

    pub(crate) fn is_moderator(&self, uid: &PersonId) -> bool {
        self.moderators.contains_key(uid)
    }

    pub(crate) fn moderators(&self) -> &BTreeMap<PersonId, Option<DisplayName>> {
        &self.moderators
    }

    /// Makes a person a moderator, or takes that back; whether anything changed.
    pub(crate) fn promote(&mut self, uid: PersonId, name: Option<DisplayName>, on: bool) -> bool {
        if on {
            self.moderators.insert(uid, name).is_none()
        } else {
            self.moderators.remove(&uid).is_some()
        }
    }
}

impl Rates {
    fn new(now: Instant) -> Self {
        let likes = || TokenBucket::new(LIKES_PER_SECOND, LIKES_BURST, now);
        Self {
            chat: TokenBucket::new(CHAT_PER_SECOND, CHAT_BURST, now),
            host_chat: TokenBucket::new(HOST_CHAT_PER_SECOND, HOST_CHAT_BURST, now),
            like: likes(),
            react: likes(),
            other: TokenBucket::new(DEEDS_PER_SECOND, DEEDS_BURST, now),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_person_has_one_id_in_a_room_and_another_in_the_next() {
        let (ours, theirs) = (Secret::new("a secret"), Secret::new("another"));
        let (here, there) = (People::new(1, 0), People::new(2, 0));
        assert_eq!(here.id_of(&ours), here.id_of(&ours));
        assert_ne!(here.id_of(&ours), here.id_of(&theirs));
        assert_ne!(here.id_of(&ours), there.id_of(&ours));
    }

    #[test]
    fn who_is_gone_is_forgotten_at_last_and_who_may_not_write_is_not() {
        let now = Instant::now();
        let mut people = People::new(1, 0);
        let uid = |n: usize| PersonId::parse(&format!("p{n}")).unwrap();
        let n = 3 * ABSENT_PEOPLE;
        for i in 0..n {
            let session = SessionId(i as u64);
            people.enter(&uid(i), session, None);
            if i == 0 {
                people.get_mut(&uid(0)).unwrap().muted_until = Some(1.0);
            }
            people.leave(&uid(i), session, now + std::time::Duration::from_millis(i as u64));
        }
        assert!(people.all.len() <= ABSENT_PEOPLE);
        assert!(people.get(&uid(0)).is_some() && people.get(&uid(n - 1)).is_some());
        assert!(people.get(&uid(1)).is_none());
    }
}
