#include "kube/version.h"

#include <charconv>

namespace sluice::kube {

std::uint64_t ParseVersion(std::string_view text) {
  std::uint64_t version = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), version);
  return error == std::errc() && end == text.data() + text.size() ? version : 0;
}

std::uint64_t VersionOf(const document::Value& object) { return ParseVersion(object.StringAt({"metadata", "resourceVersion"})); }

}  // namespace sluice::kube
