#include "document/pointer.h"

#include <charconv>

namespace sluice::document {

namespace {

using base::Invalid;
using base::Result;

Result<std::string> UnescapeToken(std::string_view token, std::string_view pointer) {
  std::string out;
  for (std::size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      out += token[i];
      continue;
    }
    ++i;
    if (i == token.size() || (token[i] != '0' && token[i] != '1'))
      return Invalid("bad escape in JSON pointer \"" + std::string(pointer) + "\"");
    out += token[i] == '0' ? '~' : '/';
  }
  return out;
}

/// The child of `node` that `token` names, or why there is none.
const Value* Child(const Value& node, std::string_view token, std::string& problem) {
  if (node.IsMapping()) {
    const Value* found = node.Find(token);
    if (found == nullptr) problem = "no member \"" + std::string(token) + "\"";
    return found;
  }
  if (!node.IsSequence()) {
    problem = "\"" + std::string(token) + "\" below a scalar";
    return nullptr;
  }
  const auto index = ListIndex(token);
  if (index && *index < node.size()) return &node.items()[*index];
  problem = "no item " + std::string(token) + " among " + std::to_string(node.size());
  return nullptr;
}

}  // namespace

std::string EscapePointerToken(std::string_view token) {
  std::string out;
  for (const char c : token) {
    if (c == '~') {
      out += "~0";
    } else if (c == '/') {
      out += "~1";
    } else {
      out += c;
    }
  }
  return out;
}

Result<std::vector<std::string>> ParsePointer(std::string_view pointer) {
  std::vector<std::string> tokens;
  if (pointer.empty()) return tokens;
  if (pointer[0] != '/') return Invalid("JSON pointer \"" + std::string(pointer) + "\" does not begin with /");
  std::string_view rest = pointer;
  while (!rest.empty()) {
    rest.remove_prefix(1);
    const std::size_t end = std::min(rest.find('/'), rest.size());
    TRY(std::string token, UnescapeToken(rest.substr(0, end), pointer));
    tokens.push_back(std::move(token));
    rest.remove_prefix(end);
  }
  return tokens;
}

std::optional<std::size_t> ListIndex(std::string_view token) {
  if (token.empty() || (token[0] == '0' && token.size() > 1)) return std::nullopt;
  std::size_t index = 0;
  const char* end = token.data() + token.size();
  const auto [rest, error] = std::from_chars(token.data(), end, index);
  if (error != std::errc() || rest != end) return std::nullopt;
  return index;
}

Result<const Value*> ResolvePointer(const Value& root, std::string_view pointer) {
  TRY(const std::vector<std::string> tokens, ParsePointer(pointer));
  const Value* node = &root;
  for (const std::string& token : tokens) {
    std::string problem;
    node = Child(*node, token, problem);
    if (node == nullptr) return base::NotFound("no " + std::string(pointer) + ": " + problem);
  }
  return node;
}

}  // namespace sluice::document
