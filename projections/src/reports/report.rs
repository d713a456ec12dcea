//! What a report is: a view with a stable name, one row a thing, every column with its unit.

use crate::cell::Kind;

/// What a column's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unit {
    /// An id or another name of something.
    Id,
    /// One of a fixed set of names.
    Code,
    /// Text for people.
    Text,
    /// A date in Tokyo, `YYYY-MM-DD`.
    Date,
    /// A month, `YYYY-MM`.
    Month,
    /// An instant in UTC, RFC 3339.
    Instant,
    /// Whole yen.
    Yen,
    /// How many.
    Count,
    /// A share in hundredths of a percent: 10,000 is all.
    BasisPoints,
    /// 1 for yes, 0 for no.
    Flag,
}

impl Unit {
    /// How the store holds it.
    pub fn kind(self) -> Kind {
        match self {
            Unit::Id | Unit::Code | Unit::Text | Unit::Date | Unit::Month | Unit::Instant => Kind::Text,
            Unit::Yen | Unit::Count | Unit::BasisPoints | Unit::Flag => Kind::BigInt,
        }
    }

    /// The unit in words.
    pub fn words(self) -> &'static str {
        match self {
            Unit::Id => "id",
            Unit::Code => "code",
            Unit::Text => "text",
            Unit::Date => "date in Tokyo, YYYY-MM-DD",
            Unit::Month => "month, YYYY-MM",
            Unit::Instant => "instant in UTC, RFC 3339",
            Unit::Yen => "yen",
            Unit::Count => "count",
            Unit::BasisPoints => "1/100 percent",
            Unit::Flag => "1 yes, 0 no",
        }
    }
}

/// One column of a report.
#[derive(Debug)]
pub struct ReportColumn {
    /// Its name, which stays.
    pub name: &'static str,
    /// Its heading where people read it.
    pub heading: &'static str,
    /// What its values are.
    pub unit: Unit,
    /// Whether it may be empty.
    pub optional: bool,
    /// What it means, in one sentence.
    pub meaning: &'static str,
    /// Where the view takes it from.
    pub(super) sql: &'static str,
}

impl ReportColumn {
    /// A column that is called in its table as it is here.
    pub(super) const fn new(name: &'static str, heading: &'static str, unit: Unit, meaning: &'static str) -> Self {
        Self { name, heading, unit, optional: false, meaning, sql: name }
    }

    /// Taken from this expression.
    pub(super) const fn from(mut self, sql: &'static str) -> Self {
        self.sql = sql;
        self
    }

    /// May be empty.
    pub(super) const fn optional(mut self) -> Self {
        self.optional = true;
        self
    }
}

/// The column every report has.
pub(super) const SHOP: ReportColumn = ReportColumn::new("shop_id", "ショップ", Unit::Id, "Shop, five digits.");

/// A report.
#[derive(Debug)]
pub struct Report {
    /// Its name at the doors; that of the view is `report_` and this.
    pub name: &'static str,
    /// Its title where people read it.
    pub title: &'static str,
    /// What one row is.
    pub row: &'static str,
    /// More that whoever reads it must know; may be empty.
    pub notes: &'static str,
    /// The projection its tables belong to.
    pub projection: &'static str,
    /// The columns, in order.
    pub columns: &'static [ReportColumn],
    /// Everything of the view after its columns, from FROM on.
    pub(super) body: &'static str,
    /// The column that `from` and `to` are held against, and that rows are sorted by; a date or a month.
    pub by: Option<&'static str>,
    /// The column rows are sorted by after that; with the one above it names one row of a shop.
    pub key: &'static str,
    /// Without `to`: up to so many days after today.
    pub days_ahead: Option<u64>,
    /// A query that answers a question people have.
    pub example: &'static str,
}

impl Report {
    /// The name of the view.
    pub fn view(&self) -> String {
        format!("report_{}", self.name)
    }

    /// The column of this name, with its place.
    pub fn column(&self, name: &str) -> Option<(usize, &'static ReportColumn)> {
        self.columns.iter().enumerate().find(|(_, column)| column.name == name)
    }

    /// The query the view stands for.
    pub(super) fn select(&self) -> String {
        let columns: Vec<_> = self.columns.iter().map(|column| format!("{} AS {}", column.sql, column.name)).collect();
        format!("SELECT {} {}", columns.join(", "), self.body)
    }
}
