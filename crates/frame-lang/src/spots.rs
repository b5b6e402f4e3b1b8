//! `_file`, `_line` and `_byte`: columns that a stage has if it names them, as long as its rows are those of files.
//!
//! They are asked of the scans for the one stage that names them, and leave behind it unless the stage picks them.

use frame_core::{Error, ErrorKind, QueryError, Result, Span, Spot};
use frame_expr::{Expr, Node};
use frame_plan::{Catalog, Plan, Project, Scan, Union};

/// The spot that a stage failed for because it is no column, and where.
pub fn missing(error: &Error) -> Option<(Spot, Option<Span>)> {
    match error.kind() {
        ErrorKind::Query(QueryError::UnknownColumn { name, .. }) => Some((Spot::named(name)?, error.span())),
        _ => None,
    }
}

/// The error for a spot of rows that are of no file.
pub fn lost(spot: Spot) -> Error {
    let error = QueryError::Usage(format!("there is no `{}` here: these rows are no longer those of a file", spot.name()));
    Error::new(error).hint(format!("keep it while they are: `select *, {0}` or `groupby {0} …` in front", spot.name()))
}

/// The plan with these spots as columns; `None` if its rows are not those of files.
///
/// # Errors
/// Those of [`Catalog::check_spot`]; what looking at the columns can fail with.
pub fn found(plan: Plan, spots: &[Spot], catalog: &dyn Catalog) -> Result<Option<Plan>> {
    let mut plan = plan;
    match &mut plan {
        Plan::Scan(scan) => {
            ask(scan, spots, catalog)?;
            return Ok(Some(plan));
        }
        Plan::Project(project) => {
            let hides = hides(project);
            let Some(input) = found(project.input.as_ref().clone(), spots, catalog)? else { return Ok(None) };
            // What hid them before is done with.
            if hides {
                return Ok(Some(input));
            }
            let mut items = project.items.clone();
            let new = spots.iter().filter(|spot| project.items.iter().all(|(_, name)| name != spot.name()));
            items.extend(new.map(|spot| (Expr::column(spot.name()), spot.name().to_owned())));
            return Ok(Some(Plan::Project(Project { input: Box::new(input), items })));
        }
        Plan::Filter(_) | Plan::Sort(_) | Plan::Limit(_) | Plan::Tail(_) | Plan::Top(_) | Plan::Dedup(_) | Plan::Sample(_) => {}
        Plan::Reject(_) | Plan::Fill(_) | Plan::Mark(_) | Plan::Explode(_) | Plan::Window(_) => {}
        Plan::Union(Union { by_position: false, .. }) => {}
        Plan::Join(_) | Plan::Union(_) | Plan::Aggregate(_) | Plan::Unpivot(_) | Plan::Complete(_) | Plan::Gaps(_) | Plan::Write(_) => {
            return Ok(None);
        }
    }
    for input in plan.inputs_mut() {
        match found(input.clone(), spots, catalog)? {
            Some(asked) => *input = asked,
            None => return Ok(None),
        }
    }
    Ok(Some(plan))
}

/// The spots that one plan has among its columns and the other has not.
///
/// # Errors
/// What looking at the columns can fail with.
pub fn added(before: &Plan, after: &Plan, catalog: &dyn Catalog) -> Result<Vec<Spot>> {
    let (before, after) = (before.schema(catalog)?, after.schema(catalog)?);
    let is_new = |spot: &Spot| after.field_with_name(spot.name()).is_ok() && before.field_with_name(spot.name()).is_err();
    Ok(Spot::ALL.into_iter().filter(is_new).collect())
}

/// Asks a scan for spots. A column of the file goes before a spot of its name.
fn ask(scan: &mut Scan, spots: &[Spot], catalog: &dyn Catalog) -> Result<()> {
    let all = catalog.schema(&scan.input)?;
    for spot in spots.iter().filter(|spot| all.field_with_name(spot.name()).is_err()) {
        catalog.check_spot(&scan.input, *spot)?;
        if !scan.spots.contains(spot) {
            scan.spots.push(*spot);
        }
    }
    scan.spots.sort_unstable();
    Ok(())
}

/// The plan without these spots among its columns, unless a stage has made columns of these names.
///
/// # Errors
/// What looking at the columns can fail with.
pub fn hidden(mut plan: Plan, spots: &[Spot], catalog: &dyn Catalog) -> Result<Plan> {
    let is_spot = |name: &str| spots.iter().any(|spot| spot.name() == name);
    let is_asked = |(expr, name): &(Expr, String)| is_spot(name) && matches!(&expr.node, Node::Column(column) if column == name);
    match &mut plan {
        Plan::Project(project) if !are_columns(&project.items) => project.items.retain(|item| !is_asked(item)),
        // The rows go no further; what they are parted by must stay.
        Plan::Write(write) => {
            let spots: Vec<Spot> =
                spots.iter().copied().filter(|spot| !write.target.partition.iter().any(|name| name == spot.name())).collect();
            let input = std::mem::replace(&mut write.input, Box::new(Plan::Union(Union { inputs: Vec::new(), by_position: false })));
            *write.input = hidden(*input, &spots, catalog)?;
        }
        _ => {
            let schema = plan.schema(catalog)?;
            let names = schema.fields().iter().map(|field| field.name()).filter(|name| !is_spot(name));
            let items: Vec<_> = names.map(|name| (Expr::column(name), name.clone())).collect();
            if items.len() < schema.fields().len() {
                plan = Plan::Project(Project { input: Box::new(plan), items });
            }
        }
    }
    Ok(plan)
}

/// Whether a projection does nothing but hide spots: then nothing is written for it, as reading its stage hides them again.
pub(crate) fn hides(project: &Project) -> bool {
    are_columns(&project.items) && project.items.iter().all(|(_, name)| Spot::named(name).is_none()) && has_spots(&project.input)
}

fn are_columns(items: &[(Expr, String)]) -> bool {
    items.iter().all(|(expr, name)| matches!(&expr.node, Node::Column(column) if column == name))
}

/// Whether the rows of a plan come with spots that scans gave them, and no stage in between.
fn has_spots(plan: &Plan) -> bool {
    match plan {
        Plan::Scan(scan) => !scan.spots.is_empty(),
        Plan::Filter(_) | Plan::Sort(_) | Plan::Limit(_) | Plan::Tail(_) | Plan::Top(_) | Plan::Dedup(_) | Plan::Sample(_) => {
            plan.inputs().into_iter().any(has_spots)
        }
        Plan::Reject(_) | Plan::Fill(_) | Plan::Mark(_) | Plan::Explode(_) | Plan::Window(_) => plan.inputs().into_iter().any(has_spots),
        Plan::Union(_) | Plan::Join(_) => plan.inputs().first().is_some_and(|first| has_spots(first)),
        _ => false,
    }
}
