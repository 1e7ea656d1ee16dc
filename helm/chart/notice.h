// helm/chart/notice.h: what Helm writes into its log about a chart or values that it takes all the same.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "helm/template/dialect.h"
#include "helm/template/value.h"

namespace sluice::helm {

struct Notice {
  std::string text;                 ///< in Helm 3's words, without the value
  std::optional<Value> value = {};  ///< what the text is about, in parentheses behind it. It may be a secret
  // Helm 4's words, where they are others; its level is INFO where it keeps Helm 3's
  std::string level = {}, message = {};
  std::vector<std::pair<std::string, std::string>> fields = {};
};

/// Where notices go, as they come up; an empty one costs nothing.
using NoticeSink = std::function<void(const Notice&)>;

/// The line on standard error: `warning: skipped value for c.a: Not a table.`, `level=WARN msg="returned non-bool value" tag=t chart=sub`.
/// Of Helm 3's lines the place in Helm's source in front of them is left out.
std::string NoticeLine(const Notice& notice, Dialect dialect);

}  // namespace sluice::helm
