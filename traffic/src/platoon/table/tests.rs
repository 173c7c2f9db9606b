//! What the reader of platoons accepts, and that it refuses the rest without a panic.

use proptest::prelude::*;

use super::*;

const HEADER: &str = "t1,ID1,Y1,v1,a1,ID2,Y2,v2,a2\n";
const ROWS: &str = "0.0,7,20,5,0.1,9,0,4.5,0\n0.1,7,20.5,5,0.1,9,0.45,4.5,0\n0.2,7,21,5,0.1,9,0.9,4.5,-0.2\n";

fn refused(text: &str) -> String {
    parse(text.as_bytes()).unwrap_err().to_string()
}

#[test]
fn a_table_becomes_cars_with_the_leader_first() {
    let platoon = parse([HEADER, ROWS].concat().as_bytes()).unwrap();
    assert_eq!(platoon.rows(), 3);
    assert_eq!(platoon.cars.iter().map(|car| car.id).collect::<Vec<_>>(), [7, 9]);
    assert_eq!(platoon.cars[0].position_m, [20.0, 20.5, 21.0]);
    assert_eq!(platoon.cars[1].speed_mps, [4.5; 3]);
    assert_eq!(platoon.cars[1].acceleration_mps2, [0.0, 0.0, -0.2]);
}

#[test]
fn line_ends_of_other_systems_are_read_the_same() {
    let unix = [HEADER, ROWS].concat();
    assert_eq!(parse(unix.replace('\n', "\r\n").as_bytes()).unwrap(), parse(unix.as_bytes()).unwrap());
}

#[test]
fn errors_name_the_line_the_expected_and_the_found() {
    let table = [HEADER, ROWS].concat();
    let cases = [
        ("", "", "line 1: expected a time and 4 columns for each of 2 to 64 cars, found 1 columns"),
        ("v2", "w2", "line 1, column 8: expected `v2`, found `w2`"),
        ("0.1,7,20.5", "0.1,7,NaN", "line 3, column 3: expected a position within 1000 km, found `NaN`"),
        ("0.1,7,20.5", "0.1,7,1e400", "line 3, column 3: expected a position within 1000 km, found `1e400`"),
        ("0.1,7,20.5,5", "0.1,7,20.5,-5", "line 3, column 4: expected a speed of 0 to 100 m/s, found `-5`"),
        ("0.1,7", "0.1,8", "line 3, car 1: expected id 7, found id 8"),
        ("0.1,7", "0.1,7.5", "line 3, column 2: expected a whole number as id, found `7.5`"),
        (",9,", ",7,", "line 2, car 2: expected an id of its own, found id 7"),
        ("0.2,7", "0.3,7", "line 4: expected time 0.200, found 0.300"),
        ("9,0.9", "9,21", "line 4: expected car 2 behind 21 m, found it at 21 m"),
        (",-0.2", "", "line 4: expected 9 fields, found 8"),
    ];
    for (from, to, message) in cases {
        let broken = if from.is_empty() { to.to_owned() } else { table.replace(from, to) };
        assert_eq!(refused(&broken), message);
    }
    assert_eq!(refused(HEADER), "expected 2 to 20000 rows, found 0");
}

#[test]
fn tables_beyond_the_caps_are_refused() {
    let long: String =
        (0..=MOST_ROWS).map(|row| format!("{:.1},7,20,5,0,9,0,5,0\n", row as f64 * STEP_SECS)).collect();
    assert_eq!(refused(&[HEADER, &long].concat()), "expected 2 to 20000 rows, found 20001");
    let wide: String = (1..=65).map(|car| format!(",ID{car},Y{car},v{car},a{car}")).collect();
    assert!(refused(&format!("t1{wide}\n")).ends_with("found 261 columns"));
    let large = vec![b'0'; MOST_BYTES + 1];
    assert!(matches!(parse(&large), Err(PlatoonError::TooManyBytes { .. })));
}

#[test]
fn other_encodings_are_refused_with_their_line() {
    let error = parse(b"t1\n0.0\n\xff").unwrap_err();
    assert_eq!(error.to_string(), "line 3: expected utf-8 text, found another encoding");
}

#[test]
fn a_folder_is_read_in_the_order_of_names_and_names_its_broken_table() {
    let folder = std::env::temp_dir().join(format!("dreamlane-platoons-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    assert!(matches!(read_folder(&folder), Err(PlatoonError::Files { found: 0, .. })));
    for name in ["b.csv", "a.csv", "notes.txt"] {
        fs::write(folder.join(name), [HEADER, ROWS].concat()).unwrap();
    }
    let names: Vec<String> = read_folder(&folder).unwrap().into_iter().map(|platoon| platoon.name).collect();
    fs::write(folder.join("c.csv"), "nothing").unwrap();
    let broken = read_folder(&folder).unwrap_err();
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(names, ["a.csv", "b.csv"]);
    assert!(broken.to_string().ends_with("c.csv"), "{broken}");
}

/// What every accepted table promises to those who compute with it.
fn check_promises(platoon: &Platoon) {
    assert!(platoon.cars.len() >= 2 && platoon.rows() >= 2);
    for car in &platoon.cars {
        assert_eq!(car.position_m.len(), platoon.rows());
        assert!(car.position_m.iter().chain(&car.acceleration_mps2).all(|value| value.is_finite()));
        assert!(car.speed_mps.iter().all(|speed_mps| (0.0..=100.0).contains(speed_mps)));
    }
    for neighbours in platoon.cars.windows(2) {
        let gaps = neighbours[0].position_m.iter().zip(&neighbours[1].position_m);
        assert!(gaps.into_iter().all(|(ahead_m, behind_m)| ahead_m > behind_m));
    }
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        if let Ok(platoon) = parse(&bytes) {
            check_promises(&platoon);
        }
    }

    #[test]
    fn a_table_with_some_bytes_changed_is_read_or_refused(
        changes in proptest::collection::vec((0..150_usize, any::<u8>(), 0..3_u8), 0..6)
    ) {
        let mut bytes = [HEADER, ROWS].concat().into_bytes();
        for (place, byte, way) in changes {
            let place = place % bytes.len();
            match way {
                0 => bytes[place] = byte,
                1 => bytes.insert(place, byte),
                _ => bytes.truncate(place.max(1)),
            }
        }
        if let Ok(platoon) = parse(&bytes) {
            check_promises(&platoon);
        }
    }

    #[test]
    fn numbers_of_any_spelling_are_read_or_refused(field in "[-+.0-9eEinfa]{0,8}", place in 0..9_usize) {
        let mut row: Vec<&str> = "0.1,7,20.5,5,0.1,9,0.45,4.5,0".split(',').collect();
        row[place] = &field;
        let table = format!("{HEADER}0.0,7,20,5,0.1,9,0,4.5,0\n{}\n", row.join(","));
        if let Ok(platoon) = parse(table.as_bytes()) {
            check_promises(&platoon);
        }
    }
}
