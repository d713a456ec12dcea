//! The rows a batch of events touches, held in memory: loaded by key, folded, then written set-wise.

use crate::cell::{Cell, RowRef};
use crate::table::{Row, Table};
use std::any::Any;
use std::collections::HashMap;

/// Why an event cannot be folded. The projection stops there; it never steps over an event.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FoldError {
    /// The row the event changes does not exist.
    #[error("the table {table} has no row {key:?}, which this event changes")]
    Missing {
        /// Table.
        table: &'static str,
        /// Key looked for.
        key: String,
    },
    /// The fold asked for a row that the projection did not announce for this event.
    #[error("the fold used the row {key:?} of {table} without announcing it; this is a fault of the program")]
    NotAnnounced {
        /// Table.
        table: &'static str,
        /// Key asked for.
        key: String,
    },
    /// The event's content is not what it should be.
    #[error("{0}")]
    Content(String),
}

/// All rows of a projection that a batch touches.
pub struct WorkingSet {
    tables: Vec<Box<dyn ErasedRows>>,
}

impl WorkingSet {
    /// An empty one over these tables.
    pub fn new(tables: &[&'static Table]) -> Self {
        Self { tables: tables.iter().map(|table| (table.new_rows)()).collect() }
    }

    fn rows<R: Row>(&mut self) -> Option<&mut Rows<R>> {
        self.tables.iter_mut().find_map(|rows| rows.as_any().downcast_mut())
    }

    fn slot<R: Row>(&mut self, key: &str) -> Result<&mut Slot<R>, FoldError> {
        self.rows::<R>()
            .and_then(|rows| rows.slots.get_mut(key))
            .ok_or_else(|| FoldError::NotAnnounced { table: R::table().name, key: key.to_owned() })
    }

    /// Announces that a row will be read or changed, so that it is loaded before the fold.
    pub fn want<R: Row>(&mut self, key: &str) {
        if let Some(rows) = self.rows::<R>() {
            if !rows.slots.contains_key(key) {
                rows.slots.insert(key.to_owned(), Slot { row: None, changed: false });
            }
        } else {
            debug_assert!(false, "{} is not a table of this projection", R::table().name);
        }
    }

    /// The row under this key, if there is one.
    pub fn get<R: Row>(&mut self, key: &str) -> Result<Option<&R>, FoldError> {
        Ok(self.slot::<R>(key)?.row.as_ref())
    }

    /// Inserts or replaces a row.
    pub fn put<R: Row>(&mut self, row: R) -> Result<(), FoldError> {
        let slot = self.slot::<R>(row.key())?;
        slot.row = Some(row);
        slot.changed = true;
        Ok(())
    }

    /// Changes a row that must be there.
    pub fn update<R: Row>(&mut self, key: &str, change: impl FnOnce(&mut R)) -> Result<(), FoldError> {
        if self.update_if_there(key, change)? {
            Ok(())
        } else {
            Err(FoldError::Missing { table: R::table().name, key: key.to_owned() })
        }
    }

    /// Changes a row if it is there, and says whether it was.
    pub fn update_if_there<R: Row>(&mut self, key: &str, change: impl FnOnce(&mut R)) -> Result<bool, FoldError> {
        let slot = self.slot::<R>(key)?;
        let Some(row) = &mut slot.row else { return Ok(false) };
        change(row);
        slot.changed = true;
        Ok(true)
    }

    /// Takes a row away, if it is there.
    pub fn remove<R: Row>(&mut self, key: &str) -> Result<(), FoldError> {
        let slot = self.slot::<R>(key)?;
        slot.row = None;
        slot.changed = true;
        Ok(())
    }

    /// All rows of a table that are held.
    pub(crate) fn all<R: Row>(&mut self) -> Vec<R> {
        self.rows::<R>()
            .map(|rows| rows.slots.values().filter_map(|slot| slot.row.clone()).collect())
            .unwrap_or_default()
    }

    pub(crate) fn tables_mut(&mut self) -> impl Iterator<Item = &mut Box<dyn ErasedRows>> {
        self.tables.iter_mut()
    }

    pub(crate) fn into_writes(self) -> Vec<TableWrites> {
        self.tables.into_iter().map(|rows| rows.writes()).filter(|writes| !writes.is_empty()).collect()
    }
}

/// What is to be written to one table.
pub(crate) struct TableWrites {
    pub(crate) table: &'static Table,
    /// Rows to insert or replace, by key.
    pub(crate) upserts: Vec<Vec<Cell>>,
    /// Keys of rows to delete, sorted.
    pub(crate) deletes: Vec<String>,
}

impl TableWrites {
    fn is_empty(&self) -> bool {
        self.upserts.is_empty() && self.deletes.is_empty()
    }
}

struct Slot<R> {
    row: Option<R>,
    changed: bool,
}

/// The rows of one table in a working set.
pub struct Rows<R> {
    slots: HashMap<String, Slot<R>>,
}

impl<R> Default for Rows<R> {
    fn default() -> Self {
        Self { slots: HashMap::new() }
    }
}

/// The rows of one table in a working set, whatever their type.
pub trait ErasedRows: Any + Send {
    /// For the way back to the type.
    fn as_any(&mut self) -> &mut dyn Any;
    /// The table.
    fn table(&self) -> &'static Table;
    /// The keys that were announced.
    fn wanted(&self) -> Vec<String>;
    /// Takes in a row that was loaded from the store.
    fn load(&mut self, row: RowRef<'_>) -> Result<(), sqlx::Error>;
    #[doc(hidden)]
    #[allow(private_interfaces)]
    fn writes(self: Box<Self>) -> TableWrites;
}

impl<R: Row> ErasedRows for Rows<R> {
    fn as_any(&mut self) -> &mut dyn Any {
        self
    }

    fn table(&self) -> &'static Table {
        R::table()
    }

    fn wanted(&self) -> Vec<String> {
        self.slots.keys().cloned().collect()
    }

    fn load(&mut self, row: RowRef<'_>) -> Result<(), sqlx::Error> {
        let row = R::read(row)?;
        if let Some(slot) = self.slots.get_mut(row.key()) {
            slot.row = Some(row);
        }
        Ok(())
    }

    #[allow(private_interfaces)]
    fn writes(self: Box<Self>) -> TableWrites {
        let mut changed: Vec<_> = self.slots.into_iter().filter(|(_, slot)| slot.changed).collect();
        // By key: neighbours in the tree are written together, and two writers never meet in opposite order.
        changed.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
        let mut writes = TableWrites { table: R::table(), upserts: vec![], deletes: vec![] };
        for (key, slot) in changed {
            match slot.row {
                Some(row) => writes.upserts.push(row.to_cells()),
                None => writes.deletes.push(key),
            }
        }
        writes
    }
}
