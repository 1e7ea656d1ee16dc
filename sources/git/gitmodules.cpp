// The text of `.gitmodules`: Git's configuration format (git-config(1), "Syntax"), of which sections `submodule` with a name matter.
#include <algorithm>
#include <cctype>
#include <optional>

#include "sources/git/submodules.h"

namespace sluice::sources {
namespace {

using base::Error;
using base::Invalid;
using base::MakeError;
using base::Reason;
using base::Result;

constexpr std::size_t kMaxBytes = 1u << 20;
constexpr std::size_t kMaxValueBytes = 4096;

bool IsControl(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }
bool HasControl(std::string_view text) { return std::any_of(text.begin(), text.end(), IsControl); }

std::string Lower(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

/// For messages: at most 100 bytes, control characters as `?`.
std::string Shown(std::string_view text) {
  std::string out(text.substr(0, 100));
  std::replace_if(out.begin(), out.end(), IsControl, '?');
  return out;
}

Error Refuse(std::string_view name, std::string_view why) { return Invalid("submodule \"" + Shown(name) + "\": " + std::string(why)); }

/// Reads one character after the other, counting lines; CR LF is one line break.
class ConfigReader {
 public:
  explicit ConfigReader(std::string_view text) : text_(text) {}

  struct Option {
    std::string section, subsection;  ///< of `[submodule "a"]`: submodule and a
    std::string key, value;           ///< key in lower case
  };

  /// The next option; nullopt at the end.
  Result<std::optional<Option>> Next() {
    for (;;) {
      SkipBlanks();
      if (at_ >= text_.size()) return std::optional<Option>();
      const char c = text_[at_];
      if (c == '\n') {
        Advance();
      } else if (c == '#' || c == ';') {
        SkipLine();
      } else if (c == '[') {
        TRY(ReadSection());
      } else {
        TRY(Option option, ReadOption());
        return std::optional<Option>(std::move(option));
      }
    }
  }

 private:
  Error Malformed(std::string_view why) const { return Invalid(".gitmodules:" + std::to_string(line_) + ": " + std::string(why)); }

  bool AtLineEnd() const { return at_ >= text_.size() || text_[at_] == '\n' || text_.substr(at_).starts_with("\r\n"); }
  void Advance() {
    if (text_[at_] == '\n') ++line_;
    ++at_;
  }
  void SkipBlanks() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t' || text_[at_] == '\r')) ++at_;
  }
  void SkipLine() {
    while (at_ < text_.size() && text_[at_] != '\n') ++at_;
  }

  Result<void> ReadSection() {
    ++at_;
    section_.clear();
    subsection_.clear();
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '-' || text_[at_] == '.'))
      section_ += static_cast<char>(std::tolower(static_cast<unsigned char>(text_[at_++])));
    SkipBlanks();
    if (at_ < text_.size() && text_[at_] == '"') TRY(ReadSubsection());
    if (at_ >= text_.size() || text_[at_] != ']' || section_.empty()) return Malformed("malformed section");
    ++at_;
    return {};
  }

  Result<void> ReadSubsection() {
    for (++at_; at_ < text_.size() && text_[at_] != '"'; ++at_) {
      if (text_[at_] == '\n') return Malformed("malformed section");
      if (text_[at_] == '\\' && ++at_ >= text_.size()) break;
      subsection_ += text_[at_];
    }
    if (at_ >= text_.size()) return Malformed("malformed section");
    ++at_;
    return {};
  }

  Result<Option> ReadOption() {
    Option option{.section = section_, .subsection = subsection_, .key = {}, .value = {}};
    if (section_.empty()) return Malformed("an option outside of a section");
    while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) || text_[at_] == '-')) option.key += text_[at_++];
    option.key = Lower(option.key);
    if (option.key.empty()) return Malformed("malformed option");
    SkipBlanks();
    if (AtLineEnd() || text_[at_] == '#' || text_[at_] == ';') {
      SkipLine();
      option.value = "true";
      return option;
    }
    if (text_[at_] != '=') return Malformed("malformed option");
    ++at_;
    SkipBlanks();
    TRY(option.value, ReadValue());
    return option;
  }

  /// Blanks at the end go, unless they are quoted.
  Result<std::string> ReadValue() {
    std::string value;
    std::size_t kept = 0;
    bool quoted = false;
    while (at_ < text_.size() && !(AtLineEnd() && !quoted)) {
      const char c = text_[at_];
      if (c == '\n') return Malformed("a quote is not closed");
      if (!quoted && (c == '#' || c == ';')) {
        SkipLine();
        break;
      }
      ++at_;
      if (c == '"') {
        quoted = !quoted;
        kept = value.size();
        continue;
      }
      if (c == '\\') {
        TRY(const bool goes_on, ReadEscape(value));
        if (!goes_on) kept = value.size();
        continue;
      }
      value += c;
      if (quoted || !(c == ' ' || c == '\t' || c == '\r')) kept = value.size();
      if (value.size() > kMaxValueBytes) return Malformed("a value over 4096 bytes");
    }
    if (quoted) return Malformed("a quote is not closed");
    value.resize(kept);
    return value;
  }

  /// After a backslash. True: it was before a line break, which it takes away.
  Result<bool> ReadEscape(std::string& value) {
    if (text_.substr(at_).starts_with("\r\n")) ++at_;
    if (at_ >= text_.size()) return Malformed("malformed value");
    const char c = text_[at_];
    Advance();
    switch (c) {
      case '\n': return true;
      case 'n': value += '\n'; return false;
      case 't': value += '\t'; return false;
      case 'b': value += '\b'; return false;
      case '"':
      case '\\': value += c; return false;
      default: return Malformed("malformed value");
    }
  }

  std::string_view text_;
  std::size_t at_ = 0, line_ = 1;
  std::string section_, subsection_;
};

const char* NameFault(std::string_view name) {
  if (name.empty()) return "the name is empty";
  if (HasControl(name)) return "the name holds a control character";
  if (name.starts_with('-')) return "the name begins with '-'";
  if (name.starts_with('/')) return "the name is absolute";
  for (std::string_view rest = name;;) {
    const std::size_t end = rest.find_first_of("/\\");
    if (rest.substr(0, end) == "..") return "the name holds '..'";
    if (end == std::string_view::npos) return nullptr;
    rest.remove_prefix(end + 1);
  }
}

const char* PathFault(std::string_view path) {
  if (HasControl(path)) return "the path holds a control character";
  if (path.starts_with('-')) return "the path begins with '-'";
  const auto normal = base::NormalizePath(path);
  if (!normal || *normal == "." || *normal != path) return "the path is not a plain path inside the repository";
  for (std::string_view rest = path;;) {
    const std::size_t end = rest.find('/');
    if (Lower(rest.substr(0, end)) == ".git") return "the path leads through .git";
    if (end == std::string_view::npos) return nullptr;
    rest.remove_prefix(end + 1);
  }
}

const char* UrlFault(std::string_view url) {
  if (HasControl(url)) return "the URL holds a control character";
  return url.starts_with('-') ? "the URL begins with '-'" : nullptr;
}

bool IsInside(std::string_view path, std::string_view directory) {
  return path.size() > directory.size() && path.starts_with(directory) && path[directory.size()] == '/';
}

Result<void> Check(const std::vector<Submodule>& modules) {
  for (const Submodule& module : modules) {
    for (const char* fault : {NameFault(module.name), PathFault(module.path), UrlFault(module.url)})
      if (fault) return Refuse(module.name, fault);
    for (const Submodule& other : modules) {
      if (&other == &module) continue;
      if (other.path == module.path) return Refuse(module.name, "has the path of submodule \"" + Shown(other.name) + "\"");
      if (IsInside(module.name, other.name)) return Refuse(module.name, "the name lies inside of submodule \"" + Shown(other.name) + "\"");
      if (IsInside(module.path, other.path)) return Refuse(module.name, "the path lies inside of submodule \"" + Shown(other.name) + "\"");
    }
  }
  return {};
}

}  // namespace

Result<std::vector<Submodule>> ParseGitmodules(std::string_view text, std::size_t max_count) {
  if (text.size() > kMaxBytes) return MakeError(Reason::TooLarge, ".gitmodules: over " + std::to_string(kMaxBytes) + " bytes");
  std::vector<Submodule> modules;
  ConfigReader reader(text);
  for (;;) {
    TRY(auto option, reader.Next());
    if (!option) break;
    if (option->section != "submodule" || (option->key != "path" && option->key != "url")) continue;
    auto module = std::find_if(modules.begin(), modules.end(), [&](const Submodule& m) { return m.name == option->subsection; });
    if (module == modules.end()) {
      if (modules.size() == max_count)
        return MakeError(Reason::TooLarge, ".gitmodules: more than " + std::to_string(max_count) + " submodules");
      modules.push_back(Submodule{.name = option->subsection, .path = {}, .url = {}});
      module = std::prev(modules.end());
    }
    if (option->key == "path") {
      while (option->value.size() > 1 && option->value.ends_with('/')) option->value.pop_back();
      module->path = std::move(option->value);
    } else {
      module->url = std::move(option->value);
    }
  }
  std::erase_if(modules, [](const Submodule& m) { return m.path.empty(); });
  TRY(Check(modules));
  return modules;
}

}  // namespace sluice::sources
