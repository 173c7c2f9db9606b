//! Page headers of parquet files, checked before the parquet crate believes them.
//!
//! It allocates what a header claims: 14 foreign bytes can ask for gigabytes. Here the headers of the columns that
//! are about to be read are walked over first; they are few and small.
//! Layout: <https://parquet.apache.org/docs/file-format/data-pages/>, in Thrift's compact protocol.

use std::{
    fs::File,
    io::{BufReader, Read, Seek as _, SeekFrom},
};

use parquet::{basic::Compression, file::metadata::ColumnChunkMetaData};

use crate::Checked;

/// Most bytes of a page once decompressed.
const MAX_PAGE_BYTES: usize = 1 << 28;
/// Most values of one column in one row group.
pub(crate) const MAX_VALUES: usize = 1 << 26;
/// Most bytes of a page's header; statistics may hold a text.
const MAX_HEADER_BYTES: u64 = 1 << 20;
/// What Snappy at best makes of one byte: a copy of 64 bytes takes 3.
const SNAPPY_RATIO: usize = 22;
/// Deepest nesting of a header, which itself has three levels.
const MAX_DEPTH: usize = 8;

const DATA_PAGE: i64 = 0;
const DICTIONARY_PAGE: i64 = 2;
const DATA_PAGE_V2: i64 = 3;

/// Checks that no page of a column chunk claims more than its bytes can hold, and all together at most `most` values.
pub(crate) fn check(file: &File, chunk: &ColumnChunkMetaData, most: usize) -> Checked<()> {
    let name = chunk.column_path().string();
    walk(file, chunk, most).map_err(|reason| format!("`{name}`: {reason}"))
}

fn walk(file: &File, chunk: &ColumnChunkMetaData, most: usize) -> Checked<()> {
    let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
    let (start, len) = (position(start)?, position(chunk.compressed_size())?);
    let size = file.metadata().map_err(|error| error.to_string())?.len();
    let end = start.checked_add(len).filter(|&end| end <= size);
    let end = end.ok_or_else(|| format!("expected {len} bytes at {start}, found a file of {size}"))?;
    let expected = usize::try_from(chunk.num_values()).map_err(|_| "values below 0".to_owned())?;
    if expected > most {
        return Err(format!("{expected} values, at most {most} are read"));
    }
    let mut reader = BufReader::with_capacity(512, file);
    let (mut at, mut values) = (start, 0usize);
    while at < end && values < expected {
        reader.seek(SeekFrom::Start(at)).map_err(|error| error.to_string())?;
        let mut bytes = Compact { bytes: (&mut reader).take(MAX_HEADER_BYTES), read: 0 };
        let page = bytes.page()?;
        let body = page.checked_body(chunk.compression())?;
        values = values.saturating_add(page.data_values());
        at = at.saturating_add(bytes.read).saturating_add(body);
    }
    if at > end || values > expected {
        return Err(format!("pages of {values} values up to byte {at}, expected {expected} up to {end}"));
    }
    Ok(())
}

fn position(claimed: i64) -> Checked<u64> {
    u64::try_from(claimed).map_err(|_| format!("a position of {claimed}"))
}

/// What matters of a `PageHeader`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Page {
    kind: i64,
    uncompressed: i64,
    compressed: i64,
    /// Of whichever kind of page it is.
    values: i64,
}

impl Page {
    /// Bytes that follow the header, if what it claims is possible.
    fn checked_body(&self, compression: Compression) -> Checked<u64> {
        let (Ok(uncompressed), Ok(compressed), Ok(values)) = (
            usize::try_from(self.uncompressed),
            usize::try_from(self.compressed),
            usize::try_from(self.values),
        ) else {
            return Err(format!("a page of less than nothing: {self:?}"));
        };
        let most = match compression {
            Compression::SNAPPY => compressed.saturating_mul(SNAPPY_RATIO).min(MAX_PAGE_BYTES),
            _ => MAX_PAGE_BYTES,
        };
        if uncompressed > most || compressed > MAX_PAGE_BYTES {
            return Err(format!("a page of {uncompressed} bytes in {compressed}, at most {most} are read"));
        }
        // A value of a dictionary takes a byte at least, while data pages hold runs of equal ones.
        let most = if self.kind == DICTIONARY_PAGE { uncompressed } else { MAX_VALUES };
        if values > most {
            return Err(format!("a page of {values} values in {uncompressed} bytes"));
        }
        Ok(compressed as u64)
    }

    /// Values of the column in this page; a dictionary's are none.
    fn data_values(&self) -> usize {
        let data = self.kind == DATA_PAGE || self.kind == DATA_PAGE_V2;
        if data { usize::try_from(self.values).unwrap_or_default() } else { 0 }
    }
}

/// Thrift's compact protocol, as far as page headers need it.
struct Compact<R> {
    bytes: R,
    /// Bytes taken so far.
    read: u64,
}

impl<R: Read> Compact<R> {
    fn page(&mut self) -> Checked<Page> {
        let (mut page, mut field) = (Page::default(), 0);
        while let Some(kind) = self.field(&mut field)? {
            match (field, kind) {
                (1, I16..=I64) => page.kind = self.signed()?,
                (2, I16..=I64) => page.uncompressed = self.signed()?,
                (3, I16..=I64) => page.compressed = self.signed()?,
                // The headers of data pages, dictionaries and data pages of version 2 all begin with the count.
                (5 | 7 | 8, STRUCT) => page.values = page.values.max(self.first_number()?),
                _ => self.skip(kind, 0)?,
            }
        }
        Ok(page)
    }

    /// Field 1 of a struct, whose rest is skipped.
    fn first_number(&mut self) -> Checked<i64> {
        let (mut number, mut field) = (0, 0);
        while let Some(kind) = self.field(&mut field)? {
            match (field, kind) {
                (1, I16..=I64) => number = self.signed()?,
                _ => self.skip(kind, 1)?,
            }
        }
        Ok(number)
    }

    /// Type of the next field, whose number goes to `id`; none at the end of the struct.
    fn field(&mut self, id: &mut i64) -> Checked<Option<u8>> {
        let head = self.byte()?;
        let (delta, kind) = (head >> 4, head & 15);
        if kind == STOP {
            return Ok(None);
        }
        *id = if delta == 0 { self.signed()? } else { id.saturating_add(i64::from(delta)) };
        Ok(Some(kind))
    }

    fn skip(&mut self, kind: u8, depth: usize) -> Checked<()> {
        if depth > MAX_DEPTH {
            return Err("a page header nested too deeply".to_owned());
        }
        match kind {
            TRUE | FALSE => {}
            BYTE => _ = self.byte()?,
            I16..=I64 => _ = self.unsigned()?,
            DOUBLE => self.pass(8)?,
            BINARY => {
                let len = self.unsigned()?;
                self.pass(len)?;
            }
            LIST | SET => {
                let head = self.byte()?;
                let (count, kind) = (head >> 4, head & 15);
                let count = if count == 15 { self.unsigned()? } else { u64::from(count) };
                // In a list a flag is a byte, in a struct it is the type alone.
                let kind = if kind == FALSE || kind == TRUE { BYTE } else { kind };
                for _ in 0..count {
                    self.skip(kind, depth + 1)?;
                }
            }
            STRUCT => {
                let mut field = 0;
                while let Some(kind) = self.field(&mut field)? {
                    self.skip(kind, depth + 1)?;
                }
            }
            other => return Err(format!("type {other} in a page header")),
        }
        Ok(())
    }

    fn pass(&mut self, len: u64) -> Checked<()> {
        for _ in 0..len {
            self.byte()?;
        }
        Ok(())
    }

    fn signed(&mut self) -> Checked<i64> {
        let zigzag = self.unsigned()?;
        Ok((zigzag >> 1).cast_signed() ^ -(zigzag & 1).cast_signed())
    }

    fn unsigned(&mut self) -> Checked<u64> {
        let mut number = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            number |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Ok(number);
            }
        }
        Err("a number of more than 10 bytes in a page header".to_owned())
    }

    fn byte(&mut self) -> Checked<u8> {
        let mut byte = [0];
        self.bytes.read_exact(&mut byte).map_err(|_| "a page header that does not end".to_owned())?;
        self.read += 1;
        Ok(byte[0])
    }
}

const STOP: u8 = 0;
const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
const LIST: u8 = 9;
const SET: u8 = 10;
const STRUCT: u8 = 12;

#[cfg(test)]
mod tests {
    use super::*;

    /// A dictionary page: type 2, 100 bytes from 30, `values` values.
    fn dictionary(values: u8) -> Vec<u8> {
        vec![0x15, 4, 0x15, 200, 1, 0x15, 60, 0x4c, 0x15, values * 2, 0x15, 0, 0, 0]
    }

    fn parse(bytes: &[u8]) -> Checked<Page> {
        Compact { bytes, read: 0 }.page()
    }

    #[test]
    fn a_header_is_read_as_far_as_it_matters() {
        let expected = Page { kind: DICTIONARY_PAGE, uncompressed: 100, compressed: 30, values: 9 };
        assert_eq!(parse(&dictionary(9)), Ok(expected));
    }

    #[test]
    fn a_page_that_claims_more_than_its_bytes_is_refused() {
        let check = |page: Page| page.checked_body(Compression::SNAPPY);
        let page = parse(&dictionary(9)).unwrap();
        assert_eq!(check(page), Ok(30));
        assert!(check(Page { values: 101, ..page }).is_err());
        assert!(check(Page { uncompressed: 30 * 22 + 1, ..page }).is_err());
        assert!(check(Page { compressed: -1, ..page }).is_err());
        assert!(check(Page { kind: DATA_PAGE, values: 1 << 30, ..page }).is_err());
    }

    #[test]
    fn headers_cut_short_or_nested_without_end_are_errors() {
        let whole = dictionary(9);
        for len in 0..whole.len() {
            assert!(parse(&whole[..len]).is_err(), "{len} bytes");
        }
        assert!(parse(&[0x9c; 1000]).unwrap_err().contains("nested"));
        assert!(parse(&[0x19, 0xff]).is_err());
    }
}
