//! Where the programs of Postgres are.

use std::fmt;
use std::path::{Path, PathBuf};

/// The least major version that the workspace is tested with.
const LEAST: u32 = 15;

/// Where Debian's packages put the programs, a folder a version.
const DEBIAN: &str = "/usr/lib/postgresql";

/// The folder with `initdb`, `postgres` and `pg_ctl`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binaries(PathBuf);

/// There is no Postgres to test with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoPostgres;

impl std::error::Error for NoPostgres {}

impl fmt::Display for NoPostgres {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Postgres {LEAST} or newer was found neither in PATH nor in {DEBIAN}/*/bin. Install it (on Debian: `apt-get install postgresql`), \
             or name a running server whose user may make databases: DATABASE_URL=postgres://user@host/database"
        )
    }
}

impl Binaries {
    /// Looks in `PATH` and in the folders of Debian's packages, there for the newest version.
    ///
    /// # Errors
    ///
    /// There is none.
    pub fn find() -> Result<Self, NoPostgres> {
        #[expect(clippy::disallowed_methods, reason = "tests find programs as a shell does")]
        let path = std::env::var_os("PATH").unwrap_or_default();
        Self::find_in(std::env::split_paths(&path), Path::new(DEBIAN))
    }

    fn find_in(path: impl Iterator<Item = PathBuf>, debian: &Path) -> Result<Self, NoPostgres> {
        let is_whole =
            |folder: &PathBuf| ["initdb", "postgres", "pg_ctl"].iter().all(|name| folder.join(name).is_file());
        path.chain(of_debian(debian)).find(is_whole).map(Self).ok_or(NoPostgres)
    }

    /// The path of a program.
    #[must_use]
    pub fn program(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

/// The folders below Debian's, the newest version first.
fn of_debian(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    let mut versions: Vec<(u32, PathBuf)> = entries
        .filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path().join("bin"))))
        .filter(|(version, _)| *version >= LEAST)
        .collect();
    versions.sort_by_key(|(version, _)| std::cmp::Reverse(*version));
    versions.into_iter().map(|(_, folder)| folder).collect()
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::{Path, PathBuf};

    use super::{Binaries, NoPostgres};

    fn install(folder: &Path) -> PathBuf {
        fs::create_dir_all(folder).unwrap();
        for name in ["initdb", "postgres", "pg_ctl"] {
            fs::write(folder.join(name), "").unwrap();
        }
        folder.to_owned()
    }

    #[test]
    fn the_path_goes_first_then_the_newest_of_debian() {
        let folder = tempfile::tempdir().unwrap();
        let debian = folder.path().join("debian");
        assert_eq!(Binaries::find_in([].into_iter(), &debian), Err(NoPostgres));
        install(&debian.join("9/bin"));
        assert_eq!(Binaries::find_in([].into_iter(), &debian), Err(NoPostgres), "too old");
        let _ = install(&debian.join("15/bin"));
        let newest = install(&debian.join("17/bin"));
        assert_eq!(Binaries::find_in([].into_iter(), &debian), Ok(Binaries(newest)));
        let own = install(&folder.path().join("own"));
        assert_eq!(Binaries::find_in([PathBuf::from("/no/such"), own.clone()].into_iter(), &debian), Ok(Binaries(own)));
    }

    #[test]
    fn what_to_do_without_one_is_said() {
        let text = NoPostgres.to_string();
        assert!(text.contains("apt-get install postgresql") && text.contains("DATABASE_URL=postgres://"), "{text}");
    }
}
