// helm/chart/schema/metaschema.h: the schema of schemas. For schema.cpp.
#pragma once

#include <string>

#include "helm/chart/schema/schema_set.h"

namespace sluice::helm {

/// The schema that a schema of `draft` (4, 6, 7, 2019, 2020) has to meet, written in draft 7 whatever `draft` is; its failures are those of the published one.
Value MetaschemaOf(int draft);

/// Its name: "http://json-schema.org/draft-07/schema".
std::string MetaschemaUri(int draft);

}  // namespace sluice::helm
