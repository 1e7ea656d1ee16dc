// helm/render/engine.h: all templates of a chart, parsed into one set and executed (helm-contract 4.1 and 4.6).
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "helm/chart/notice.h"
#include "helm/functions/functions.h"
#include "helm/render/scope.h"
#include "helm/template/template.h"

namespace sluice::helm {

/// What `lookup` asks a cluster: the object, or a list of objects where `name` is "", or an empty map where there is none.
using LookupFunction = std::function<base::Result<Value>(const std::string& api_version, const std::string& kind, const std::string& ns,
                                                         const std::string& name)>;

struct EngineOptions {
  FunctionOptions functions;
  LookupFunction lookup;                                                      ///< nothing: always an empty map
  std::function<base::Result<std::string>(const std::string&)> host_by_name;  ///< what getHostByName says; nothing: always ""
  bool lint = false;                                                          ///< `required` and `fail` pass, with a notice
  NoticeSink notify;                                                          ///< may be empty
  Limits limits;
  std::function<base::Result<void>()> interrupt;  ///< TemplateOptions'
};

/// The texts by file, without those whose names begin with `_`, and without `<no value>`.
/// Errors: Invalid, laid out as Helm does: `parse error at (c/templates/x.yaml:1): ...`, `execution error at (...): ...`.
base::Result<std::map<std::string, std::string>> RenderTemplates(std::vector<Renderable> templates, const EngineOptions& options);

/// Helm's layout of an error of executing `file`: what `required` and `fail` said alone, and in Helm 4 the places over several lines.
std::string LayOutExecError(std::string_view error, Dialect dialect);
/// The same for an error of parsing `file`.
std::string LayOutParseError(std::string_view file, std::string_view error);

}  // namespace sluice::helm
