// helm/chart/set_values.h: the grammar of --set and its kin (helm-contract 3.3), as Helm's pkg/strvals reads it.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "helm/template/value.h"

namespace sluice::helm {

enum class SetKind {
  Typed,    ///< --set: `a=1` is an int64, `a=true` a bool, `a=null` nil
  String,   ///< --set-string: everything is text
  File,     ///< --set-file: the value names a file, whose text it becomes
  Json,     ///< --set-json: the value is JSON
  Literal,  ///< --set-literal: all behind the first `=` is the text
};

/// Reads the file that --set-file names.
using FileReader = std::function<base::Result<std::string>(const std::string& path)>;

/// Lays `text` (`a.b[0]=x,c={1,2}`) over `values`. `read_file` is for SetKind::File alone.
/// Errors: Invalid in Helm's words, `key "a" has no value`; what came before the mistake stays set.
base::Result<void> SetValues(std::string_view text, SetKind kind, Map& values, const FileReader& read_file = {});

}  // namespace sluice::helm
