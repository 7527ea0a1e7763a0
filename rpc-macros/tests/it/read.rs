//! What `#[derive(ReadFields)]` makes of a struct.

use rpc_core::ReadFields;
use rpc_core::read::{Condition, NoId, NoSort, Sortable};

#[derive(ReadFields)]
#[read(default_limit = 20, max_limit = 50)]
struct UserFields {
    #[read("=", sortable)]
    id: Option<Condition<u32>>,
    #[read("=", "like")]
    name: Option<Condition<String>>,
    #[read(sortable, rename = "created_at")]
    created: Sortable,
    #[read(sortable)]
    r#type: Sortable,
}

#[derive(ReadFields)]
#[read(max_limit = 30)]
struct LogFields {
    #[read("=")]
    method_id: Condition<String>,
}

fn same<A: 'static, B: 'static>() -> bool {
    std::any::TypeId::of::<A>() == std::any::TypeId::of::<B>()
}

#[test]
fn limits_are_those_of_the_struct() {
    assert_eq!((UserFields::DEFAULT_LIMIT, UserFields::MAX_LIMIT), (20, 50));
    assert_eq!((LogFields::DEFAULT_LIMIT, LogFields::MAX_LIMIT), (30, 30));
}

#[test]
fn sortable_fields_have_a_variant_each() {
    assert_eq!(UserFields::sort("created_at"), Some(UserFieldsSort::CreatedAt));
    assert_eq!(UserFields::sort("id"), Some(UserFieldsSort::Id));
    assert_eq!(UserFields::sort("type").map(UserFieldsSort::name), Some("type"));
    assert_eq!(UserFields::sort("name"), None);
    assert!(same::<<LogFields as ReadFields>::Sort, NoSort>());
}

#[test]
fn the_id_is_the_field_of_that_name() {
    assert!(same::<<UserFields as ReadFields>::Id, u32>());
    assert!(same::<<LogFields as ReadFields>::Id, NoId>());
}

#[test]
fn conditions_are_read_and_required_ones_demanded() {
    use rpc_core::read::Read;
    use rpc_core::serde_json::{from_value, json};

    let read: Read<UserFields> = from_value(json!({"where": {"id": 7, "name": ["like", "an"]}})).unwrap();
    let filter = read.filter.unwrap();
    assert_eq!(filter.id, Some(Condition::Eq(7)));
    assert_eq!(filter.name, Some(Condition::Like("an".to_owned())));
    let read: Read<LogFields> = from_value(json!({"where": {"method_id": "x"}})).unwrap();
    assert_eq!(read.filter.unwrap().method_id, Condition::Eq("x".to_owned()));
    assert!(from_value::<Read<LogFields>>(json!({"where": {}})).is_err());
}
