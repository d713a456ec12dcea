//! Parquet: numbers as INT64, texts as UTF-8, columns that may be empty as optional ones; a row group every few thousand
//! rows, so that neither writing nor reading needs more memory than that.

use super::{ExportError, Sheet};
use parquet::basic::{Compression, LogicalType, Repetition, Type as PhysicalType};
use parquet::data_type::{ByteArray, ByteArrayType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use parquet::schema::types::Type;
use std::sync::Arc;
use teiki_projections::cell::{Cell, Kind};
use teiki_projections::reports::{Report, ReportColumn};

/// Rows of one group.
const GROUP: usize = 5_000;

impl From<ParquetError> for ExportError {
    fn from(error: ParquetError) -> Self {
        ExportError::Form(error.to_string())
    }
}

pub(super) struct ParquetSheet {
    report: &'static Report,
    /// Writes into memory, which is emptied after every group.
    writer: SerializedFileWriter<Vec<u8>>,
    waiting: Vec<Vec<Cell>>,
}

impl ParquetSheet {
    pub(super) fn new(report: &'static Report) -> Result<Self, ExportError> {
        let columns = report.columns.iter().map(|column| field(column).map(Arc::new));
        let schema = Type::group_type_builder(report.name)
            .with_fields(columns.collect::<Result<Vec<_>, ParquetError>>()?)
            .build()?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_statistics_enabled(EnabledStatistics::Chunk)
            .set_offset_index_disabled(true)
            .build();
        let writer = SerializedFileWriter::new(vec![], Arc::new(schema), Arc::new(properties))?;
        Ok(Self { report, writer, waiting: vec![] })
    }

    fn write_group(&mut self) -> Result<(), ExportError> {
        let rows = std::mem::take(&mut self.waiting);
        let mut group = self.writer.next_row_group()?;
        for (place, column) in self.report.columns.iter().enumerate() {
            write_column(&mut group, column, rows.iter().map(|row| row.get(place).unwrap_or(&Cell::Null)))?;
        }
        group.close()?;
        Ok(())
    }

    fn take(&mut self) -> Result<Vec<u8>, ExportError> {
        self.writer.flush().map_err(|error| ExportError::Form(error.to_string()))?;
        Ok(std::mem::take(self.writer.inner_mut()))
    }
}

fn field(column: &ReportColumn) -> Result<Type, ParquetError> {
    let repetition = if column.optional { Repetition::OPTIONAL } else { Repetition::REQUIRED };
    match column.unit.kind() {
        Kind::Text => Type::primitive_type_builder(column.name, PhysicalType::BYTE_ARRAY)
            .with_logical_type(Some(LogicalType::String))
            .with_repetition(repetition)
            .build(),
        Kind::BigInt => {
            Type::primitive_type_builder(column.name, PhysicalType::INT64).with_repetition(repetition).build()
        }
    }
}

fn write_column<'c>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    column: &ReportColumn,
    cells: impl Iterator<Item = &'c Cell>,
) -> Result<(), ExportError> {
    let missing = || ExportError::Form(format!("there is no place for the column {}", column.name));
    let mut writer = group.next_column()?.ok_or_else(missing)?;
    let (mut numbers, mut texts, mut levels) = (vec![], vec![], vec![]);
    for cell in cells {
        match cell {
            Cell::Int(number) => numbers.push(*number),
            Cell::Text(text) => texts.push(ByteArray::from(text.as_str())),
            Cell::Null if !column.optional => {
                return Err(ExportError::Form(format!("the column {} is empty in a row", column.name)));
            }
            Cell::Null => {}
        }
        levels.push(i16::from(*cell != Cell::Null));
    }
    let levels = column.optional.then_some(levels.as_slice());
    match column.unit.kind() {
        Kind::BigInt => writer.typed::<Int64Type>().write_batch(&numbers, levels, None)?,
        Kind::Text => writer.typed::<ByteArrayType>().write_batch(&texts, levels, None)?,
    };
    Ok(writer.close()?)
}

impl Sheet for ParquetSheet {
    fn begin(&mut self) -> Result<Vec<u8>, ExportError> {
        self.take()
    }

    fn rows(&mut self, rows: Vec<Vec<Cell>>) -> Result<Vec<u8>, ExportError> {
        self.waiting.extend(rows);
        if self.waiting.len() < GROUP {
            return Ok(vec![]);
        }
        self.write_group()?;
        self.take()
    }

    fn end(&mut self) -> Result<Vec<u8>, ExportError> {
        if !self.waiting.is_empty() {
            self.write_group()?;
        }
        self.writer.finish()?;
        self.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use parquet::file::reader::{FileReader as _, SerializedFileReader};
    use parquet::record::Field;
    use teiki_projections::reports::find;

    #[test]
    fn cells_come_back_as_they_went_over_many_groups() {
        let report = find("renewals").unwrap();
        let row = |n: i64| -> Vec<Cell> {
            let cell = |column: &ReportColumn| match (column.unit.kind(), column.optional) {
                (_, true) if n % 3 == 0 => Cell::Null,
                (Kind::Text, _) => Cell::Text(format!("定期 {n}")),
                (Kind::BigInt, _) => Cell::Int(n - 10),
            };
            report.columns.iter().map(cell).collect()
        };
        let rows: Vec<_> = (0..12_001).map(row).collect();
        let mut sheet = ParquetSheet::new(report).unwrap();
        let mut bytes = sheet.begin().unwrap();
        for page in rows.chunks(1_000) {
            let more = sheet.rows(page.to_vec()).unwrap();
            assert!(more.is_empty() || sheet.waiting.is_empty(), "a group is given away whole");
            bytes.extend(more);
        }
        bytes.extend(sheet.end().unwrap());

        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
        assert_eq!(reader.metadata().num_row_groups(), 3);
        let mut found = 0;
        for (read, expected) in reader.get_row_iter(None).unwrap().zip(&rows) {
            for ((name, field), (column, cell)) in
                read.unwrap().get_column_iter().zip(report.columns.iter().zip(expected))
            {
                assert_eq!(name, column.name);
                match (field, cell) {
                    (Field::Null, Cell::Null) => {}
                    (Field::Long(number), Cell::Int(expected)) => assert_eq!(number, expected),
                    (Field::Str(text), Cell::Text(expected)) => assert_eq!(text, expected),
                    other => panic!("{name}: {other:?}"),
                }
            }
            found += 1;
        }
        assert_eq!(found, rows.len());
    }

    #[test]
    fn a_report_without_rows_is_a_file_without_groups() {
        let mut sheet = ParquetSheet::new(find("orders").unwrap()).unwrap();
        let mut bytes = sheet.begin().unwrap();
        bytes.extend(sheet.end().unwrap());
        let reader = SerializedFileReader::new(bytes::Bytes::from(bytes)).unwrap();
        assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
    }
}
