//! Reads platoons from tables whose bytes nobody vouches for: everything is checked and nothing panics.
//!
//! Header `t1,ID1,Y1,v1,a1,ID2,...`: time in seconds, then per car its id, the position of its front bumper along the
//! road in metres, its speed and its acceleration, ten rows a second. Positions grow in the direction of travel.
//! The leader comes **first**: in every row of the NGSIM I-80 platoons each car is behind the one before it, and
//! the last car starts at position 0. A file that is ordered the other way is refused.

use std::{
    fs::{self, File},
    io::Read,
    path::{Path, PathBuf},
};

use super::PlatoonError;

/// Seconds between two rows.
pub const STEP_SECS: f64 = 0.1;
/// The largest table that is read, in bytes.
pub const MOST_BYTES: usize = 16 << 20;
/// The most rows of a table.
pub const MOST_ROWS: usize = 20_000;
/// The most cars of a platoon.
pub const MOST_CARS: usize = 64;
/// The most tables of a folder.
pub const MOST_FILES: usize = 10_000;
/// The most that is read from a folder, in bytes.
pub const MOST_FOLDER_BYTES: usize = 256 << 20;

/// How far a time may be from its place, in seconds.
const TIME_TOLERANCE_SECS: f64 = 0.005;
/// Columns of each car.
const CAR_COLUMNS: [&str; 4] = ["ID", "Y", "v", "a"];
/// The longest piece of a file that an error quotes, in characters.
const QUOTED: usize = 24;

/// One car of a platoon, a value per row.
#[derive(Clone, Debug, PartialEq)]
pub struct Car {
    /// The vehicle, the same one in all files of a recording.
    pub id: u32,
    /// Front bumper along the road, in metres.
    pub position_m: Vec<f64>,
    /// Metres per second, never negative.
    pub speed_mps: Vec<f64>,
    /// Metres per second squared.
    pub acceleration_mps2: Vec<f64>,
}

/// Cars that follow one another, leader first, with a row every [`STEP_SECS`].
#[derive(Clone, Debug, PartialEq)]
pub struct Platoon {
    /// Name of the file, empty where the platoon was parsed from bytes.
    pub name: String,
    /// Two cars or more; each is behind the one before it in all rows.
    pub cars: Vec<Car>,
}

impl Platoon {
    /// Number of rows, at least 2.
    pub fn rows(&self) -> usize {
        self.cars.first().map_or(0, |car| car.position_m.len())
    }
}

/// Reads a platoon from the bytes of a table.
///
/// # Errors
/// Names the line, what was expected there and what was found.
pub fn parse(bytes: &[u8]) -> Result<Platoon, PlatoonError> {
    if bytes.len() > MOST_BYTES {
        return Err(PlatoonError::TooManyBytes { most: MOST_BYTES, found: bytes.len() });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| PlatoonError::NotText {
        line: 1 + bytes[..error.valid_up_to()].iter().filter(|&&byte| byte == b'\n').count(),
    })?;
    let mut lines = text.lines();
    let n_cars = check_header(lines.next().unwrap_or(""))?;
    let mut reading = Reading { cars: Vec::with_capacity(n_cars), n_cars, secs: 0.0, rows: 0 };
    for text in lines {
        if reading.rows == MOST_ROWS {
            return Err(PlatoonError::Rows { most: MOST_ROWS, found: MOST_ROWS + 1 });
        }
        reading.row(text)?;
    }
    if reading.rows < 2 {
        return Err(PlatoonError::Rows { most: MOST_ROWS, found: reading.rows });
    }
    Ok(Platoon { name: String::new(), cars: reading.cars })
}

/// Reads all tables of a folder, in the order of their names.
///
/// # Errors
/// A folder without tables, a file that cannot be read, or the first table that is wrong.
pub fn read_folder(path: &Path) -> Result<Vec<Platoon>, PlatoonError> {
    let unread = |source| PlatoonError::Read { path: path.to_path_buf(), source };
    let mut tables: Vec<PathBuf> = Vec::new();
    for entry in fs::read_dir(path).map_err(unread)? {
        let table = entry.map_err(unread)?.path();
        if table.extension().is_some_and(|ending| ending == "csv") {
            tables.push(table);
        }
    }
    if tables.is_empty() || tables.len() > MOST_FILES {
        let found = tables.len();
        return Err(PlatoonError::Files { most: MOST_FILES, found, path: path.to_path_buf() });
    }
    tables.sort();
    let mut read_bytes = 0;
    let mut platoons = Vec::with_capacity(tables.len());
    for table in tables {
        let bytes = read_table(&table)?;
        read_bytes += bytes.len();
        if read_bytes > MOST_FOLDER_BYTES {
            let source = PlatoonError::TooManyBytes { most: MOST_FOLDER_BYTES, found: read_bytes };
            return Err(PlatoonError::Table { path: path.to_path_buf(), source: Box::new(source) });
        }
        let platoon = parse(&bytes);
        let mut platoon = platoon
            .map_err(|source| PlatoonError::Table { path: table.clone(), source: Box::new(source) })?;
        platoon.name = table.file_name().unwrap_or_default().to_string_lossy().into_owned();
        platoons.push(platoon);
    }
    Ok(platoons)
}

fn read_table(path: &Path) -> Result<Vec<u8>, PlatoonError> {
    let unread = |source| PlatoonError::Read { path: path.to_path_buf(), source };
    let mut bytes = Vec::new();
    // One byte more than allowed is enough for `parse` to refuse the file, however long it is.
    let most = MOST_BYTES as u64 + 1;
    File::open(path).map_err(unread)?.take(most).read_to_end(&mut bytes).map_err(unread)?;
    Ok(bytes)
}

/// Checks the names of all columns and returns the number of cars.
fn check_header(header: &str) -> Result<usize, PlatoonError> {
    let columns = header.split(',').count();
    let n_cars = columns.saturating_sub(1) / CAR_COLUMNS.len();
    if columns != 1 + n_cars * CAR_COLUMNS.len() || !(2..=MOST_CARS).contains(&n_cars) {
        return Err(PlatoonError::Columns { most_cars: MOST_CARS, found: columns });
    }
    for (idx, found) in header.split(',').enumerate() {
        let expected = match idx.checked_sub(1) {
            None => "t1".to_owned(),
            Some(place) => format!("{}{}", CAR_COLUMNS[place % 4], 1 + place / 4),
        };
        if found != expected {
            return Err(PlatoonError::Header { column: idx + 1, expected, found: shortened(found) });
        }
    }
    Ok(n_cars)
}

/// A table while it is read.
struct Reading {
    cars: Vec<Car>,
    n_cars: usize,
    secs: f64,
    rows: usize,
}

impl Reading {
    fn row(&mut self, text: &str) -> Result<(), PlatoonError> {
        let line = self.rows + 2;
        let expected = 1 + self.n_cars * CAR_COLUMNS.len();
        let found = text.split(',').count();
        if found != expected {
            return Err(PlatoonError::Width { line, expected, found });
        }
        let mut fields = Fields { rest: text.split(','), line, column: 0 };
        let secs = fields.number("a time in seconds", 0.0, 1e6)?;
        if self.rows > 0 && (secs - self.secs - STEP_SECS).abs() > TIME_TOLERANCE_SECS {
            return Err(PlatoonError::Time { line, expected: self.secs + STEP_SECS, found: secs });
        }
        self.secs = secs;
        for car_idx in 0..self.n_cars {
            let id = fields.id()?;
            let position_m = fields.number("a position within 1000 km", -1e6, 1e6)?;
            let speed_mps = fields.number("a speed of 0 to 100 m/s", 0.0, 100.0)?;
            let acceleration_mps2 = fields.number("an acceleration within 100 m/s2", -100.0, 100.0)?;
            self.check_id(line, car_idx, id)?;
            self.check_order(line, car_idx, position_m)?;
            let car = &mut self.cars[car_idx];
            car.position_m.push(position_m);
            car.speed_mps.push(speed_mps);
            car.acceleration_mps2.push(acceleration_mps2);
        }
        self.rows += 1;
        Ok(())
    }

    /// The first row names the cars; the others repeat the names.
    fn check_id(&mut self, line: usize, car_idx: usize, id: u32) -> Result<(), PlatoonError> {
        let wrong = |expected| PlatoonError::Id { line, car: car_idx + 1, expected, found: id };
        if let Some(car) = self.cars.get(car_idx) {
            return if car.id == id { Ok(()) } else { Err(wrong(format!("id {}", car.id))) };
        }
        if self.cars.iter().any(|car| car.id == id) {
            return Err(wrong("an id of its own".to_owned()));
        }
        self.cars.push(Car { id, position_m: vec![], speed_mps: vec![], acceleration_mps2: vec![] });
        Ok(())
    }

    fn check_order(&self, line: usize, car_idx: usize, found_m: f64) -> Result<(), PlatoonError> {
        let ahead = car_idx.checked_sub(1).and_then(|idx| self.cars[idx].position_m.last());
        match ahead {
            Some(&ahead_m) if found_m >= ahead_m => {
                Err(PlatoonError::Order { line, car: car_idx + 1, ahead_m, found_m })
            }
            _ => Ok(()),
        }
    }
}

/// The fields of one line.
struct Fields<'a> {
    rest: std::str::Split<'a, char>,
    line: usize,
    column: usize,
}

impl Fields<'_> {
    fn number(&mut self, expected: &'static str, low: f64, high: f64) -> Result<f64, PlatoonError> {
        self.field(expected, |text| text.parse().ok().filter(|value| (low..=high).contains(value)))
    }

    fn id(&mut self) -> Result<u32, PlatoonError> {
        self.field("a whole number as id", |text| text.parse().ok())
    }

    fn field<T>(
        &mut self,
        expected: &'static str,
        read: impl Fn(&str) -> Option<T>,
    ) -> Result<T, PlatoonError> {
        let text = self.rest.next().unwrap_or("");
        self.column += 1;
        read(text.trim()).ok_or_else(|| PlatoonError::Field {
            line: self.line,
            column: self.column,
            expected,
            found: shortened(text),
        })
    }
}

fn shortened(text: &str) -> String {
    text.chars().take(QUOTED).collect()
}

#[cfg(test)]
mod tests;
