//! Figures as text for people: aligned tables, times and sizes with units.

/// Columns aligned under a header; columns for which `right` says so to the right.
pub fn table(header: &[&str], rows: &[Vec<String>], right: &[bool]) -> String {
    let width = |column: usize| {
        let cells = rows
            .iter()
            .filter_map(|row| row.get(column))
            .map(|cell| cell.chars().count());
        cells.chain([header[column].chars().count()]).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..header.len()).map(width).collect();
    let line = |cells: &[String]| {
        let cells = cells.iter().zip(&widths).enumerate().map(|(column, (cell, &width))| {
            if right.get(column) == Some(&true) {
                format!("{cell:>width$}")
            } else {
                format!("{cell:<width$}")
            }
        });
        cells.collect::<Vec<_>>().join("  ").trim_end().to_owned()
    };
    let header: Vec<String> = header.iter().map(|&cell| cell.to_owned()).collect();
    let rule: Vec<String> = widths.iter().map(|&width| "-".repeat(width)).collect();
    let lines = [line(&header), line(&rule)]
        .into_iter()
        .chain(rows.iter().map(|row| line(row)));
    lines.collect::<Vec<_>>().join("\n")
}

/// `0.42 ms`, `17.3 ms`, `2.31 s`.
pub fn seconds(seconds: f64) -> String {
    match seconds {
        time if time < 0.01 => format!("{:.2} ms", time * 1e3),
        time if time < 1.0 => format!("{:.1} ms", time * 1e3),
        time => format!("{time:.2} s"),
    }
}

/// `512 B`, `9.7 MiB`, `1.25 GiB`.
pub fn bytes(count: u64) -> String {
    let count = count as f64;
    match count {
        bytes if bytes < 1024.0 => format!("{bytes} B"),
        bytes if bytes < 1024.0 * 1024.0 => format!("{:.1} KiB", bytes / 1024.0),
        bytes if bytes < 1024.0 * 1024.0 * 1024.0 => format!("{:.1} MiB", bytes / 1024.0 / 1024.0),
        bytes => format!("{:.2} GiB", bytes / 1024.0 / 1024.0 / 1024.0),
    }
}

/// `20,000,000`.
pub fn count(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() * 4 / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_units() {
        assert_eq!(
            [seconds(0.000_42), seconds(0.017_3), seconds(2.312)],
            ["0.42 ms", "17.3 ms", "2.31 s"]
        );
        assert_eq!(
            [bytes(512), bytes(10_171_187), bytes(5 << 28)],
            ["512 B", "9.7 MiB", "1.25 GiB"]
        );
        assert_eq!(
            [count(0), count(999), count(1_000), count(20_000_000)],
            ["0", "999", "1,000", "20,000,000"]
        );
    }

    #[test]
    fn tables_are_aligned() {
        let rows = [
            vec!["a".to_owned(), "1".to_owned()],
            vec!["long".to_owned(), "23".to_owned()],
        ];
        assert_eq!(
            table(&["name", "n"], &rows, &[false, true]),
            "name   n\n----  --\na      1\nlong  23"
        );
    }
}
