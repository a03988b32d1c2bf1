//! Packs a folder for a build: a tar archive that is sent while it is made.

use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use futures::Stream;
use tar::{Builder, EntryType, Header};
use tokio::sync::mpsc;

use super::ignore::{Rules, clean};

const CHUNK: usize = 64 * 1024;
const CHUNKS_AHEAD: usize = 8;
const IGNORE_FILE: &str = ".dockerignore";

/// Starts to pack the folder in a thread of its own. The thread ends early when the stream is
/// dropped; what went wrong is in its result.
pub(super) fn pack(
    folder: PathBuf,
    dockerfile: String,
) -> (
    impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    tokio::task::JoinHandle<io::Result<()>>,
) {
    let (sender, mut receiver) = mpsc::channel(CHUNKS_AHEAD);
    let packing = tokio::task::spawn_blocking(move || {
        let done = write(&folder, &dockerfile, Sender(sender.clone()));
        if let Err(error) = &done {
            // The engine must not take half of a folder for the whole of it.
            let error = io::Error::new(error.kind(), error.to_string());
            drop(sender.blocking_send(Err(error)));
        }
        done
    });
    let chunks = futures::stream::poll_fn(move |task| receiver.poll_recv(task));
    (chunks, packing)
}

fn write(folder: &Path, dockerfile: &str, sender: Sender) -> io::Result<()> {
    let mut packer = Packer {
        root: folder,
        rules: rules(folder, dockerfile)?,
        archive: Builder::new(BufWriter::with_capacity(CHUNK, sender)),
    };
    packer.folder(Path::new(""))?;
    packer.archive.into_inner()?.flush()
}

/// The folder's own rules; the files that the engine itself reads are always sent.
fn rules(folder: &Path, dockerfile: &str) -> io::Result<Rules> {
    let file = folder.join(IGNORE_FILE);
    let text = match fs::read(&file) {
        Ok(bytes) => String::from_utf8_lossy(&bytes).into_owned(),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Rules::default()),
        Err(error) => return Err(at(&file, &error)),
    };
    let invalid = |cause: String| io::Error::new(ErrorKind::InvalidData, cause);
    let mut rules =
        Rules::parse(&text).map_err(|cause| invalid(format!("{}: {cause}", file.display())))?;
    rules.keep(IGNORE_FILE).map_err(invalid)?;
    rules.keep(&clean(dockerfile)).map_err(invalid)?;
    Ok(rules)
}

struct Packer<'a> {
    root: &'a Path,
    rules: Rules,
    archive: Builder<BufWriter<Sender>>,
}

impl Packer<'_> {
    /// Packs what is in a folder, in order of names. The path is relative to the context.
    fn folder(&mut self, path: &Path) -> io::Result<()> {
        let full = self.root.join(path);
        let entries = fs::read_dir(&full).map_err(|error| at(&full, &error))?;
        let mut names = Vec::new();
        for entry in entries {
            names.push(entry.map_err(|error| at(&full, &error))?.file_name());
        }
        names.sort();
        for name in names {
            self.entry(&path.join(name))?;
        }
        Ok(())
    }

    fn entry(&mut self, path: &Path) -> io::Result<()> {
        let full = self.root.join(path);
        let about = fs::symlink_metadata(&full).map_err(|error| at(&full, &error))?;
        let name = path.to_string_lossy();
        let left_out = self.rules.leave_out(&name);
        if !left_out {
            self.add(path, &full, &about)
                .map_err(|error| at(&full, &error))?;
        }
        match about.is_dir() && (!left_out || self.rules.may_keep_in(&name)) {
            true => self.folder(path),
            false => Ok(()),
        }
    }

    /// Adds one entry. As in Docker, files become root's, links stay links, and sockets and pipes
    /// are left out.
    fn add(&mut self, path: &Path, full: &Path, about: &Metadata) -> io::Result<()> {
        let mut header = Header::new_gnu();
        header.set_metadata(about);
        header.set_uid(0);
        header.set_gid(0);
        match header.entry_type() {
            EntryType::Directory => self.archive.append_data(&mut header, path, io::empty()),
            EntryType::Regular => self.add_file(header, path, full, about.len()),
            EntryType::Symlink => {
                header.set_size(0);
                let target = fs::read_link(full)?;
                self.archive.append_link(&mut header, path, target)
            }
            _ => Ok(()),
        }
    }

    fn add_file(
        &mut self,
        mut header: Header,
        path: &Path,
        full: &Path,
        size: u64,
    ) -> io::Result<()> {
        header.set_size(size);
        let mut content = File::open(full)?.take(size);
        self.archive.append_data(&mut header, path, &mut content)?;
        match content.limit() {
            0 => Ok(()),
            _ => Err(io::Error::other("it became shorter while it was read")),
        }
    }
}

/// An error that says where it happened; one of the receiving end stays as it is.
fn at(path: &Path, error: &io::Error) -> io::Error {
    match error.kind() {
        ErrorKind::BrokenPipe => io::Error::from(ErrorKind::BrokenPipe),
        kind => io::Error::new(kind, format!("{}: {error}", path.display())),
    }
}

/// The archive's end in the packing thread.
struct Sender(mpsc::Sender<io::Result<Bytes>>);

impl Write for Sender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0
            .blocking_send(Ok(Bytes::copy_from_slice(bytes)))
            .map_err(|_| io::Error::from(ErrorKind::BrokenPipe))?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
