// helm/chart/values.h: chart defaults under user values (helm-contract 3.4).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "helm/chart/chart.h"
#include "helm/chart/notice.h"
#include "helm/template/dialect.h"
#include "helm/template/value.h"

namespace sluice::helm {

enum class Nulls {
  Remove,  ///< a null of the user takes the default away (Helm calls this coalescing)
  Keep,    ///< it stays, for a later round (merging)
};

/// `user` over the defaults of `chart` and of its dependencies, whose values stand under their names; globals reach down.
/// Neither argument is changed or shared. Errors: Invalid "type mismatch on s: %!t(string=x)". Notices: what does not fit together.
base::Result<Value> Coalesce(const Chart& chart, const Value& user, Dialect dialect, Nulls nulls = Nulls::Remove,
                             const NoticeSink& notify = {});

/// Lays `source` under `destination`, which is changed and may share maps with `source` afterwards. `prefix`: where both are, for notices.
void CoalesceTables(Map& destination, Map& source, Nulls nulls, const NoticeSink& notify = {}, const std::string& prefix = "");

/// The map at the dotted `path`, null if there is none.
Map* FindTable(Map& values, std::string_view path);
/// The value at the dotted `path`; null if it is absent or a map.
const Value* FindValue(Map& values, std::string_view path);

}  // namespace sluice::helm
