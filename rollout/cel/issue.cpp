#include "rollout/cel/issue.h"

#include <algorithm>

#include "document/utf8.h"

namespace sluice::rollout::cel {
namespace {

/// A longer line is not quoted.
constexpr std::size_t kMaxSnippet = 16384;

std::string DisplayOne(std::string_view source, const Issue& issue) {
  if (issue.placeless) return "ERROR: <input>:-1:0: " + issue.message;
  if (source.empty()) return "ERROR: <input>:1:0: " + issue.message;
  const std::string_view before = source.substr(0, issue.offset);
  const auto line = static_cast<std::size_t>(std::count(before.begin(), before.end(), '\n'));
  const std::size_t begin = before.rfind('\n') == std::string_view::npos ? 0 : before.rfind('\n') + 1;
  const std::string_view text = source.substr(begin, source.find('\n', begin) - begin);
  std::size_t column = 0;
  std::string dots;
  for (std::size_t at = begin; at < issue.offset; ++column) {
    const std::size_t size = document::DecodeUtf8(source.substr(at)).size;
    dots += size > 1 ? "\uff0e" : ".";
    at += size;
  }
  const bool wide = issue.offset < source.size() && document::DecodeUtf8(source.substr(issue.offset)).size > 1;
  std::string out = "ERROR: <input>:" + std::to_string(line + 1) + ":" + std::to_string(column + 1) + ": " + issue.message;
  if (text.size() > kMaxSnippet) return out;
  std::string snippet(text);
  std::replace(snippet.begin(), snippet.end(), '\t', ' ');
  return out + "\n | " + snippet + "\n | " + dots + (wide ? "\uff3e" : "^");
}

}  // namespace

std::string Display(std::string_view source, std::vector<Issue> issues) {
  std::stable_sort(issues.begin(), issues.end(), [](const Issue& left, const Issue& right) {
    return left.placeless != right.placeless ? left.placeless : left.offset < right.offset;
  });
  std::string out;
  for (const Issue& issue : issues) out += (out.empty() ? "" : "\n") + DisplayOne(source, issue);
  return out;
}

}  // namespace sluice::rollout::cel
