// What `#[api_method]` makes of a function: compared, token by token, with the expansion, and read by people.

#[doc = " Set user enabled"]
pub async fn set_enabled(ctx: &Ctx, file: Option<&Upload>, user_id: String, enabled: bool,) -> Result<()> {
    body(ctx, file, user_id, enabled)
}

#[doc(hidden)]
pub enum set_enabled {}

impl set_enabled {
    #[doc = "The method `/v1/users/set-enabled`, to be given to `Api::builder().method(…)`."]
    pub const ENTRY: ::rpc_core::MethodEntry = {
        ::rpc_core::__private::inventory::submit! { set_enabled::ENTRY }
        ::rpc_core::MethodEntry::new(
            "/v1/users/set-enabled",
            ::rpc_core::SourceLocation { file: ::core::file!(), line: ::core::line!() },
            |signature| {
                use ::rpc_core::__private::provider::*;
                (&&&::rpc_core::__private::Provider::<Ctx>::OF).provider().declare::<Ctx>(signature);
                <Option<&Upload> as ::rpc_core::__private::Injected<'_>>::declare(signature);
                signature.param::<String>("userId", "User id or name.", ::rpc_core::ParamStyle::Plain);
                signature.param::<bool>("enabled", "", ::rpc_core::ParamStyle::Plain);
                signature.output::<
                    <Result<()> as ::rpc_core::MethodOutput>::Answer,
                    <Result<()> as ::rpc_core::MethodOutput>::Error
                >();
            },
            |ctx, mut arguments| {
                use ::rpc_core::__private::provider::*;
                let p0 = arguments.next::<String>("userId")?;
                let p1 = arguments.next::<bool>("enabled")?;
                ::core::result::Result::Ok(::rpc_core::__private::Box::pin(async move {
                    ::rpc_core::__private::encode::<
                        <Result<()> as ::rpc_core::MethodOutput>::Answer,
                        <Result<()> as ::rpc_core::MethodOutput>::Error,
                        Result<()>
                    >(
                        ctx,
                        set_enabled(
                            (&&&::rpc_core::__private::Provider::<Ctx>::OF).provider().inject::<Ctx>(ctx),
                            <Option<&Upload> as ::rpc_core::__private::Injected<'_>>::take(ctx),
                            p0,
                            p1
                        ).await
                    )
                }))
            }
        )
        .text("Set user enabled", "")
        .permissions(&["admin"])
        .limits(::rpc_core::MethodLimits {
            concurrency: ::core::option::Option::None,
            concurrency_per_user: ::core::option::Option::None,
            rate: ::core::option::Option::Some(::rpc_core::Rate {
                calls: 10u32,
                period: ::core::time::Duration::from_secs(60u64)
            }),
            timeout: ::core::option::Option::None,
            max_body: ::core::option::Option::None,
            upload: ::core::option::Option::None,
        })
        .unlogged()
    };
}
