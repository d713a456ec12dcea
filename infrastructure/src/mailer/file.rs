//! Mails as files, one each, for the demonstration: the same mail written twice is the same file.

use super::{Delivery, MailerError};
use std::path::{Path, PathBuf};

pub(super) struct FileMailer {
    folder: PathBuf,
}

impl FileMailer {
    pub(super) fn open(folder: &str) -> Result<Self, MailerError> {
        if folder.is_empty() {
            return Err(MailerError::Url("file: names no folder"));
        }
        let folder = PathBuf::from(folder);
        std::fs::create_dir_all(&folder)
            .map_err(|error| MailerError::Folder { path: folder.clone(), reason: error.to_string() })?;
        Ok(Self { folder })
    }

    pub(super) fn send(&self, id: &str, message: &[u8]) -> Delivery {
        match write(&self.folder, id, message) {
            Ok(()) => Delivery::Sent,
            Err(error) => Delivery::Delayed(format!("the mail cannot be written to its folder ({error})")),
        }
    }
}

/// Written beside and renamed, so that a mail is there whole or not at all.
fn write(folder: &Path, id: &str, message: &[u8]) -> std::io::Result<()> {
    let beside = folder.join(format!(".{id}.new"));
    std::fs::write(&beside, message)?;
    std::fs::rename(&beside, folder.join(format!("{id}.eml")))
}
