#include "rollout/cel/pattern.h"

#include <re2/re2.h>

namespace sluice::rollout::cel {
namespace {

/// Of a compiled pattern and its automata.
constexpr int kMaxMemory = 4 << 20;

std::string_view GoWords(re2::RE2::ErrorCode code) {
  switch (code) {
    case re2::RE2::ErrorBadEscape: return "invalid escape sequence";
    case re2::RE2::ErrorBadCharClass: return "invalid character class";
    case re2::RE2::ErrorBadCharRange: return "invalid character class range";
    case re2::RE2::ErrorMissingBracket: return "missing closing ]";
    case re2::RE2::ErrorMissingParen: return "missing closing )";
    case re2::RE2::ErrorUnexpectedParen: return "unexpected )";
    case re2::RE2::ErrorTrailingBackslash: return "trailing backslash at end of expression";
    case re2::RE2::ErrorRepeatArgument: return "missing argument to repetition operator";
    case re2::RE2::ErrorRepeatSize: return "invalid repeat count";
    case re2::RE2::ErrorRepeatOp: return "invalid nested repetition operator";
    case re2::RE2::ErrorBadPerlOp: return "invalid or unsupported Perl syntax";
    case re2::RE2::ErrorBadUTF8: return "invalid UTF-8";
    case re2::RE2::ErrorBadNamedCapture: return "invalid named capture";
    default: return "expression too large";
  }
}

base::Error Refused(std::string_view words, std::string_view argument) {
  return base::Invalid("error parsing regexp: " + std::string(words) + (argument.empty() ? "" : ": `" + std::string(argument) + "`"));
}

}  // namespace

struct Pattern::Impl {
  re2::RE2 expression;
  Impl(std::string_view text, const re2::RE2::Options& options) : expression(re2::StringPiece(text.data(), text.size()), options) {}
};

Pattern::Pattern(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Pattern::~Pattern() = default;

base::Result<std::shared_ptr<const Pattern>> Pattern::Compile(std::string_view text, std::size_t max_bytes) {
  if (text.size() > max_bytes) return Refused("expression too large", "");
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_max_mem(kMaxMemory);
  auto impl = std::make_unique<Impl>(text, options);
  if (!impl->expression.ok()) {
    const re2::RE2::ErrorCode code = impl->expression.error_code();
    return Refused(GoWords(code), code == re2::RE2::ErrorPatternTooLarge ? "" : impl->expression.error_arg());
  }
  return std::shared_ptr<const Pattern>(new Pattern(std::move(impl)));
}

bool Pattern::IsIn(std::string_view text) const {
  return re2::RE2::PartialMatch(re2::StringPiece(text.data(), text.size()), impl_->expression);
}

}  // namespace sluice::rollout::cel
