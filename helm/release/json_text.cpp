#include "helm/release/json_text.h"

#include "document/json.h"
#include "helm/functions/json.h"

namespace sluice::helm {
namespace {

using base::Invalid;
using base::Result;

bool IsBlank(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

/// Walks over a text of JSON.
class Scanner {
 public:
  Scanner(std::string_view text, std::size_t max_depth) : text_(text), max_depth_(max_depth) {}

  bool Take(char c) {
    SkipBlanks();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  bool AtEnd() {
    SkipBlanks();
    return at_ >= text_.size();
  }
  Result<std::string_view> Value() {
    SkipBlanks();
    const std::size_t begin = at_;
    TRY(Skip());
    if (at_ == begin) return Error();
    return text_.substr(begin, at_ - begin);
  }
  base::Error Error() const { return Invalid("invalid JSON at byte " + std::to_string(at_)); }

 private:
  void SkipBlanks() {
    while (at_ < text_.size() && IsBlank(text_[at_])) ++at_;
  }
  Result<void> SkipString() {
    for (++at_; at_ < text_.size(); ++at_) {
      if (text_[at_] == '\\') {
        ++at_;
      } else if (text_[at_] == '"') {
        ++at_;
        return {};
      }
    }
    return Invalid("unexpected end of JSON input");
  }
  Result<void> Skip() {
    std::size_t depth = 0;
    while (at_ < text_.size()) {
      const char c = text_[at_];
      if (c == '"') {
        TRY(SkipString());
      } else if (c == '{' || c == '[') {
        if (++depth > max_depth_) return base::MakeError(base::Reason::TooLarge, "JSON is nested too deeply");
        ++at_;
      } else if (c == '}' || c == ']') {
        if (depth == 0) return {};
        --depth;
        ++at_;
      } else if (depth == 0 && (c == ',' || c == ':' || IsBlank(c))) {
        return {};
      } else {
        ++at_;
      }
      if (depth == 0 && (c == '"' || c == '}' || c == ']')) return {};
    }
    if (depth != 0) return Invalid("unexpected end of JSON input");
    return {};
  }

  std::string_view text_;
  std::size_t max_depth_, at_ = 0;
};

Result<std::string> KeyOf(std::string_view json) {
  TRY(const document::Value key, document::ParseJson(json));
  if (!key.IsString()) return Invalid("a key of JSON is no string");
  return std::string(key.text());
}

}  // namespace

std::string JsonString(const std::string& text) {
  auto json = EncodeJson(Value::String(text));
  return json ? *std::move(json) : "\"\"";
}

void JsonObject::Raw(std::string_view key, std::string_view json) {
  if (!first_) text_ += ',';
  first_ = false;
  text_.append("\"").append(key).append("\":").append(json);
}

void JsonObject::TextsUnlessEmpty(std::string_view key, const std::vector<std::string>& texts) {
  if (texts.empty()) return;
  std::vector<std::string> items;
  items.reserve(texts.size());
  for (const std::string& text : texts) items.push_back(JsonString(text));
  Raw(key, JsonList(items));
}

std::string JsonList(const std::vector<std::string>& items) {
  std::string list = "[";
  for (const std::string& item : items) list.append(list.size() > 1 ? "," : "").append(item);
  return list + "]";
}

Result<std::vector<std::pair<std::string, std::string_view>>> JsonMembers(std::string_view json, std::size_t max_depth) {
  Scanner scanner(json, max_depth);
  std::vector<std::pair<std::string, std::string_view>> members;
  if (!scanner.Take('{')) return scanner.Error();
  while (!scanner.Take('}')) {
    if (!members.empty() && !scanner.Take(',')) return scanner.Error();
    TRY(const std::string_view key_json, scanner.Value());
    TRY(std::string key, KeyOf(key_json));
    if (!scanner.Take(':')) return scanner.Error();
    TRY(const std::string_view value, scanner.Value());
    members.emplace_back(std::move(key), value);
  }
  if (!scanner.AtEnd()) return scanner.Error();
  return members;
}

}  // namespace sluice::helm
