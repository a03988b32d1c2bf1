//! Packs a folder for a build: a tar archive that is sent while it is made. Its digest is made of
//! the very bytes that go into the archive.

use std::fs::{self, File, Metadata};
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Weak};

use bytes::Bytes;
use futures::Stream;
use sha2::{Digest, Sha256};
use tar::{Builder, EntryType, Header};
use tokio::sync::mpsc;

use super::ignore::{Rules, clean};

const CHUNK: usize = 64 * 1024;
const CHUNKS_AHEAD: usize = 8;
const IGNORE_FILE: &str = ".dockerignore";

/// Starts to pack the folder in a thread of its own. The thread ends early when the stream is
/// dropped; what went wrong is in its result. With the digest that is `expected`, another content
/// breaks the archive off, and the result is false: the engine makes nothing of it.
pub(super) fn pack(
    folder: PathBuf,
    dockerfile: String,
    expected: Option<String>,
) -> (
    impl Stream<Item = io::Result<Bytes>> + Send + 'static,
    tokio::task::JoinHandle<io::Result<bool>>,
) {
    let (sender, mut receiver) = mpsc::channel(CHUNKS_AHEAD);
    let packing = tokio::task::spawn_blocking(move || {
        let end = Sender(Some(sender.clone()));
        let done = write(&folder, &dockerfile, end, expected.as_deref());
        let broken = match &done {
            Ok(true) => return done,
            Ok(false) => io::Error::other("the folder changed while it was sent"),
            Err(error) => io::Error::new(error.kind(), error.to_string()),
        };
        // The engine must not take half of a folder for the whole of it.
        drop(sender.blocking_send(Err(broken)));
        done
    });
    let chunks = futures::stream::poll_fn(move |task| receiver.poll_recv(task));
    (chunks, packing)
}

/// The digest of everything that would be packed, but for what changes no image: times and owners.
/// To drop the future is to stop reading.
pub(super) async fn digest(folder: PathBuf, dockerfile: String) -> io::Result<String> {
    let alive = Arc::new(());
    let nowhere = Nowhere(Arc::downgrade(&alive));
    let reading = tokio::task::spawn_blocking(move || {
        let mut packer = Packer::new(&folder, &dockerfile, nowhere)?;
        packer.folder(Path::new(""))?;
        Ok(packer.digest())
    });
    let read = reading.await.map_err(io::Error::other)?;
    drop(alive);
    read
}

fn write(
    folder: &Path,
    dockerfile: &str,
    sender: Sender,
    expected: Option<&str>,
) -> io::Result<bool> {
    let mut packer = Packer::new(folder, dockerfile, BufWriter::with_capacity(CHUNK, sender))?;
    let packed = packer.folder(Path::new(""));
    let digest = packer.digest();
    let same = expected.is_none_or(|expected| expected == digest);
    if packed.is_err() || !same {
        // An archive ends itself when it is dropped, and would look whole.
        packer.archive.get_mut().get_mut().0 = None;
    }
    packed?;
    if same {
        packer.archive.into_inner()?.flush()?;
    }
    Ok(same)
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

struct Packer<'a, W: Write> {
    root: &'a Path,
    rules: Rules,
    archive: Builder<W>,
    hasher: Sha256,
}

impl<'a, W: Write> Packer<'a, W> {
    fn new(root: &'a Path, dockerfile: &str, target: W) -> io::Result<Self> {
        Ok(Self {
            root,
            rules: rules(root, dockerfile)?,
            archive: Builder::new(target),
            hasher: Sha256::new(),
        })
    }

    /// The digest of what was packed so far.
    fn digest(&self) -> String {
        hex(self.hasher.clone())
    }

    /// Notes an entry; what follows it is its link's target or its content, of `size` bytes.
    fn note(&mut self, path: &Path, header: &Header, size: u64) -> io::Result<()> {
        feed(&mut self.hasher, path.as_os_str().as_bytes());
        self.hasher.update([header.entry_type().as_byte()]);
        self.hasher.update(header.mode()?.to_le_bytes());
        self.hasher.update(size.to_le_bytes());
        Ok(())
    }

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
            EntryType::Directory => {
                self.note(path, &header, 0)?;
                self.archive.append_data(&mut header, path, io::empty())
            }
            EntryType::Regular => self.add_file(header, path, full, about.len()),
            EntryType::Symlink => {
                header.set_size(0);
                let target = fs::read_link(full)?;
                self.note(path, &header, 0)?;
                feed(&mut self.hasher, target.as_os_str().as_bytes());
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
        self.note(path, &header, size)?;
        let mut content = Noted {
            content: File::open(full)?.take(size),
            hasher: &mut self.hasher,
        };
        self.archive.append_data(&mut header, path, &mut content)?;
        match content.content.limit() {
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

/// A file whose bytes are noted as they are read.
struct Noted<'a> {
    content: io::Take<File>,
    hasher: &'a mut Sha256,
}

impl Read for Noted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.content.read(buffer)?;
        self.hasher.update(buffer.get(..count).unwrap_or_default());
        Ok(count)
    }
}

/// Takes a text into a digest, so that two texts are never the same as one.
pub(super) fn feed(hasher: &mut Sha256, text: &[u8]) {
    hasher.update((text.len() as u64).to_le_bytes());
    hasher.update(text);
}

/// A digest as people write it.
pub(super) fn hex(hasher: Sha256) -> String {
    hex::encode(hasher.finalize())
}

/// The archive's end in the packing thread; what is written after it was closed is lost.
struct Sender(Option<mpsc::Sender<io::Result<Bytes>>>);

impl Write for Sender {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if let Some(sender) = &self.0 {
            sender
                .blocking_send(Ok(Bytes::copy_from_slice(bytes)))
                .map_err(|_| io::Error::from(ErrorKind::BrokenPipe))?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An archive that nobody gets, as long as somebody waits for its digest.
struct Nowhere(Weak<()>);

impl Write for Nowhere {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.strong_count() {
            0 => Err(io::Error::from(ErrorKind::BrokenPipe)),
            _ => Ok(bytes.len()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
#[path = "context_tests.rs"]
mod tests;
