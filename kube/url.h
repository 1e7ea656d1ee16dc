// kube/url.h: pieces of request paths, internal to kube/.
#pragma once

#include <string>
#include <string_view>

namespace sluice::kube {

/// Percent-encodes all but RFC 3986's unreserved characters, so that a name never reaches out of its place in a URL.
std::string PercentEncode(std::string_view text);

/// Gathers `?a=b&c=d`; empty values are left out.
class Query {
 public:
  Query& Add(std::string_view key, std::string_view value);
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

}  // namespace sluice::kube
