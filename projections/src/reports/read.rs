//! Rows of a report, page by page, each page read along an index.

use super::ageing;
use super::report::{Report, Unit};
use crate::cell::Cell;
use crate::query::{Cursor, Page, QueryError, Select, into_page};
use chrono::{Days, NaiveDate};
use teiki_domain::ids::ShopId;
use teiki_infrastructure::event_store::Storage;

/// Which rows of a report are wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ask {
    /// Of this shop.
    pub shop: ShopId,
    /// Of this day, or the month it is in, or later.
    pub from: Option<NaiveDate>,
    /// Of this day, or the month it is in, or earlier.
    pub to: Option<NaiveDate>,
    /// Today in Tokyo.
    pub today: NaiveDate,
}

impl Report {
    /// A page of rows in the order of the report's dates and keys; cells in the order of its columns. `limit` is 1 to
    /// 1,000.
    pub async fn page(
        &'static self,
        storage: &Storage,
        ask: &Ask,
        after: Option<&Cursor>,
        limit: u32,
    ) -> Result<Page<Vec<Cell>, Cursor>, QueryError> {
        if self.name == ageing::AUTHORIZATION_AGEING.name {
            return ageing::page(storage, ask).await;
        }
        let read = |row: crate::cell::RowRef<'_>| {
            let cells = self.columns.iter().enumerate().map(|(i, column)| row.cell(i, column.unit.kind()));
            cells.collect::<Result<Vec<_>, _>>()
        };
        let rows = self.rows(ask, after, limit).fetch(storage, self.name, read).await?;
        Ok(into_page(rows, limit, |row| self.place(row)))
    }

    /// The query of a page.
    pub(crate) fn rows(&self, ask: &Ask, after: Option<&Cursor>, limit: u32) -> Select {
        let columns: Vec<_> = self.columns.iter().map(|column| column.name).collect();
        let mut select = Select::new(format!("SELECT {} FROM {}", columns.join(", "), self.view()));
        select.and_some("shop_id = ", Some(&ask.shop.to_string()));
        let Some(by) = self.by else {
            select.page_by_key(self.key, after.map(|after| after.key.as_str()), limit);
            return select;
        };
        let months = self.column(by).is_some_and(|(_, column)| column.unit == Unit::Month);
        let text = |day: NaiveDate| if months { day.format("%Y-%m").to_string() } else { day.to_string() };
        let ahead = self.days_ahead.and_then(|days| ask.today.checked_add_days(Days::new(days)));
        select
            .and_some(&format!("{by} >= "), ask.from.map(text).as_ref())
            .and_some(&format!("{by} <= "), ask.to.or(ahead).map(text).as_ref())
            .page((by, self.key), false, after, limit);
        select
    }

    /// The place behind a row.
    fn place(&self, row: &[Cell]) -> Cursor {
        let text = |name: Option<&str>| {
            let cell = name.and_then(|name| self.column(name)).and_then(|(at, _)| row.get(at));
            match cell {
                Some(Cell::Text(text)) => text.clone(),
                _ => String::new(),
            }
        };
        Cursor::new(text(self.by), &text(Some(self.key)))
    }
}
