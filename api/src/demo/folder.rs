//! What a demonstration leaves on disk, and how far it has come.

use super::DemoError;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// Marks a folder as a demonstration, so that starting over never deletes anything else.
const MARK: &str = "this-is-a-teiki-demonstration";
/// How many nights were lived through.
const NIGHTS: &str = "nights";

/// A demonstration's folder, held by one process at a time.
pub(super) struct Folder {
    path: PathBuf,
    /// Locked as long as the process lives, however it ends.
    _lock: File,
}

impl Folder {
    /// Opens the folder, made if missing and emptied if `fresh`.
    pub(super) fn open(path: &Path, fresh: bool) -> Result<Self, DemoError> {
        let io = |error: std::io::Error| DemoError::other(format!("{}: {error}", path.display()));
        let marked = path.join(MARK).exists();
        let empty = !path.exists() || path.read_dir().map_err(io)?.next().is_none();
        if !marked && !empty {
            return Err(DemoError::NotOurs(path.display().to_string()));
        }
        std::fs::create_dir_all(path).map_err(io)?;
        let lock = File::create(path.join(MARK)).map_err(io)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(DemoError::Running(path.display().to_string())),
            Err(TryLockError::Error(error)) => return Err(io(error)),
        }
        let folder = Self { path: path.to_owned(), _lock: lock };
        // Before its first night a demonstration has nothing worth keeping, and may be half made.
        if fresh || folder.nights()? == 0 {
            for entry in path.read_dir().map_err(io)? {
                let entry = entry.map_err(io)?;
                if entry.file_name() == MARK {
                    continue;
                }
                let removed = if entry.path().is_dir() {
                    std::fs::remove_dir_all(entry.path())
                } else {
                    std::fs::remove_file(entry.path())
                };
                removed.map_err(io)?;
            }
        }
        if folder.nights()? > 0 {
            for part in ["teiki.db", "teiki.key", "simulator-ledger.json"] {
                if !folder.path(part).exists() {
                    return Err(DemoError::Incomplete(path.display().to_string(), part));
                }
            }
        }
        Ok(folder)
    }

    /// A file of the demonstration.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// Writes a file that only its owner may read.
    pub(super) fn write_private(&self, name: &str, text: &str) -> Result<(), DemoError> {
        use std::io::Write as _;
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(self.path(name)).map_err(DemoError::other)?;
        writeln!(file, "{text}").map_err(DemoError::other)
    }

    /// How many nights were lived through.
    pub(super) fn nights(&self) -> Result<u32, DemoError> {
        match std::fs::read_to_string(self.path(NIGHTS)) {
            Ok(text) => text.trim().parse().map_err(|_| DemoError::Incomplete(self.path.display().to_string(), NIGHTS)),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(0),
            Err(error) => Err(DemoError::other(error)),
        }
    }

    /// Notes that `nights` were lived through; written beside and renamed, so that it is never half there.
    pub(super) fn lived(&self, nights: u32) -> Result<(), DemoError> {
        let beside = self.path("nights.new");
        std::fs::write(&beside, nights.to_string()).map_err(DemoError::other)?;
        std::fs::rename(&beside, self.path(NIGHTS)).map_err(DemoError::other)
    }
}
