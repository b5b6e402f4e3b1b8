//! Takes windows out of expressions: an operator computes them first, and the expressions read its columns.

use frame_core::{Error, QueryError, Result};
use frame_expr::{Expr, Node};

use crate::Catalog;
use crate::operators::{Plan, Project, Window, WindowItem};

/// Whether an expression has a window in it.
pub fn has_window(expr: &Expr) -> bool {
    matches!(expr.node, Node::Window(_)) || expr.children().into_iter().any(has_window)
}

/// The plan with a column for each window in `exprs`, and in place of each window that column. A window that is the whole of an expression
/// gets the name in `names`, if there is one and it is free; the others get names that no column has.
///
/// # Errors
/// A window inside of a window; what looking at the columns of the input can fail with.
pub fn lifted(input: Plan, exprs: &mut [&mut Expr], names: &[Option<&str>], catalog: &dyn Catalog) -> Result<Plan> {
    if !exprs.iter().any(|expr| has_window(expr)) {
        return Ok(input);
    }
    let mut taken: Vec<String> = input.schema(catalog)?.fields().iter().map(|field| field.name().clone()).collect();
    taken.extend(names.iter().flatten().map(|name| (*name).to_owned()));
    let known: Vec<String> = input.schema(catalog)?.fields().iter().map(|field| field.name().clone()).collect();
    let mut items: Vec<WindowItem> = Vec::new();
    for (expr, name) in exprs.iter_mut().zip(names.iter().chain(std::iter::repeat(&None))) {
        let is_whole = matches!(expr.node, Node::Window(_));
        let own = name.filter(|name| is_whole && !known.iter().any(|known| known == name));
        lift(expr, own, &mut taken, &mut items)?;
    }
    Ok(Plan::Window(Window { input: Box::new(input), items }))
}

fn lift(expr: &mut Expr, own: Option<&str>, taken: &mut Vec<String>, items: &mut Vec<WindowItem>) -> Result<()> {
    let Node::Window(window) = &expr.node else {
        return expr.children_mut().into_iter().try_for_each(|child| lift(child, None, taken, items));
    };
    if let Some(inner) = window.expressions().find(|expr| has_window(expr)) {
        let error = Error::new(QueryError::Usage("a window stands inside of a window".to_owned())).at(inner.span);
        return Err(error.hint("compute the inner one first: `derive x = …`, then use x"));
    }
    let known = items.iter().find(|item| own.is_none() && item.window == **window);
    let name = match (own, known) {
        (Some(own), _) => own.to_owned(),
        (None, Some(known)) => known.name.clone(),
        (None, None) => {
            let mut names = (1..).map(|number| format!("window {number}"));
            names.find(|name| !taken.contains(name)).unwrap_or_default()
        }
    };
    if own.is_some() || items.iter().all(|item| item.name != name) {
        taken.push(name.clone());
        items.push(WindowItem { window: (**window).clone(), name: name.clone(), span: expr.span });
    }
    expr.node = Node::Column(name);
    Ok(())
}

/// The plan with these columns alone.
pub fn only(input: Plan, names: impl IntoIterator<Item = String>) -> Plan {
    let items = names.into_iter().map(|name| (Expr::column(name.clone()), name)).collect();
    Plan::Project(Project { input: Box::new(input), items })
}
