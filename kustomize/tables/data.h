// kustomize/tables/data.h: the raw tables of data.cpp, for tables.cpp, builtin_config.cpp and schema.cpp only.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace sluice::kustomize::tables {

struct RawSpec {
  std::string_view group, version, kind, path;
  bool create;
};

struct RawReference {
  std::string_view group, version, kind;
  std::span<const RawSpec> referrers;
};

/// A field of a schema type; `type` is a position in kSchemaTypes (of the elements, if it is a list), -1 for nothing of interest below.
struct RawField {
  std::string_view name;
  std::int16_t type;
  bool merges;
  std::string_view keys;  ///< separated by blanks
};

/// The fields first..first+count of kSchemaFields. The name is the last part of the definition's, with group and version where that is not enough.
struct RawType {
  std::string_view name;
  std::uint16_t first, count;
};

/// "apps/v1 Deployment" and its type.
struct RawRoot {
  std::string_view name;
  std::int16_t type;
};

extern const std::span<const RawSpec> kNamePrefix, kNameSuffix, kNamespace, kCommonLabels, kTemplateLabels, kVolumeClaimTemplateLabels,
    kCommonAnnotations, kImages, kReplicas, kVarReference;
extern const std::span<const RawReference> kNameReference;
extern const std::span<const std::string_view> kLegacyFirst, kLegacyLast;
extern const std::span<const std::string_view> kClusterScoped, kKnownNamespaced;  ///< "apps/v1 Deployment", sorted
extern const std::span<const RawField> kSchemaFields;
extern const std::span<const RawType> kSchemaTypes;  ///< by name
extern const std::span<const RawRoot> kSchemaRoots;  ///< sorted

}  // namespace sluice::kustomize::tables
