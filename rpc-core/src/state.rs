//! The states that an application gives its methods.

use std::any::{Any, TypeId, type_name};
use std::fmt;
use std::sync::Arc;

/// What methods may take by reference: any type that calls on many threads can share.
///
/// It is implemented for all of them; there is nothing to implement by hand. The application gives each state to
/// [`ApiBuilder::state`](crate::ApiBuilder::state). One that is given as `Arc<T>` or `Box<T>` is taken as `&T` too, so that a
/// method may ask for a trait:
///
/// ```standalone_crate
/// # use std::sync::Arc;
/// # use rpc_core::{Api, ApiError, api_method, api_module};
/// trait Clock: Send + Sync {
///     fn seconds(&self) -> u64;
/// }
///
/// struct Stopped;
///
/// impl Clock for Stopped {
///     fn seconds(&self) -> u64 {
///         0
///     }
/// }
///
/// # api_module! {
/// #     /// Time
/// #     path = "/v1/time"
/// # }
/// /// Tell the time
/// #[api_method(path = "/v1/time/now", permissions = ["*"])]
/// async fn now(clock: &dyn Clock) -> Result<u64, ApiError> {
///     Ok(clock.seconds())
/// }
///
/// # fn main() -> Result<(), rpc_core::BuildError> {
/// let clock: Arc<dyn Clock> = Arc::new(Stopped);
/// let api = Api::builder().state(clock).build()?;
/// # Ok(())
/// # }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a state of the application",
    label = "not `Send + Sync`",
    note = "calls on many threads share a state: keep what changes behind a `Mutex`, a `RwLock` or an atomic, and share with `Arc`",
    note = "a trait that methods take as `&dyn Trait` is declared `trait Trait: Send + Sync`"
)]
pub trait State: Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<T: ?Sized + Send + Sync + 'static> State for T {}

/// The states that were given, at most one of each type.
#[derive(Default)]
pub(crate) struct States(Vec<Given>);

struct Given {
    id: TypeId,
    name: &'static str,
    /// An `Arc` of the type.
    state: Box<dyn Any + Send + Sync>,
}

/// A state that a method takes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct WantedState {
    id: TypeId,
    pub(crate) name: &'static str,
    /// `&T` is a fat pointer: nobody can give a `T` as it is.
    pub(crate) is_unsized: bool,
    is_given: fn(&States) -> bool,
}

impl States {
    /// Adds a state, in place of another one of the same type.
    pub(crate) fn set<S: State>(&mut self, state: S) {
        let id = TypeId::of::<S>();
        self.0.retain(|given| given.id != id);
        self.0.push(Given { id, name: type_name::<S>(), state: Box::new(Arc::new(state)) });
    }

    /// The state of a type; else what is in the `Arc` or the `Box` of it.
    pub(crate) fn find<S: ?Sized + State>(&self) -> Option<&S> {
        self.exactly::<S>()
            .or_else(|| self.exactly::<Arc<S>>().map(AsRef::as_ref))
            .or_else(|| self.exactly::<Box<S>>().map(AsRef::as_ref))
    }

    fn exactly<S: ?Sized + State>(&self) -> Option<&S> {
        let id = TypeId::of::<S>();
        let given = self.0.iter().find(|given| given.id == id)?;
        given.state.downcast_ref::<Arc<S>>().map(AsRef::as_ref)
    }

    /// The names of the types.
    pub(crate) fn names(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|given| given.name)
    }
}

impl fmt::Debug for States {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.names()).finish()
    }
}

impl WantedState {
    pub(crate) fn new<S: ?Sized + State>() -> Self {
        Self {
            id: TypeId::of::<S>(),
            name: type_name::<S>(),
            is_unsized: size_of::<&S>() > size_of::<usize>(),
            is_given: |states| states.find::<S>().is_some(),
        }
    }

    /// Whether both are of the same type.
    pub(crate) fn is(&self, other: &Self) -> bool {
        self.id == other.id
    }

    pub(crate) fn is_given(&self, states: &States) -> bool {
        (self.is_given)(states)
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Display;
    use std::sync::Arc;

    use super::{States, WantedState};

    #[test]
    fn a_state_in_an_arc_or_a_box_is_found_by_both_types() {
        let mut states = States::default();
        states.set(Arc::new(7_u8));
        states.set::<Box<dyn Display + Send + Sync>>(Box::new("shown"));
        assert_eq!(states.find::<u8>(), Some(&7));
        assert_eq!(states.find::<Arc<u8>>().map(|state| **state), Some(7));
        assert_eq!(states.find::<dyn Display + Send + Sync>().map(ToString::to_string), Some("shown".to_owned()));
        assert!(states.find::<Box<dyn Display + Send + Sync>>().is_some());
        assert!(states.find::<u16>().is_none());
    }

    #[test]
    fn the_type_itself_comes_before_what_holds_it() {
        let mut states = States::default();
        states.set(Box::new(1_u8));
        states.set(Arc::new(2_u8));
        assert_eq!(states.find::<u8>(), Some(&2));
        states.set(3_u8);
        states.set(4_u8);
        assert_eq!(states.find::<u8>(), Some(&4));
        assert_eq!(states.names().count(), 3);
    }

    #[test]
    fn what_nobody_can_give_as_it_is_is_known() {
        assert!(WantedState::new::<dyn Display + Send + Sync>().is_unsized);
        assert!(!WantedState::new::<Arc<dyn Display + Send + Sync>>().is_unsized);
    }
}
