//! Reads packages from a text or a file.

use std::fs;
use std::io::Read;
use std::path::Path;

use super::request::PackageSource;
use crate::domain::catalogue::CataloguedPackage;
use crate::domain::manifest::{self, Document};
use crate::domain::time::WallTime;
use crate::domain::world::refusal::Refusal;

/// The manifest in a package's folder.
const FILE_NAME: &str = "shipmate.yaml";
/// More than a manifest may hold; the parser says so by itself.
const READ_AT_MOST: u64 = 2 << 20;

/// Reads packages and checks them.
///
/// # Errors
/// When the file cannot be read, or a manifest is not valid.
pub fn read(source: &PackageSource, now: WallTime) -> Result<Vec<CataloguedPackage>, Refusal> {
    match source {
        PackageSource::Text(text) => parse(text, "", None, now),
        PackageSource::Path(path) => read_path(path, now),
    }
}

fn read_path(path: &Path, now: WallTime) -> Result<Vec<CataloguedPackage>, Refusal> {
    let cannot = |e: std::io::Error| {
        Refusal::new(format!(
            "{} cannot be read by shipmate: {e}; the path is one of the machine on which shipmate \
             runs",
            path.display()
        ))
    };
    let path = path.canonicalize().map_err(cannot)?;
    let file = if path.is_dir() {
        path.join(FILE_NAME)
    } else {
        path.clone()
    };
    let mut text = String::new();
    fs::File::open(&file)
        .and_then(|f| f.take(READ_AT_MOST).read_to_string(&mut text))
        .map_err(|e| Refusal::new(format!("{} cannot be read: {e}", file.display())))?;
    let folder = file.parent().map(|folder| folder.display().to_string());
    parse(&text, &file.display().to_string(), folder, now)
}

fn parse(
    text: &str,
    file: &str,
    folder: Option<String>,
    now: WallTime,
) -> Result<Vec<CataloguedPackage>, Refusal> {
    let documents = manifest::parse(text, file).map_err(Refusal::manifest)?;
    Ok(documents
        .into_iter()
        .map(|Document { package, text }| CataloguedPackage {
            package,
            text,
            folder: folder.clone(),
            registered_at: now,
        })
        .collect())
}
