//! All functions by name: what the binder asks for, what the evaluator runs, what `stoa.functions` lists.

use super::{AggregateFunction, ScalarFunction, TableFunction, WindowFunction, aggregate, scalar, table, window};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock};
use stoa_sql::catalog::FunctionInfo;

/// A function, whatever its role.
#[derive(Clone, Copy)]
pub(crate) enum Function {
    Scalar(&'static ScalarFunction),
    Aggregate(&'static AggregateFunction),
    Window(&'static WindowFunction),
    Table(&'static TableFunction),
}

struct Entry {
    function: Function,
    info: Arc<FunctionInfo>,
}

static REGISTRY: LazyLock<HashMap<&'static str, Entry>> = LazyLock::new(|| {
    let mut entries = HashMap::new();
    let mut add = |function: Function, info: FunctionInfo| {
        let name = info.name;
        let info = Arc::new(info);
        let former = entries.insert(name, Entry { function, info });
        debug_assert!(former.is_none(), "the function {name} is listed twice");
    };
    for function in scalar::all() {
        add(Function::Scalar(function), (function.info)());
    }
    for function in aggregate::all() {
        add(Function::Aggregate(function), (function.info)());
    }
    for function in window::all() {
        add(Function::Window(function), (function.info)());
    }
    for function in table::all() {
        add(Function::Table(function), (function.info)());
    }
    entries
});

/// What the binder is told of a name.
pub(crate) fn info(name: &str) -> Option<Arc<FunctionInfo>> {
    REGISTRY.get(name).map(|entry| entry.info.clone())
}

/// The function of a name.
pub(crate) fn find(name: &str) -> Option<Function> {
    REGISTRY.get(name).map(|entry| entry.function)
}

/// The scalar function of a name.
pub(crate) fn scalar_function(name: &str) -> Option<&'static ScalarFunction> {
    match find(name)? {
        Function::Scalar(function) => Some(function),
        _ => None,
    }
}

/// The aggregate of a name.
pub(crate) fn aggregate_function(name: &str) -> Option<&'static AggregateFunction> {
    match find(name)? {
        Function::Aggregate(function) => Some(function),
        _ => None,
    }
}

/// The window function of a name.
pub(crate) fn window_function(name: &str) -> Option<&'static WindowFunction> {
    match find(name)? {
        Function::Window(function) => Some(function),
        _ => None,
    }
}

/// The table function of a name.
pub(crate) fn table_function(name: &str) -> Option<&'static TableFunction> {
    match find(name)? {
        Function::Table(function) => Some(function),
        _ => None,
    }
}

/// All functions, by name.
pub(crate) fn all() -> Vec<(Arc<FunctionInfo>, Function)> {
    let mut functions: Vec<_> = REGISTRY
        .values()
        .map(|entry| (entry.info.clone(), entry.function))
        .collect();
    functions.sort_by_key(|(info, _)| info.name);
    functions
}
