// helm/chart/schema/schema.h: values against values.schema.json (helm-contract 3.6). The drafts are 4, 6, 7, 2019-09 and 2020-12; the order of
// checks and the words are those of santhosh-tekuri/jsonschema 6.0, except that properties are taken by name and not at random.
// Nothing is fetched: a $ref to http is an error, one to file:// is read through a callback.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "helm/chart/chart.h"
#include "helm/template/value.h"

namespace sluice::helm {

/// Reads the file of a `file://` reference, by its absolute path.
using SchemaFileReader = std::function<base::Result<std::string>(const std::string& path)>;

/// Checks `values` against the schema in `schema` (JSON). Errors: Invalid; the message is one line a mistake, `- at '/a': got string, want integer`
/// with a newline behind the last, or says what is wrong with the schema itself.
base::Result<void> ValidateSchema(const Value& values, std::string_view schema, const SchemaFileReader& read_file = {});

/// Checks the values of `chart` and of its dependencies, each against its own schema.
/// Errors: Invalid `values don't meet the specifications of the schema(s) in the following chart(s):` and the lines of each.
base::Result<void> ValidateAgainstSchemas(const Chart& chart, const Value& values, const SchemaFileReader& read_file = {});

}  // namespace sluice::helm
