//! The README and the how-to pages quote the code as it is.
#![allow(clippy::unwrap_used, reason = "a test")]

use std::{fs, path::Path};

/// Code blocks of a page that name their file in the first line: the file, and the lines quoted from it.
fn quotations(page: &str) -> Vec<(&str, Vec<&str>)> {
    page.split("```rust\n")
        .skip(1)
        .filter_map(|rest| {
            let mut lines = rest.split("```").next().unwrap().lines();
            let file = lines.next()?.strip_prefix("// ").filter(|file| file.ends_with(".rs"))?;
            Some((file, lines.collect()))
        })
        .collect()
}

#[test]
fn what_a_page_quotes_from_a_file_stands_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut checked = 0;
    let pages = fs::read_dir(root.join("docs/how-to")).unwrap().map(|page| page.unwrap().path());
    for page in pages.chain([root.join("README.md")]) {
        let text = fs::read_to_string(&page).unwrap();
        for (file, quoted) in quotations(&text) {
            let code = fs::read_to_string(root.join(file)).unwrap_or_default();
            let code: Vec<&str> = code.lines().collect();
            let stands_there = code.windows(quoted.len()).any(|lines| lines == quoted);
            assert!(stands_there, "{}: not in {file}:\n{}", page.display(), quoted.join("\n"));
            checked += 1;
        }
    }
    assert!(checked > 0, "no page quotes anything");
}
