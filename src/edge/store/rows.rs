//! From rows to what they mean. A row that cannot be understood does not take the others with it:
//! it is moved to the table `unreadable`.

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use serde_json::Value;

use crate::domain::catalogue::CataloguedPackage;
use crate::domain::deployment::Deployment;
use crate::domain::manifest;
use crate::domain::time::WallTime;

/// The columns that [`package`] reads.
pub(super) const PACKAGE: &str = "name, version, manifest, folder, registered_at";
/// The columns that [`deployment`] reads.
pub(super) const DEPLOYMENT: &str = "id, record";

/// A row's meaning, or why it has none.
pub(super) type Read<T> = Result<T, String>;

/// A package as it was registered.
pub(super) fn package(row: &Row<'_>) -> Read<CataloguedPackage> {
    let (name, version): (String, String) = (column(row, 0)?, column(row, 1)?);
    let text: String = column(row, 2)?;
    let documents = manifest::parse(&text, "").map_err(|problems| {
        let first = problems.first();
        first.map_or_else(String::new, ToString::to_string)
    })?;
    let document = documents.into_iter().next().ok_or("it is empty")?;
    let package = document.package;
    if package.name != name || package.version.to_string() != version {
        return Err(format!("it is of {}", package.label()));
    }
    Ok(CataloguedPackage {
        package,
        text,
        folder: column(row, 3)?,
        registered_at: WallTime(column(row, 4)?),
    })
}

/// A deployment as it was written.
pub(super) fn deployment(row: &Row<'_>) -> Read<Deployment> {
    let id: String = column(row, 0)?;
    let record: String = column(row, 1)?;
    let written: Value = serde_json::from_str(&record).map_err(|e| e.to_string())?;
    let deployment: Deployment = serde_json::from_str(&record).map_err(|e| e.to_string())?;
    if deployment.order.id != id {
        return Err(format!("it is of deployment {}", deployment.order.id));
    }
    let understood = serde_json::to_value(&deployment).map_err(|e| e.to_string())?;
    match not_understood(&written, &understood) {
        Some(what) => Err(format!("{what:?} is not known")),
        None => Ok(deployment),
    }
}

fn column<T: rusqlite::types::FromSql>(row: &Row<'_>, index: usize) -> Read<T> {
    row.get(index).map_err(|e| e.to_string())
}

/// The first field that was written and says something, but is not among what was understood. To
/// leave it out might be to forget what keeps a robot safe.
fn not_understood(written: &Value, understood: &Value) -> Option<String> {
    match (written, understood) {
        (Value::Object(written), Value::Object(understood)) => {
            written
                .iter()
                .find_map(|(name, value)| match understood.get(name) {
                    Some(known) => not_understood(value, known),
                    None => (!says_nothing(value)).then(|| name.clone()),
                })
        }
        (Value::Array(written), Value::Array(understood)) => written
            .iter()
            .zip(understood)
            .find_map(|(written, understood)| not_understood(written, understood)),
        _ => None,
    }
}

fn says_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(all) => all.is_empty(),
        Value::Object(all) => all.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Moves every row that cannot be understood to `unreadable`, and says which deployments those
/// were.
pub(super) fn sort_out(connection: &mut Connection) -> rusqlite::Result<Vec<String>> {
    let transaction = connection.transaction()?;
    for (row, why) in unreadable(&transaction, "packages", PACKAGE, package)? {
        let name = move_away(&transaction, row, &why, "package", "packages", "manifest")?;
        tracing::error!(
            "package {name} is not valid any more and cannot be deployed: {why}; its manifest was \
             moved to the table `unreadable`; register it again"
        );
    }
    let mut lost = Vec::new();
    for (row, why) in unreadable(&transaction, "deployments", DEPLOYMENT, deployment)? {
        let id = move_away(
            &transaction,
            row,
            &why,
            "deployment",
            "deployments",
            "record",
        )?;
        tracing::error!(
            "what is known of deployment {id} cannot be read: {why}; it was moved to the table \
             `unreadable`"
        );
        lost.push(id);
    }
    if !lost.is_empty() {
        let why = format!("deployment {} could not be read", lost.join(", "));
        note_incomplete(&transaction, &why)?;
    }
    transaction.commit()?;
    Ok(lost)
}

fn unreadable<T>(
    connection: &Connection,
    table: &str,
    columns: &str,
    read: fn(&Row<'_>) -> Read<T>,
) -> rusqlite::Result<Vec<(i64, String)>> {
    let columns_last = format!("SELECT {columns}, rowid FROM {table}");
    let mut statement = connection.prepare(&columns_last)?;
    let rowid = statement.column_count().saturating_sub(1);
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        if let Err(why) = read(row) {
            found.push((row.get(rowid)?, why));
        }
    }
    Ok(found)
}

/// Moves one row; gives what it is called.
fn move_away(
    transaction: &Transaction<'_>,
    row: i64,
    why: &str,
    kind: &str,
    table: &str,
    content: &str,
) -> rusqlite::Result<String> {
    let called = match kind {
        "package" => "name || ' ' || version",
        _ => "id",
    };
    transaction.execute(
        &format!(
            "INSERT INTO unreadable
             SELECT ?, {called}, {content}, ?, datetime('now') FROM {table} WHERE rowid = ?"
        ),
        params![kind, why, row],
    )?;
    transaction.execute(&format!("DELETE FROM {table} WHERE rowid = ?"), [row])?;
    transaction.query_row(
        "SELECT coalesce(CAST(id AS TEXT), '?') FROM unreadable WHERE rowid = ?",
        [transaction.last_insert_rowid()],
        |row| row.get(0),
    )
}

/// Notes on the disk that something is missing, in addition to what is noted already.
fn note_incomplete(connection: &Connection, why: &str) -> rusqlite::Result<()> {
    let all = match meta(connection, "incomplete")? {
        Some(before) => format!("{before}; {why}"),
        None => why.to_owned(),
    };
    set_meta(connection, "incomplete", &all)
}

/// A value of the table `meta`.
pub(super) fn meta(connection: &Connection, key: &str) -> rusqlite::Result<Option<String>> {
    let asked = connection.query_row("SELECT value FROM meta WHERE key = ?", [key], |row| {
        row.get(0)
    });
    asked.optional()
}

/// Sets a value of the table `meta`.
pub(super) fn set_meta(connection: &Connection, key: &str, value: &str) -> rusqlite::Result<()> {
    let set = "INSERT OR REPLACE INTO meta VALUES (?, ?)";
    connection.execute(set, [key, value]).map(drop)
}
