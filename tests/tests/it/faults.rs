//! Several processes of the application on one Postgres, and what goes wrong with them: the lines of `docs/faults.md`.

mod canary;
mod descriptors;
mod doors;
mod full;
mod killed;
mod load;
mod migrating;
mod node;
mod once;
mod refusing;
mod socket;
mod stopping;
mod strangers;
mod table;
mod time;
mod waiting;
