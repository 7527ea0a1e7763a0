//! Keeping an upload: as a file on disk, whole or not at all, or as bytes in memory.

use std::io::{self, ErrorKind, Write};
use std::path::Path;

use bytes::Bytes;
use tempfile::NamedTempFile;

use super::Upload;

impl Upload {
    /// Writes the content to a file, and returns its bytes.
    ///
    /// Nobody sees half of it: it is written beside its place under a name of its own, brought to the disk, and then renamed. A file
    /// that is there is replaced; a symbolic link is replaced too, and not followed. Where it fails nothing is left; where the call ends
    /// before it is done, nothing or all of it is. A process that is killed meanwhile leaves a file whose name begins with `.tmp`. Only
    /// the owner of the process may read the file.
    ///
    /// The path is the method's: the name that the sender gave is never a part of it, and a folder is no place for it.
    ///
    /// # Errors
    ///
    /// The path is that of a folder, or has no name in it (`InvalidInput`); the content cannot be read, or the file not be written.
    pub async fn save_to(&self, path: impl AsRef<Path>) -> io::Result<u64> {
        let path = path.as_ref().to_owned();
        let beside = path.clone();
        let mut file = blocking(move || begin(&beside)).await?;
        let (mut reader, mut bytes) = (self.reader(), 0);
        while let Some(chunk) = reader.chunk().await? {
            bytes += chunk.len() as u64;
            file = blocking(move || file.write_all(&chunk).map(|()| file)).await?;
        }
        blocking(move || {
            file.as_file().sync_all()?;
            file.persist(&path).map_err(|error| error.error)
        })
        .await?;
        Ok(bytes)
    }

    /// The whole content, of at most so many bytes.
    ///
    /// # Errors
    ///
    /// It is larger (`FileTooLarge`), or cannot be read.
    pub async fn bytes(&self, max: u64) -> io::Result<Bytes> {
        let size = self.size();
        if size > max {
            return Err(io::Error::new(
                ErrorKind::FileTooLarge,
                format!("the file has {size} bytes: at most {max} are read"),
            ));
        }
        let mut reader = self.reader();
        let first = reader.chunk().await?.unwrap_or_default();
        if first.len() as u64 == size {
            return Ok(first);
        }
        let mut all = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
        all.extend_from_slice(&first);
        while let Some(chunk) = reader.chunk().await? {
            all.extend_from_slice(&chunk);
        }
        Ok(all.into())
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// A file without content in the folder of the path. It is gone when it is dropped.
fn begin(path: &Path) -> io::Result<NamedTempFile> {
    let invalid = |what: &str| io::Error::new(ErrorKind::InvalidInput, format!("{} {what}", path.display()));
    if path.file_name().is_none() {
        return Err(invalid("has no name of a file in it"));
    }
    if path.symlink_metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(invalid("is a folder: add the name that the file is to have, and not the sender's"));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    NamedTempFile::new_in(folder)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::ErrorKind;

    use super::super::{Spool, Upload};

    fn names(folder: &std::path::Path) -> Vec<String> {
        let mut names: Vec<String> =
            fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    async fn large() -> (Upload, Vec<u8>) {
        let content: Vec<u8> = (0..200_000_u32).map(|byte| (byte % 251) as u8).collect();
        let mut spool = Spool::default();
        for piece in content.chunks(1000) {
            spool.write(piece).await.unwrap();
        }
        (spool.finish("../evil", "a/b").await.unwrap(), content)
    }

    #[test_waits::test]
    async fn a_file_is_saved_whole_under_the_methods_name() {
        let folder = tempfile::tempdir().unwrap();
        let (upload, content) = large().await;
        let path = folder.path().join("kept.bin");
        fs::write(&path, "before").unwrap();
        assert_eq!(upload.save_to(&path).await.unwrap(), 200_000);
        assert!(fs::read(&path).unwrap() == content && names(folder.path()) == ["kept.bin"]);
        assert_eq!(Upload::new("x", "a/b", "small").save_to(&path).await.unwrap(), 5);
        assert_eq!(fs::read(&path).unwrap(), b"small");
    }

    #[test_waits::test]
    async fn what_fails_leaves_nothing_and_what_is_given_up_nothing_half() {
        let folder = tempfile::tempdir().unwrap();
        let (upload, content) = large().await;
        assert_eq!(upload.save_to(folder.path()).await.unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(upload.save_to("/").await.unwrap_err().kind(), ErrorKind::InvalidInput);
        assert_eq!(upload.save_to(folder.path().join("no/where")).await.unwrap_err().kind(), ErrorKind::NotFound);
        let path = folder.path().join("given-up");
        let mut saving = Box::pin(upload.save_to(&path));
        assert!(futures_util::poll!(&mut saving).is_pending());
        drop(saving);
        let is_begun = |name: &String| name.starts_with(".tmp");
        test_waits::until("the end of the temporary file", || !names(folder.path()).iter().any(is_begun)).await;
        // Threads may be so fast that only the answer was given up.
        assert!(fs::read(&path).map_or(true, |saved| saved == content));
    }

    #[cfg(unix)]
    #[test_waits::test]
    async fn a_link_is_replaced_and_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (secret, link) = (folder.path().join("secret"), folder.path().join("link"));
        fs::write(&secret, "kept").unwrap();
        std::os::unix::fs::symlink(&secret, &link).unwrap();
        Upload::new("x", "a/b", "new").save_to(&link).await.unwrap();
        assert_eq!((fs::read(&secret).unwrap(), fs::read(&link).unwrap()), (b"kept".to_vec(), b"new".to_vec()));
    }

    #[test_waits::test]
    async fn bytes_are_read_whole_up_to_a_bound() {
        let (upload, content) = large().await;
        assert!(upload.bytes(200_000).await.unwrap() == content);
        let error = upload.bytes(199_999).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::FileTooLarge);
        assert!(error.to_string().contains("at most 199999"), "{error}");
        assert_eq!(Upload::new("x", "a/b", "").bytes(0).await.unwrap(), "");
    }
}
