//! Objects with constraints, a list with its options, errors of one's own.
//!
//! ```console
//! $ cargo run -p validated
//! listening on http://127.0.0.1:8080
//! $ curl http://127.0.0.1:8080/v1/members/create --json '{"name": "Ann", "email": "ann@example.com", "age": 30}'
//! {"status":200,"reason":"OK","data":{"id":"1","name":"Ann","email":"ann@example.com","age":30}}
//! $ curl http://127.0.0.1:8080/v1/members/create --json '{"name": "Bo", "email": "bo", "years": 1}'
//! {"status":400,"reason":"Parameters are invalid","code":-32602,"data":{"errors":[{"pointer":"/0/name","keyword":"minLength","message":"`member.name` must have at least 3 characters"},{"pointer":"/0/email","keyword":"format","message":"`member.email` must be a valid email"},{"pointer":"/0/years","keyword":"additionalProperties","message":"`member.years` is not a known member"}]}}
//! $ curl http://127.0.0.1:8080/v1/members/create --json '{"name": "Ann", "email": "a@example.com"}'
//! {"status":409,"reason":"This name is taken","code":409,"data":{"kind":"name_taken"}}
//! $ curl http://127.0.0.1:8080/v1/members/create --json '{"name": "Bob", "email": "bob@example.com", "age": 20}'
//! {"status":200,"reason":"OK","data":{"id":"2","name":"Bob","email":"bob@example.com","age":20}}
//! $ curl http://127.0.0.1:8080/v1/members/read --json '{"where": {"name": ["like", "B"]}}'
//! {"status":200,"reason":"OK","data":[{"id":"2","name":"Bob","email":"bob@example.com","age":20}],"total":1}
//! $ curl http://127.0.0.1:8080/v1/members/read --json '{"order_by": [["age", "desc"]], "limit": 1}'
//! {"status":200,"reason":"OK","data":[{"id":"1","name":"Ann","email":"ann@example.com","age":30}],"total":2}
//! $ curl http://127.0.0.1:8080/v1/members/read --json '{"where": {"email": "x"}, "limit": 51}'
//! {"status":400,"reason":"Parameters are invalid","code":-32602,"data":{"errors":[{"pointer":"/0/where/email","keyword":"additionalProperties","message":"`options.where.email` is not a known member"},{"pointer":"/0/limit","keyword":"maximum","message":"`options.limit` must be at most 50"}]}}
//! ```

use std::error::Error;
use std::io::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rpc_core::http::{HttpService, Server};
use rpc_core::read::{Condition, Direction, Read, Sortable};
use rpc_core::{Api, ApiError, ReadFields, Reply, api_method, api_module};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the caller sends. The constraints are checked before `create` runs, and shown in the documents.
#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct NewMember {
    #[schemars(length(min = 3, max = 32))]
    name: String,
    #[schemars(email)]
    email: String,
    /// Years.
    #[schemars(range(min = 16))]
    age: Option<u8>,
}

/// What the caller gets.
#[derive(Clone, Serialize, JsonSchema)]
struct Member {
    id: String,
    name: String,
    email: String,
    age: Option<u8>,
}

/// What members can be found and sorted by.
#[derive(ReadFields)]
#[read(max_limit = 50)]
struct MemberFields {
    #[read("=", "like", sortable)]
    name: Option<Condition<String>>,
    #[read(sortable)]
    age: Sortable,
}

/// Why a member is not created: rules that no schema can tell. Callers see kind, reason and details, and so do the documents.
#[derive(ApiError)]
enum CreateError {
    /// This name is taken
    #[api_error(status = 409)]
    NameTaken,
    #[api_error(status = 403, reason = "The club is full: it has {seats} seats")]
    Full { seats: usize },
}

/// The club. Methods take it by reference.
#[derive(Default)]
struct Club(Mutex<Vec<Member>>);

impl Club {
    const SEATS: usize = 3;

    fn members(&self) -> MutexGuard<'_, Vec<Member>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

api_module! {
    /// Members of the club
    path = "/v1/members"
}

/// Create member
#[api_method(path = "/v1/members/create", permissions = ["*"])]
async fn create(club: &Club, member: NewMember) -> Result<Member, CreateError> {
    let NewMember { name, email, age } = member;
    let mut members = club.members();
    if members.iter().any(|other| other.name == name) {
        return Err(CreateError::NameTaken);
    }
    if members.len() == Club::SEATS {
        return Err(CreateError::Full { seats: Club::SEATS });
    }
    let member = Member { id: (members.len() + 1).to_string(), name, email, age };
    members.push(member.clone());
    Ok(member)
}

/// Read members
#[api_method(path = "/v1/members/read", permissions = ["*"])]
async fn read(club: &Club, options: Option<Read<MemberFields>>) -> Result<Reply<Vec<Member>>, ApiError> {
    let Read { filter, order_by, offset, limit, .. } = options.unwrap_or_default();
    let mut found = club.members().clone();
    found.retain(|member| filter.as_ref().is_none_or(|fields| fields.admit(member)));
    for term in order_by.iter().rev() {
        found.sort_by(|a, b| {
            let order = match term.field {
                MemberFieldsSort::Name => a.name.cmp(&b.name),
                MemberFieldsSort::Age => a.age.cmp(&b.age),
            };
            if term.direction == Direction::Ascending { order } else { order.reverse() }
        });
    }
    let total = found.len() as u64;
    let page = found.into_iter().skip(usize::try_from(offset).unwrap_or(usize::MAX)).take(limit as usize);
    Ok(Reply::new(page.collect()).total(total))
}

impl MemberFields {
    fn admit(&self, member: &Member) -> bool {
        match &self.name {
            Some(Condition::Eq(name)) => member.name == *name,
            Some(Condition::Like(part)) => member.name.to_lowercase().contains(&part.to_lowercase()),
            _ => true,
        }
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or("127.0.0.1:8080".to_owned());
    let api = Api::builder().state(Club::default()).build()?;
    let server = Server::bind(HttpService::new(api), address.parse()?).await?;
    writeln!(std::io::stdout(), "listening on http://{}", server.local_addr()?)?;
    server.serve(std::future::pending()).await;
    Ok(())
}
