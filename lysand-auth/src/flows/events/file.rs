//! The log of events as a file (people PPL-149): written piece by piece, so that neither memory nor the database holds all of it.

use super::query::EventQuery;
use crate::auth::Auth;
use crate::error::Error;
use crate::model::caller::Caller;
use crate::model::event::{Actor, EventKind};
use crate::model::event_file::{EVENT_COLUMNS, event_as_csv, event_as_json};
use crate::model::list_page::RowSpan;
use crate::steps;
use crate::store::events::{self, Wanted};

/// How many events are read at a time.
const PIECE: usize = 1_000;
/// How many are in a file at most: the newest.
const MOST: usize = 100_000;

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileFormat {
    /// RFC 4180, with a line of names first. No cell is a formula.
    Csv,
    /// One array of objects.
    Json,
}

impl FileFormat {
    /// What the name of such a file ends in.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Json => "json",
        }
    }

    /// The format of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [Self::Csv, Self::Json].into_iter().find(|format| format.name() == name)
    }
}

/// Where a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Begin,
    Rows,
    End,
}

/// A file of events that is being written.
#[derive(Debug)]
pub struct EventFile {
    auth: Auth,
    format: FileFormat,
    wanted: Wanted,
    span: RowSpan,
    written: usize,
    place: Place,
}

impl EventFile {
    /// Begins a file, which is recorded.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn begin(
        auth: &Auth,
        query: &EventQuery,
        format: FileFormat,
        by: Actor,
        caller: &Caller,
    ) -> Result<Self, Error> {
        let exported = steps::events::event(auth, EventKind::EventsExported, caller).by(by);
        let exported = exported.with("format", format.name());
        auth.store().write_one(move |c| Box::pin(events::add(c, exported))).await?;
        let most = i64::try_from(PIECE).unwrap_or(i64::MAX);
        let span = RowSpan { after: String::new(), before: query.before.clone(), oldest_first: false, most };
        let wanted = query.wanted(auth.config().sessions.networks);
        Ok(Self { auth: auth.clone(), format, wanted, span, written: 0, place: Place::Begin })
    }

    /// The next piece; `None` after the last. A file whose pieces fail has no end.
    ///
    /// # Errors
    /// When the database does not answer.
    pub async fn next(&mut self) -> Result<Option<String>, Error> {
        match self.place {
            Place::Begin => {
                self.place = Place::Rows;
                Ok(Some(match self.format {
                    FileFormat::Csv => format!("{}\r\n", EVENT_COLUMNS.join(",")),
                    FileFormat::Json => "[".to_owned(),
                }))
            }
            Place::Rows => self.rows().await.map(Some),
            Place::End => Ok(None),
        }
    }

    async fn rows(&mut self) -> Result<String, Error> {
        let (wanted, span) = (self.wanted.clone(), self.span.clone());
        let found = self.auth.store().read(move |c| Box::pin(async move { events::some(c, &wanted, &span).await }));
        let mut found = found.await?;
        let is_last = found.len() < PIECE;
        found.truncate(MOST - self.written);
        let mut text = String::new();
        for event in &found {
            match self.format {
                FileFormat::Csv => text += &event_as_csv(event),
                FileFormat::Json => {
                    text += if self.written == 0 { "\n" } else { ",\n" };
                    text += &event_as_json(event).to_string();
                }
            }
            self.written += 1;
        }
        self.span.before = found.last().map(|event| event.id.clone()).or(self.span.before.take());
        if is_last || self.written >= MOST {
            self.place = Place::End;
            if self.format == FileFormat::Json {
                text += "\n]\n";
            }
        }
        Ok(text)
    }
}
