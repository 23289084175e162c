//! A database for one test.

use std::path::PathBuf;

use crate::ambient::Ambient;
use crate::secret::Secret;
use crate::store::{MigrationSet, Store, StoreError};

/// A fresh SQLite database in a folder of its own, which goes with this value.
#[derive(Debug)]
pub struct ScratchStore {
    store: Store,
    folder: PathBuf,
}

impl ScratchStore {
    /// Makes one and applies these migrations: the library's ([`MIGRATIONS`](crate::store::MIGRATIONS)), and the host's.
    ///
    /// # Errors
    /// When the folder for temporary files cannot be written, or a migration fails.
    pub async fn open(sets: &'static [MigrationSet]) -> Result<Self, StoreError> {
        let folder = std::env::temp_dir().join(format!("lysand-auth-{}", Ambient::system().id()));
        let url = Secret::new(format!("sqlite:{}", folder.join("scratch.sqlite3").display()));
        let scratch = Self { store: Store::open(&url, 2).await?, folder };
        scratch.store.migrate(sets).await?;
        Ok(scratch)
    }

    /// The database.
    #[must_use]
    pub fn store(&self) -> &Store {
        &self.store
    }
}

impl Drop for ScratchStore {
    fn drop(&mut self) {
        // What stays behind in the folder for temporary files does no harm.
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}
