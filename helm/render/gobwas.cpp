// A pattern becomes a regular expression, which RE2 runs in linear time.
#include "helm/render/gobwas.h"

#include <re2/re2.h>

#include <optional>
#include <string>

#include "base/utf8.h"

namespace sluice::helm {
namespace {

class Translator {
 public:
  explicit Translator(std::string_view pattern) : rest_(pattern) {}

  /// nullopt: not a pattern.
  std::optional<std::string> Translate() {
    std::string out;
    while (!rest_.empty()) {
      if (!Next(out)) return std::nullopt;
    }
    out.append(static_cast<std::size_t>(depth_), ')');  // as gobwas, which takes an open brace as closed at the end
    return out;
  }

 private:
  std::string_view Character() {
    const std::size_t length = std::max<std::size_t>(base::Utf8Length(rest_), 1);
    const std::string_view character = rest_.substr(0, length);
    rest_.remove_prefix(character.size());
    return character;
  }

  static void Literal(std::string_view character, std::string& out) {
    out += re2::RE2::QuoteMeta(re2::StringPiece(character.data(), character.size()));
  }

  bool Next(std::string& out) {
    const std::string_view character = Character();
    switch (character[0]) {
      case '*':
        if (!rest_.starts_with('*')) {
          out += "[^/]*";
        } else {
          while (rest_.starts_with('*')) rest_.remove_prefix(1);
          out += ".*";
        }
        return true;
      case '?': out += "[^/]"; return true;
      case '[': return Class(out);
      case '{':
        ++depth_;
        out += "(?:";
        return true;
      case '}':
        if (depth_ == 0) break;
        --depth_;
        out += ")";
        return true;
      case ',':
        if (depth_ == 0) break;
        out += "|";
        return true;
      case '\\':
        if (rest_.empty()) return false;
        Literal(Character(), out);
        return true;
      default: break;
    }
    Literal(character, out);
    return true;
  }

  /// `[abc]` is a set, `[a-z]` one range; both may begin with `!`.
  bool Class(std::string& out) {
    out += "[";
    if (rest_.starts_with('!')) {
      rest_.remove_prefix(1);
      out += "^";
    }
    bool empty = true;
    while (!rest_.empty() && !rest_.starts_with(']')) {
      std::string_view character = Character();
      if (character == "\\" && !rest_.empty()) character = Character();
      Literal(character, out);
      if (empty && rest_.size() > 2 && rest_.starts_with('-') && rest_[1] != ']') {
        rest_.remove_prefix(1);
        out += "-";
        Literal(Character(), out);
        if (!rest_.starts_with(']')) return false;
      }
      empty = false;
    }
    if (rest_.empty() || empty) return false;
    rest_.remove_prefix(1);
    out += "]";
    return true;
  }

  std::string_view rest_;
  int depth_ = 0;
};

}  // namespace

GobwasGlob::GobwasGlob(std::string_view pattern) {
  const std::optional<std::string> expression = Translator(pattern).Translate();
  if (!expression) return;
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_dot_nl(true);
  expression_ = std::make_unique<re2::RE2>(*expression, options);
  if (!expression_->ok()) expression_.reset();
}

GobwasGlob::~GobwasGlob() = default;

bool GobwasGlob::Matches(std::string_view path) const {
  return !expression_ || re2::RE2::FullMatch(re2::StringPiece(path.data(), path.size()), *expression_);
}

}  // namespace sluice::helm
