//! A tiny image, made of Debian's static busybox, once for each engine.

use std::fs::File;

use bollard::query_parameters::{CreateImageOptions, RemoveImageOptions};
use futures::TryStreamExt;
use tar::{Builder, EntryType, Header};

use super::{IMAGE, docker, finish};

const BUSYBOX: &str = "/bin/busybox";
const COMMANDS: [&str; 10] = [
    "sh", "cat", "echo", "false", "find", "head", "id", "sleep", "true", "yes",
];

/// Makes the image unless the engine has it. Several test programs may want it at once, so only
/// one at a time looks.
pub async fn ensure() {
    let path = std::env::temp_dir().join("shipmate-test-image.lock");
    let lock = File::create(&path).expect("the lock file can be made");
    let lock = tokio::task::spawn_blocking(move || lock.lock().map(|()| lock)).await;
    let _held = lock
        .expect("the lock is waited for")
        .expect("it can be held");
    if docker().inspect_image(IMAGE).await.is_err() {
        import(IMAGE, busybox()).await;
    }
}

/// Imports an archive as an image of one layer.
async fn import(name: &str, archive: Vec<u8>) {
    let (repo, tag) = name.rsplit_once(':').expect("the name has a tag");
    let options = CreateImageOptions {
        from_src: Some("-".to_owned()),
        repo: Some(repo.to_owned()),
        tag: Some(tag.to_owned()),
        ..Default::default()
    };
    let body = bollard::body_full(archive.into());
    let messages = docker().create_image(Some(options), Some(body), None);
    let done: Result<Vec<_>, _> = messages.try_collect().await;
    done.expect("the image can be imported");
}

fn busybox() -> Vec<u8> {
    let program = std::fs::read(BUSYBOX)
        .unwrap_or_else(|error| panic!("{BUSYBOX}: {error}; install busybox-static"));
    let mut archive = Builder::new(Vec::new());
    let mut header = Header::new_gnu();
    header.set_mode(0o755);
    header.set_size(program.len() as u64);
    archive
        .append_data(&mut header, "bin/busybox", program.as_slice())
        .expect("busybox fits");
    for command in COMMANDS {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::Symlink);
        header.set_mode(0o777);
        header.set_size(0);
        archive
            .append_link(&mut header, format!("bin/{command}"), "busybox")
            .expect("a link fits");
    }
    archive.into_inner().expect("the archive is whole")
}

/// Removes an image when it is dropped.
pub struct Unwanted(pub String);

impl Drop for Unwanted {
    fn drop(&mut self) {
        let name = self.0.clone();
        finish(async move {
            let options = RemoveImageOptions {
                force: true,
                ..Default::default()
            };
            docker().remove_image(&name, Some(options), None).await.ok();
        });
    }
}

/// Removes the image now.
pub async fn remove(name: &str) {
    let options = None::<RemoveImageOptions>;
    docker()
        .remove_image(name, options, None)
        .await
        .expect("the image can be removed");
}

/// Whether the engine has the image.
pub async fn is_there(name: &str) -> bool {
    docker().inspect_image(name).await.is_ok()
}
