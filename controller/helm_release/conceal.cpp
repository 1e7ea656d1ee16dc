#include "controller/helm_release/conceal.h"

#include <algorithm>

#include "document/value.h"
#include "document/yaml.h"

namespace sluice::controller::helm_release {
namespace {

constexpr std::size_t kTellingBytes = 6, kMaxWords = 10'000;
constexpr std::string_view kShown = "***";

void NoteLines(std::string_view text, std::vector<std::string>& words) {
  for (std::size_t at = 0; at < text.size() && words.size() < kMaxWords;) {
    const std::size_t end = std::min(text.find('\n', at), text.size());
    if (end - at >= kTellingBytes) words.emplace_back(text.substr(at, end - at));
    at = end + 1;
  }
}

void NoteScalars(const document::Value& value, std::vector<std::string>& words) {
  if (value.IsScalar() && !value.IsNull() && !value.IsBool()) NoteLines(value.text(), words);
  for (const document::Value& item : value.items()) NoteScalars(item, words);
  for (const document::Member& member : value.members()) NoteScalars(member.value, words);
}

}  // namespace

void NoteSecrets(std::string_view text, bool whole, std::vector<std::string>& words) {
  const auto values = whole ? base::Result<document::Value>(document::Value()) : document::ParseYaml(text);
  if (whole || !values) return NoteLines(text, words);
  NoteScalars(*values, words);
}

std::string Concealed(std::string message, std::vector<std::string> words) {
  std::sort(words.begin(), words.end(), [](const std::string& a, const std::string& b) { return a.size() > b.size(); });
  for (const std::string& word : words)
    for (std::size_t at = 0; (at = message.find(word, at)) != std::string::npos; at += kShown.size())
      message.replace(at, word.size(), kShown);
  return message;
}

}  // namespace sluice::controller::helm_release
