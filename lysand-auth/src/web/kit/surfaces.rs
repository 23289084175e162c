//! Which parts of the library a host mounts.

use actix_web::HttpRequest;
use actix_web::web::Data;

/// A part of the library's routes that a host may leave out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Surface {
    /// OAuth between programs: tokens, revocation, introspection, user info, registration (RFC 7591), metadata.
    OAuth,
    /// Mastodon's API for apps and tokens: `/api/v1/apps`, `/api/v1/tokens`.
    Mastodon,
    /// What a browser walks through: authorize, consent, the code to copy, authorized apps.
    Pages,
    /// Lysand's frontend API: the frontend's configuration, linked identities.
    Lysand,
    /// Single sign-on with identity providers, in the browser and in Lysand's API.
    Sso,
    /// Signing up, and what people do about their own accounts. Off unless it is named (people PPL-218).
    People,
    /// Administration by the people who run the server: Mastodon's admin API about accounts. Off unless it is named.
    Admin,
    /// Clients of SyncTV, where the configuration has them. Off unless it is named.
    Synctv,
    /// Clients of toki-sync, where the configuration has them. Off unless it is named.
    Toki,
    /// Clients of Resonite, where the configuration has them. Off unless it is named.
    Resonite,
}

impl Surface {
    /// Those that are on unless they are left out.
    const USUAL: [Self; 5] = [Self::OAuth, Self::Mastodon, Self::Pages, Self::Lysand, Self::Sso];
    const ALL: [Self; 10] = [
        Self::OAuth,
        Self::Mastodon,
        Self::Pages,
        Self::Lysand,
        Self::Sso,
        Self::People,
        Self::Admin,
        Self::Synctv,
        Self::Toki,
        Self::Resonite,
    ];

    const fn bit(self) -> u32 {
        1 << self as u32
    }
}

/// The parts that a host mounts.
///
/// ```
/// use lysand_auth::web::{Surface, Surfaces};
///
/// let surfaces = Surfaces::all().without(Surface::Sso);
/// assert!(surfaces.has(Surface::OAuth) && !surfaces.has(Surface::Sso));
/// assert_eq!(Surfaces::none().with(Surface::OAuth).iter().count(), 1);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Surfaces(u32);

impl Surfaces {
    /// Everything that is on unless it is left out. What is added to the library later and must be named stays off.
    #[must_use]
    pub const fn all() -> Self {
        let (mut all, mut at) = (Self(0), 0);
        while at < Surface::USUAL.len() {
            all = all.with(Surface::USUAL[at]);
            at += 1;
        }
        all
    }

    /// Nothing, to name what is wanted.
    #[must_use]
    pub const fn none() -> Self {
        Self(0)
    }

    /// The same and a part more.
    #[must_use]
    pub const fn with(self, surface: Surface) -> Self {
        Self(self.0 | surface.bit())
    }

    /// The same without a part.
    #[must_use]
    pub const fn without(self, surface: Surface) -> Self {
        Self(self.0 & !surface.bit())
    }

    /// Whether a part is among them.
    #[must_use]
    pub const fn has(self, surface: Surface) -> bool {
        self.0 & surface.bit() != 0
    }

    /// The parts.
    pub fn iter(self) -> impl Iterator<Item = Surface> {
        Surface::ALL.into_iter().filter(move |surface| self.has(*surface))
    }
}

/// What is mounted in the application that a request came to.
pub(crate) fn of_request(req: &HttpRequest) -> Surfaces {
    req.app_data::<Data<Surfaces>>().map_or_else(Surfaces::all, |surfaces| ***surfaces)
}

impl Default for Surfaces {
    fn default() -> Self {
        Self::all()
    }
}
