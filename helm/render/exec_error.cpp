// Helm takes the texts of text/template's errors apart. In Helm 4 an error is a chain: each level says where it is, and what an include in it
// met; the levels become indented lines. A level that cannot be taken apart leaves the whole text as it was.
#include <optional>
#include <vector>

#include "helm/render/engine.h"
#include "helm/template/unicode.h"

namespace sluice::helm {
namespace {

constexpr std::string_view kStart = "HELM_ERR_START", kEnd = "HELM_ERR_END";

struct Level {
  std::string location, message, executing;
  bool operator==(const Level&) const = default;
};

std::string Until(std::string_view text, std::string_view what) { return std::string(text.substr(0, text.find(what))); }

/// `FILE:1:2: executing "NAME" at <NODE>: MESSAGE`
std::optional<Level> ExecutingLevel(std::string_view rest) {
  constexpr std::string_view kExecuting = ": executing ", kAt = "\" at <", kClose = ">: ";
  const std::size_t executing = rest.find(kExecuting);
  if (executing == std::string_view::npos) return std::nullopt;
  std::string_view after = rest.substr(executing + kExecuting.size());
  if (!after.starts_with('"')) return std::nullopt;
  const std::size_t quote = after.find('"', 1);
  if (quote == std::string_view::npos || !after.substr(quote).starts_with(kAt)) return std::nullopt;
  const std::string_view name = after.substr(1, quote - 1);
  after.remove_prefix(quote + kAt.size());
  const std::size_t close = after.find(kClose);
  if (close == std::string_view::npos) return std::nullopt;
  Level level{.location = std::string(rest.substr(0, executing)),
              .message = Until(after.substr(close + kClose.size()), " template:"),
              .executing = {}};
  level.executing.append("executing \"").append(name).append("\" at <").append(after.substr(0, close)).append(">:");
  return level;
}

std::optional<Level> ParseLevel(std::string_view text) {
  constexpr std::string_view kPrefix = "template: ";
  if (!text.starts_with(kPrefix)) return std::nullopt;
  const std::string_view rest = text.substr(kPrefix.size());
  if (rest.starts_with("no template ")) return Level{.location = {}, .message = std::string(text), .executing = {}};
  if (auto level = ExecutingLevel(rest)) return level;
  if (rest.find(": executing ") != std::string_view::npos && rest.find(": executing \"") == std::string_view::npos) return std::nullopt;
  const std::size_t colon = rest.rfind(": ");
  if (colon == std::string_view::npos) return std::nullopt;
  return Level{.location = std::string(rest.substr(0, colon)), .message = Until(rest.substr(colon + 2), " template:"), .executing = {}};
}

/// What the error of a function wraps: the text behind `error calling NAME: ` of the level that `text` begins with; nullopt if it wraps none.
std::optional<std::string_view> Wrapped(std::string_view text) {
  constexpr std::string_view kClose = ">: ", kCalling = "error calling ";
  const std::size_t at = text.find("\" at <");
  const std::size_t close = at == std::string_view::npos ? at : text.find(kClose, at);
  if (close == std::string_view::npos) return std::nullopt;
  std::string_view reason = text.substr(close + kClose.size());
  if (!reason.starts_with(kCalling)) return std::nullopt;
  const std::size_t colon = reason.find(": ");
  if (colon == std::string_view::npos) return std::nullopt;
  return reason.substr(colon + 2);
}

std::string Show(const Level& level) {
  std::string text;
  if (!level.location.empty()) text += level.location + "\n  ";
  if (!level.executing.empty()) text += level.executing + "\n    ";
  if (!level.message.empty()) text += level.message + "\n";
  return text;
}

std::string OverLines(std::string_view error) {
  std::vector<Level> levels;
  for (std::optional<std::string_view> current = error; current; current = Wrapped(*current)) {
    const auto level = ParseLevel(*current);
    if (!level) return std::string(error);
    if (levels.empty() || !(levels.back() == *level)) levels.push_back(*level);
  }
  std::string text;
  for (const Level& level : levels) text += Show(level);
  return std::string(TrimSpace(text));
}

}  // namespace

std::string LayOutParseError(std::string_view file, std::string_view error) {
  const std::size_t first = error.find(": ");
  if (first == std::string_view::npos) return std::string("parse error in (").append(file).append("): ").append(error);
  const std::string location = Until(error.substr(first + 2), ": ");
  return "parse error at (" + location + "): " + std::string(error.substr(error.rfind(": ") + 2));
}

std::string LayOutExecError(std::string_view error, Dialect dialect) {
  const std::size_t start = error.find(kStart), end = error.rfind(kEnd);
  if (start != std::string_view::npos && end != std::string_view::npos && end > start) {
    const std::size_t colon = error.find(": ");
    const std::string location = Until(error.substr(colon + 2), ": ");
    return "execution error at (" + location + "): " + std::string(error.substr(start + kStart.size(), end - start - kStart.size()));
  }
  return dialect == Dialect::Helm3 ? std::string(error) : OverLines(error);
}

}  // namespace sluice::helm
