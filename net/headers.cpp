#include <algorithm>

#include "net/http.h"

namespace sluice::net {

namespace {
char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
}  // namespace

std::string_view FindHeader(const Headers& headers, std::string_view name) {
  for (const auto& [key, value] : headers) {
    if (std::equal(key.begin(), key.end(), name.begin(), name.end(), [](char a, char b) { return Lower(a) == Lower(b); })) return value;
  }
  return {};
}

}  // namespace sluice::net
