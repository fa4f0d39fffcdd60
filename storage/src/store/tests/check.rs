//! What `check` says of a sound store, and of damage.

use super::support::*;
use crate::disk::{Disk, FaultyDisk};
use crate::error::Error;
use std::path::Path;
use std::sync::Arc;

#[test]
fn a_sound_store_has_no_problems_and_every_damaged_byte_is_one() {
    let disk = FaultyDisk::new();
    let store = open_store(Arc::new(disk.clone()), options()).unwrap();
    let table = create_table(&*store);
    insert(&*store, table, &some_rows(0, 3_000)).unwrap();
    store.flush(None).unwrap();
    insert(&*store, table, &some_rows(3_000, 10)).unwrap();
    let change = delete_where(&*store.snapshot(), table, |row| row.1 % 9 == 0);
    commit(&*store, vec![change]).unwrap();
    let (old, mut heard) = (store.snapshot(), Vec::new());
    store.flush(None).unwrap();
    store.compact(None).unwrap();
    let report = store.check(&mut |done, total| heard.push((done, total))).unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
    assert!(report.files >= 5 && report.bytes > 1_000, "{report:?}");
    assert!(heard.last().is_some_and(|(done, total)| done == total), "{heard:?}");
    drop(old);
    let name = segment_files(&disk, table).remove(0);
    let path = Path::new("tables").join(table.0.to_string()).join(name);
    let length = disk.length_bytes(&path).unwrap().unwrap() as usize;
    for offset in (0..length).step_by(97) {
        disk.flip(&path, offset, 0x40);
        let report = store.check(&mut |_, _| {}).unwrap();
        assert_eq!(report.problems.len(), 1, "byte {offset}: {:?}", report.problems);
        assert!(
            report.problems[0].contains(&path.display().to_string()),
            "{:?}",
            report.problems
        );
        disk.flip(&path, offset, 0x40);
    }
    let stray = Path::new("tables")
        .join(table.0.to_string())
        .join("000000000001.segment");
    disk.create(&stray).unwrap();
    let report = store.check(&mut |_, _| {}).unwrap();
    assert_eq!(report.problems.len(), 1);
    assert!(report.problems[0].contains("belongs to no segment"));
    disk.cut(&path, length / 2);
    assert_eq!(store.check(&mut |_, _| {}).unwrap().problems.len(), 2);
    drop(store);
    match open_store(Arc::new(disk.clone()), options()) {
        Err(Error::Corrupt { path: found, .. }) => assert_eq!(found, path),
        other => panic!("a cut segment must be noticed, got {:?}", other.map(|_| ())),
    }
}
