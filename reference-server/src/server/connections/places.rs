//! Places for connections: how many there are, how many of them one address may have, and who gives theirs up when they become
//! few (faults F2).

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use ipnet::IpNet;
use lysand_auth::config::source_of;
use tokio::sync::Notify;
use tokio::time::Instant;

/// How long a new connection waits for the one whose place it takes.
const PATIENCE: Duration = Duration::from_secs(1);

/// How many places there are.
#[derive(Clone, Debug)]
pub(super) struct Limits {
    /// Connections at the same time.
    pub(super) connections: usize,
    /// Connections of one address at the same time; IPv6 counts by /64.
    pub(super) per_address: usize,
    /// Whose connections are not counted by address, because they bring those of many people.
    pub(super) trusted_proxies: Vec<IpNet>,
}

/// All places of the process, shared by its workers.
#[derive(Debug)]
pub(super) struct Places {
    limits: Limits,
    begun: Instant,
    taken: Mutex<Taken>,
    /// Told of each place that is given back.
    freed: Notify,
}

#[derive(Debug, Default)]
struct Taken {
    last: u64,
    open: HashMap<u64, Arc<Holder>>,
    /// Places of each address that were not given up.
    shares: HashMap<String, usize>,
}

/// Who has a place.
#[derive(Debug)]
struct Holder {
    /// The address by which the place is counted.
    share: Option<String>,
    /// When the connection last made progress, in milliseconds since the places exist.
    progressed: AtomicU64,
    given_up: AtomicBool,
    leave: Notify,
}

/// One place, given back when it is dropped.
#[derive(Debug)]
pub(super) struct Place {
    places: Arc<Places>,
    number: u64,
    holder: Arc<Holder>,
}

impl Places {
    pub(super) fn new(limits: Limits) -> Self {
        Self { limits, begun: Instant::now(), taken: Mutex::default(), freed: Notify::new() }
    }

    /// A place for a connection from `peer`, for which it waits a moment when all are taken: somebody is leaving then.
    pub(super) async fn wait(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let waiting = async {
            loop {
                match self.take(peer) {
                    Some(place) => return place,
                    None => self.freed.notified().await,
                }
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.ok()
    }

    /// A place for a connection from `peer`, if one is free. When its address has used up its share, or nine tenths of all places are taken,
    /// the connection that made no progress for longest gives up its own.
    fn take(self: &Arc<Self>, peer: IpAddr) -> Option<Place> {
        let peer = peer.to_canonical();
        let is_proxy = self.limits.trusted_proxies.iter().any(|network| network.contains(&peer));
        let share = (!is_proxy).then(|| source_of(peer));
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if taken.open.len() >= self.limits.connections {
            if !taken.open.values().any(|holder| holder.given_up.load(Ordering::Relaxed)) {
                taken.make_room(|_| true);
            }
            return None;
        }
        if let Some(share) = &share
            && taken.shares.get(share).is_some_and(|places| *places >= self.limits.per_address)
        {
            taken.make_room(|holder| holder.share.as_ref() == Some(share));
        } else if taken.open.len() >= self.limits.connections - self.limits.connections / 10 {
            taken.make_room(|_| true);
        }
        if let Some(share) = &share {
            *taken.shares.entry(share.clone()).or_default() += 1;
        }
        taken.last += 1;
        let number = taken.last;
        let progressed = AtomicU64::new(self.elapsed());
        let holder = Holder { share, progressed, given_up: AtomicBool::new(false), leave: Notify::new() };
        let holder = Arc::new(holder);
        taken.open.insert(number, Arc::clone(&holder));
        Some(Place { places: Arc::clone(self), number, holder })
    }

    fn elapsed(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX)
    }
}

impl Taken {
    /// Asks the connection that made no progress for longest, of those that `may` be asked, to leave.
    fn make_room(&mut self, may: impl Fn(&Holder) -> bool) {
        let staying = self.open.iter().filter(|(_, holder)| !holder.given_up.load(Ordering::Relaxed) && may(holder));
        let longest = staying.min_by_key(|(number, holder)| (holder.progressed.load(Ordering::Relaxed), **number));
        if let Some(holder) = longest.map(|(_, holder)| Arc::clone(holder)) {
            self.give_up(&holder);
            holder.leave.notify_one();
        }
    }

    /// From now on the place does not count for its address.
    fn give_up(&mut self, holder: &Holder) {
        if holder.given_up.swap(true, Ordering::Relaxed) {
            return;
        }
        let Some(share) = &holder.share else { return };
        if let Some(places) = self.shares.get_mut(share) {
            *places -= 1;
            if *places == 0 {
                self.shares.remove(share);
            }
        }
    }
}

impl Place {
    /// The connection did something: it is not the next to leave.
    pub(super) fn progressed(&self) {
        self.holder.progressed.store(self.places.elapsed(), Ordering::Relaxed);
    }

    /// Waits until the place is needed for another connection.
    pub(super) async fn wanted(&self) {
        self.holder.leave.notified().await;
    }

    /// The connection is to leave, for a reason of its own.
    pub(super) fn leave(&self) {
        self.holder.leave.notify_one();
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut taken = self.places.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.give_up(&self.holder);
        taken.open.remove(&self.number);
        drop(taken);
        self.places.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    fn places(connections: usize, per_address: usize) -> Arc<Places> {
        let trusted_proxies = vec!["10.0.0.0/8".parse().unwrap()];
        Arc::new(Places::new(Limits { connections, per_address, trusted_proxies }))
    }

    fn is_wanted(place: &Place) -> bool {
        place.wanted().now_or_never().is_some()
    }

    #[test]
    fn place_of_longest_stalled_connection_is_given_up_above_nine_tenths() {
        let places = places(10, 100);
        let mut taken: Vec<Place> = Vec::new();
        for last in 1..=9 {
            taken.push(places.take(IpAddr::from([192, 0, 2, last])).unwrap());
            taken[usize::from(last) - 1].holder.progressed.store(last.into(), Ordering::Relaxed);
        }
        taken[0].holder.progressed.store(1_000, Ordering::Relaxed);
        assert!(!taken.iter().any(is_wanted), "there is room for nine");
        let tenth = places.take(IpAddr::from([192, 0, 2, 100])).unwrap();
        tenth.holder.progressed.store(1_001, Ordering::Relaxed);
        assert!(is_wanted(&taken[1]), "the first one made progress");
        assert!(places.take(IpAddr::from([192, 0, 2, 101])).is_none(), "nobody left yet");
        taken.remove(1);
        let _eleventh = places.take(IpAddr::from([192, 0, 2, 101])).unwrap();
        assert!(is_wanted(&taken[1]) && !is_wanted(&tenth));
    }

    #[test]
    fn place_share_of_an_address_is_limited_and_proxies_have_none() {
        let places = places(1_000, 3);
        let v6 = |last: u16| IpAddr::from([0x2001, 0xdb8, 0, 1, 0, 0, 0, last]);
        let mut taken: Vec<Place> = (1..=3).map(|last| places.take(v6(last)).unwrap()).collect();
        let other = places.take(IpAddr::from([0x2001, 0xdb8, 0, 2, 0, 0, 0, 1])).unwrap();
        taken.push(places.take(v6(4)).unwrap());
        let wanted: Vec<bool> = taken.iter().map(is_wanted).collect();
        assert_eq!(wanted, [true, false, false, false], "one network keeps three places");
        taken.clear();
        assert!(!is_wanted(&other));
        let proxied: Vec<Place> = (0..50).map(|_| places.take(IpAddr::from([10, 0, 0, 1])).unwrap()).collect();
        assert!(!proxied.iter().any(is_wanted));
        drop((proxied, other));
        let left = places.taken.lock().unwrap();
        assert!(left.open.is_empty() && left.shares.is_empty());
    }
}
