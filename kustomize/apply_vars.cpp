#include "kustomize/apply_vars.h"

#include <algorithm>
#include <set>
#include <utility>

#include "kustomize/decode.h"
#include "kustomize/error_list.h"
#include "kustomize/field_spec.h"
#include "kustomize/select.h"
#include "kustomize/vars.h"

namespace sluice::kustomize {

using base::Result;

namespace {

/// Without a namespace any will do. With one, kinds known to be cluster-scoped are never found.
std::vector<Resource*> FindObjects(const ResMap& map, const Var& var) {
  const bool any_namespace = var.object_namespace.empty();
  const ResourceId wanted{var.gvk, var.object_name, var.object_namespace};
  std::vector<Resource*> found = map.ByAnyName(var.object_name);
  std::erase_if(found, [&](const Resource* resource) {
    if (resource->Empty()) return true;
    const auto ids = resource->AllIds();
    return std::none_of(ids.begin(), ids.end(), [&](const ResourceId& id) {
      return any_namespace ? id.gvk == wanted.gvk && id.name == wanted.name : id == wanted;
    });
  });
  return found;
}

Result<void> AddVar(std::vector<DeclaredVar>& known, DeclaredVar declared) {
  for (const DeclaredVar& other : known)
    if (other.var.name == declared.var.name)
      return base::Invalid(PlaceOf(declared.file, declared.var.mark) + ": var \"" + declared.var.name + "\" is already declared (" +
                           PlaceOf(other.file, other.var.mark) + ")");
  known.push_back(std::move(declared));
  return {};
}

const Resource* ReadBy(const ResMap& map, const std::string& name) {
  for (const auto& resource : map.list())
    if (std::find(resource->var_names.begin(), resource->var_names.end(), name) != resource->var_names.end()) return resource.get();
  return nullptr;
}

Result<document::Value> ValueOf(const ResMap& map, const DeclaredVar& declared) {
  const Var& var = declared.var;
  const std::string place = PlaceOf(declared.file, var.mark) + ": var \"" + var.name + "\"";
  const Resource* resource = ReadBy(map, var.name);
  if (resource == nullptr) return NoSuchObject(map, {var.gvk, var.object_name, var.object_namespace}).Wrap(place);
  auto value = VarValue(resource->value, var.field_path);
  if (!value)
    return base::Invalid(place + ": " + resource->CurrentId().Describe() + " (" + resource->Place() + ") has no field " + var.field_path);
  return value;
}

/// A node that stands in two places is expanded once for each field spec that leads to it, so `$$(X)` may become what X says.
Result<void> ExpandShared(Resource& resource, const VarValues& values, const std::vector<FieldSpecFilter>& references,
                          std::set<std::string>& used, Context& context) {
  for (const FieldSpecFilter& reference : references) {
    TRY(ExpandVars(resource.value, values, reference, used, &context.budget));
    SyncShared(resource);
  }
  return {};
}

}  // namespace

Result<void> JoinVars(std::vector<DeclaredVar>& known, std::vector<DeclaredVar> more) {
  for (DeclaredVar& declared : more) TRY(AddVar(known, std::move(declared)));
  return {};
}

Result<void> DeclareVars(const ResMap& map, const std::vector<Var>& vars, const std::string& file, std::vector<DeclaredVar>& known) {
  for (const Var& var : vars) {
    const auto found = FindObjects(map, var);
    if (found.size() > 1)
      return base::Invalid(PlaceOf(file, var.mark) + ": var \"" + var.name + "\" could read " + found[0]->CurrentId().Describe() + " (" +
                           found[0]->Place() + ") or " + found[1]->CurrentId().Describe() + " (" + found[1]->Place() + ")");
    if (found.size() == 1) found.front()->var_names.push_back(var.name);
  }
  for (const Var& var : vars) TRY(AddVar(known, {var, file}));
  return {};
}

Result<void> ResolveVars(ResMap& map, const std::vector<DeclaredVar>& vars, const std::vector<FieldSpec>& references, Context& context) {
  if (vars.empty()) return {};
  VarValues values;
  ErrorList errors;
  for (const DeclaredVar& declared : vars) {
    auto value = ValueOf(map, declared);
    if (value)
      values[declared.var.name] = std::move(*value);
    else
      errors.Add(std::move(value).error());
  }
  TRY(std::move(errors).Finish());
  const FieldSpecFilter filter(references);
  std::vector<FieldSpecFilter> filters;
  for (const FieldSpec& reference : references) filters.emplace_back(std::vector<FieldSpec>{reference});
  std::set<std::string> used;
  for (const auto& resource : map.list()) {
    auto expanded = resource->shared.empty() ? ExpandVars(resource->value, values, filter, used, &context.budget)
                                             : ExpandShared(*resource, values, filters, used, context);
    if (!expanded) return std::move(expanded).error().Wrap(resource->Place());
  }
  std::string unused;
  for (const auto& [name, value] : values)
    if (used.count(name) == 0) unused += (unused.empty() ? "" : ",") + name;
  if (!unused.empty()) context.warnings.push_back("well-defined vars that were never replaced: " + unused);
  return {};
}

}  // namespace sluice::kustomize
