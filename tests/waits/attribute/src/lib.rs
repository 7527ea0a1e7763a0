//! The attribute of `test-waits`.

use proc_macro::{Delimiter, Group, TokenStream, TokenTree};

/// `#[tokio::test]`, with a bound: a test that has not ended after [`WHOLE`](../test_waits/constant.WHOLE.html) fails. What it waits
/// for then is something that has no bound of its own. Takes the arguments of `#[tokio::test]`.
#[proc_macro_attribute]
pub fn test(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let mut trees: Vec<TokenTree> = item.into_iter().collect();
    if let Some(TokenTree::Group(body)) = trees.last()
        && body.delimiter() == Delimiter::Brace
    {
        let span = body.span();
        let mut bounded: TokenStream = "::test_waits::whole".parse().expect("a path");
        let future: TokenStream = "async move".parse().expect("two words");
        let future = TokenStream::from_iter(future.into_iter().chain([TokenTree::Group(body.clone())]));
        bounded.extend([TokenTree::Group(Group::new(Delimiter::Parenthesis, future))]);
        bounded.extend(".await".parse::<TokenStream>());
        let mut body = Group::new(Delimiter::Brace, bounded);
        body.set_span(span);
        trees.pop();
        trees.push(TokenTree::Group(body));
    }
    let mut test: TokenStream = format!("#[::tokio::test({arguments})]").parse().expect("an attribute");
    test.extend(trees);
    test
}
