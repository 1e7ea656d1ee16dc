// controller/ignore.h: `spec.ignore`, `spec.driftDetection.ignore`: fields of applied objects that others may change uncorrected (flux-contract 6.7, 7.10).
// Pure. A rule names fields by JSON Pointers (RFC 6901) and objects by the selector of kustomize's patches; without a selector it is for all.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "controller/spec_parts.h"
#include "document/value.h"
#include "kustomize/selector.h"

namespace sluice::controller {

class IgnoreRules {
 public:
  /// What the rules are called in messages, and whether a path "" may name the whole object.
  struct Where {
    std::string path = "spec.ignore";
    bool whole_objects = false;
  };
  /// Errors: Invalid, `spec.ignore[1].paths[0]: …` or `spec.ignore[1].target: …`.
  static base::Result<IgnoreRules> Compile(const std::vector<IgnoreRule>& rules, const Where& where);
  static base::Result<IgnoreRules> Compile(const std::vector<IgnoreRule>& rules) { return Compile(rules, Where()); }
  /// The fields of `object` that are ignored, each as its tokens; none for most objects.
  std::vector<std::vector<std::string>> FieldsOf(const document::Value& object) const;
  bool empty() const { return rules_.empty(); }

 private:
  struct Compiled {
    kustomize::CompiledSelector target;
    std::vector<std::vector<std::string>> fields;
  };
  std::vector<Compiled> rules_;
};

using Fields = std::vector<std::vector<std::string>>;

/// 0 for no fields; for others a number that tells them apart.
std::uint64_t HashOf(const Fields& fields);

/// Whether `live` and `would_be` (the server's answer to a dry run) differ in nothing but `ignored`: labels, annotations and all that is neither
/// metadata nor status are compared.
bool DiffersOnlyIn(const Fields& ignored, const document::Value& live, const document::Value& would_be);

/// What to send where something else has to be changed: of the ignored fields that would change, those that another Apply manager owns are left out of
/// `desired`; of the others the live value is sent, so that they stay as they are.
document::Value PayloadFor(document::Value desired, const Fields& ignored, const document::Value& live, const document::Value& would_be,
                           std::string_view manager);

}  // namespace sluice::controller
