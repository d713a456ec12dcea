//! The ledger file: the whole book as JSON, replaced atomically.

use std::{
    fs::{self, File, OpenOptions},
    io::{BufReader, BufWriter, ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::Path,
};

use serde::de::Error as _;

use crate::{
    book::Book,
    error::{Result, SimulatorError},
};

/// Reads a ledger file; an empty book when there is none yet.
pub(crate) fn load(path: &Path) -> Result<Book> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Book::default()),
        Err(source) => return Err(SimulatorError::File { action: "read", path: path.to_owned(), source }),
    };
    let whole = serde_json::from_reader(BufReader::new(file)).and_then(|book: Book| match book.is_consistent() {
        true => Ok(book),
        false => Err(serde_json::Error::custom("an entry points to another one that is not there")),
    });
    whole.map_err(|source| SimulatorError::Ledger { path: path.to_owned(), source })
}

/// Writes beside the file, flushes to disk and renames, so that a crash leaves the old or the new ledger.
pub(crate) fn save(book: &Book, path: &Path) -> Result<()> {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(".new");
    let beside = path.with_file_name(name);
    let written = || -> std::io::Result<()> {
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder)?;
        }
        // Card numbers are test numbers, but they are nobody else's business either.
        let file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&beside)?;
        let mut writer = BufWriter::new(file);
        serde_json::to_writer(&mut writer, book)?;
        writer.flush()?;
        writer.get_ref().sync_all()?;
        fs::rename(&beside, path)
    };
    written().map_err(|source| SimulatorError::File { action: "write", path: path.to_owned(), source })
}
