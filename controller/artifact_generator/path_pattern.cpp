#include "controller/artifact_generator/path_pattern.h"

#include <algorithm>
#include <set>
#include <utility>

namespace sluice::controller::artifact_generator {
namespace {

using base::FileInfo;
using base::Files;
using base::Invalid;
using base::MakeError;
using base::Result;

constexpr std::size_t kMaxLabel = 63;

using Captures = std::vector<std::pair<std::string, std::string>>;

bool IsAlpha(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool IsDigit(char c) { return c >= '0' && c <= '9'; }
bool IsAlnum(char c) { return IsAlpha(c) || IsDigit(c); }

std::string Lower(std::string text) {
  for (char& c : text) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  }
  return text;
}

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

bool IsCaptureName(std::string_view name) {
  return !name.empty() && (IsAlpha(name[0]) || name[0] == '_') &&
         std::all_of(name.begin(), name.end(), [](char c) { return IsAlnum(c) || c == '_'; });
}

bool IsLabelText(std::string_view text) {
  return !text.empty() && IsAlnum(text.front()) && IsAlnum(text.back()) &&
         std::all_of(text.begin(), text.end(), [](char c) { return IsAlnum(c) || c == '-' || c == '_' || c == '.'; });
}

std::string KeyProblem(std::string_view key) {
  std::string out;
  if (key.size() > kMaxLabel) out = "name part must be no more than 63 bytes";
  if (IsLabelText(key)) return out;
  return out + (out.empty() ? "" : "; ") +
         "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. "
         "'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
}

std::string ValueProblem(std::string_view value) {
  std::string out;
  if (value.size() > kMaxLabel) out = "must be no more than 63 bytes";
  if (value.empty() || IsLabelText(value)) return out;
  return out + (out.empty() ? "" : "; ") +
         "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an "
         "alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is "
         "'(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";
}

/// Literal text, or a capture of one or more characters other than a slash.
struct Part {
  bool capture = false;
  std::string text;  ///< or the capture's name
};

/// The parts of a pattern or template. The error says what is wrong, as the middle of a sentence.
Result<std::vector<Part>> Split(std::string_view text) {
  std::vector<Part> out;
  const auto offset = [](std::size_t i) { return std::to_string(i); };
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '}') return Invalid("ending at offset " + offset(i) + ": missing opening brace");
    if (text[i] != '{') {
      if (out.empty() || out.back().capture) out.emplace_back();
      out.back().text += text[i];
      continue;
    }
    const std::size_t end = text.find('}', i);
    if (end == std::string_view::npos) return Invalid("starting at offset " + offset(i) + ": missing closing brace");
    out.push_back({.capture = true, .text = std::string(text.substr(i + 1, end - i - 1))});
    i = end;
  }
  return out;
}

std::string BadName(std::string_view name) {
  if (name.empty()) return "empty capture variable";
  return "capture variable " + Quoted(name) + " must be a valid capture name matching [A-Za-z_][A-Za-z0-9_]*";
}

/// Matches one path against the parts, each capture as long as it can be. What failed once at a place is not tried there again.
class PathMatcher {
 public:
  PathMatcher(const std::vector<Part>& parts, std::string_view path) : parts_(parts), path_(path) {}
  std::optional<Captures> Match() {
    if (!From(0, 0)) return std::nullopt;
    std::reverse(captures_.begin(), captures_.end());
    return std::move(captures_);
  }

 private:
  bool From(std::size_t part, std::size_t at) {
    if (part == parts_.size()) return at == path_.size();
    if (failed_.contains({part, at})) return false;
    if (Try(part, at)) return true;
    failed_.insert({part, at});
    return false;
  }
  bool Try(std::size_t part, std::size_t at) {
    const Part& here = parts_[part];
    if (!here.capture) return path_.substr(at).starts_with(here.text) && From(part + 1, at + here.text.size());
    const std::size_t limit = std::min(path_.find('/', at), path_.size());
    for (std::size_t end = limit; end > at; --end) {
      if (!From(part + 1, end)) continue;
      captures_.emplace_back(here.text, path_.substr(at, end - at));
      return true;
    }
    return false;
  }
  const std::vector<Part>& parts_;
  const std::string_view path_;
  std::set<std::pair<std::size_t, std::size_t>> failed_;
  Captures captures_;
};

Result<void> Directories(const Files& tree, const std::string& path, std::vector<std::string>& out) {
  TRY(const std::vector<FileInfo> entries, tree.List(path));
  for (const FileInfo& entry : entries) {
    if (entry.type != base::FileType::Directory) continue;
    const std::string child = path == "." ? entry.name : path + "/" + entry.name;
    out.push_back(child);
    TRY(Directories(tree, child, out));
  }
  return {};
}

Result<std::string> Render(const std::string& text, const Captures& captures) {
  const std::string invalid = "invalid template " + Quoted(text) + ": ";
  auto parts = Split(text);
  if (!parts) {
    const std::string& why = parts.error().message;
    const std::size_t colon = why.rfind(": ");
    return Invalid(invalid + "capture " + why.substr(0, colon) + " is " + why.substr(colon + 2));
  }
  std::string out;
  for (const Part& part : *parts) {
    if (!part.capture) {
      out += part.text;
      continue;
    }
    if (!IsCaptureName(part.text)) return Invalid(invalid + BadName(part.text));
    const auto at = std::find_if(captures.begin(), captures.end(), [&](const auto& capture) { return capture.first == part.text; });
    if (at == captures.end()) return Invalid(invalid + "capture variable " + Quoted(part.text) + " is not defined by pathPattern");
    out += at->second;
  }
  return out;
}

Result<OutputArtifact> RenderArtifact(const OutputArtifact& from, const Captures& raw, const Captures& normalized) {
  OutputArtifact out = from;
  TRY(out.name, Render(from.name, normalized));
  for (CopyOperation& copy : out.copy) {
    TRY(copy.from, Render(copy.from, raw));
    TRY(copy.to, Render(copy.to, raw));
  }
  out.labels = normalized;
  return out;
}

class Expander {
 public:
  explicit Expander(const Spec& spec) : spec_(spec), prefix_("pathPattern " + Quoted(spec.path_pattern) + ": ") {}

  Result<std::vector<OutputArtifact>> Run(const SourceTrees& trees) {
    const std::size_t slash = spec_.path_pattern.find('/');
    if (slash == std::string::npos || !spec_.path_pattern.starts_with('@'))
      return Invalid("invalid pathPattern format: " + spec_.path_pattern);
    const std::string alias = spec_.path_pattern.substr(1, slash - 1);
    const auto tree = trees.find(alias);
    if (tree == trees.end()) return Invalid(prefix_ + "source alias " + alias + " not found in local sources");
    TRY(const std::vector<Part> parts, Parts(spec_.path_pattern.substr(slash + 1)));
    std::vector<std::string> directories;
    TRY(Directories(*tree->second, ".", directories));
    for (const std::string& directory : directories) {
      if (const auto captures = PathMatcher(parts, directory).Match()) TRY(Add(directory, *captures));
    }
    return std::move(out_);
  }

 private:
  Result<std::vector<Part>> Parts(const std::string& pattern) const {
    auto parts = Split(pattern);
    if (!parts) return Invalid(prefix_ + "invalid capture " + parts.error().message);
    std::set<std::string_view> seen;
    for (const Part& part : *parts) {
      if (!part.capture) continue;
      if (!IsCaptureName(part.text)) return Invalid(prefix_ + BadName(part.text));
      if (!seen.insert(part.text).second) return Invalid(prefix_ + "duplicate capture variable " + Quoted(part.text));
    }
    for (const Part& part : *parts) {
      const std::string problem = part.capture ? KeyProblem(part.text) : "";
      if (!problem.empty())
        return Invalid(prefix_ + "capture variable " + Quoted(part.text) + " is not a valid Kubernetes label key: " + problem);
    }
    return parts;
  }

  Result<void> Add(const std::string& directory, const Captures& raw) {
    Captures normalized = raw;
    for (auto& [name, value] : normalized) {
      value = Lower(value);
      if (const std::string problem = ValueProblem(value); !problem.empty()) {
        return Invalid(prefix_ + "captured value " + Quoted(value) + " for variable " + Quoted(name) +
                       " is not a valid Kubernetes label value: " + problem);
      }
    }
    for (const OutputArtifact& artifact : spec_.artifacts) {
      auto rendered = RenderArtifact(artifact, raw, normalized);
      if (!rendered)
        return Invalid(prefix_ + "failed to render artifact " + artifact.name + " for match " + directory + ": " +
                       rendered.error().message);
      if (const std::string problem = NameProblem(rendered->name); !problem.empty()) {
        return Invalid(prefix_ + "rendered artifact name " + Quoted(rendered->name) + " is not a valid Kubernetes object name: " + problem);
      }
      if (const auto [at, fresh] = seen_.emplace(rendered->name, directory); !fresh) {
        return Invalid(prefix_ + "directories " + Quoted(at->second) + " and " + Quoted(directory) + " both resolve to artifact name " +
                       Quoted(rendered->name));
      }
      if (out_.size() >= kMaxArtifacts) return Invalid(prefix_ + "more than " + std::to_string(kMaxArtifacts) + " artifacts match");
      out_.push_back(std::move(*rendered));
    }
    return {};
  }

  const Spec& spec_;
  const std::string prefix_;
  std::map<std::string, std::string> seen_;  // name -> directory
  std::vector<OutputArtifact> out_;
};

}  // namespace

Result<std::vector<OutputArtifact>> ExpandArtifacts(const Spec& spec, const SourceTrees& trees) {
  if (spec.path_pattern.empty()) return spec.artifacts;
  return Expander(spec).Run(trees);
}

}  // namespace sluice::controller::artifact_generator
