#include "base/ignore.h"

#include <algorithm>

namespace sluice::base {

namespace {

constexpr std::string_view kVersionControl[] = {".git/", ".gitignore", ".gitmodules", ".gitattributes"};
constexpr std::string_view kDefaults[] = {"*.jpg",
                                          "*.jpeg",
                                          "*.gif",
                                          "*.png",
                                          "*.wmv",
                                          "*.flv",
                                          "*.tar.gz",
                                          "*.zip",
                                          ".github/",
                                          ".circleci/",
                                          ".travis.yml",
                                          ".gitlab-ci.yml",
                                          "appveyor.yml",
                                          ".drone.yml",
                                          "cloudbuild.yaml",
                                          "codeship-services.yml",
                                          "codeship-steps.yml",
                                          "**/.goreleaser.yml",
                                          "**/.sops.yaml",
                                          "**/.flux.yaml"};

std::vector<std::string_view> Split(std::string_view path) {
  std::vector<std::string_view> names;
  while (true) {
    const std::size_t slash = path.find('/');
    names.push_back(path.substr(0, slash));
    if (slash == path.npos) return names;
    path.remove_prefix(slash + 1);
  }
}

constexpr std::size_t kMaxBytes = 1u << 20;
constexpr std::size_t kMaxPatterns = 10'000;

void AppendLines(std::string_view text, std::string_view domain, std::vector<IgnorePattern>& patterns) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    const bool blank = line.find_first_not_of(" \t\v\f\r") == line.npos;
    if (!blank && !line.starts_with('#')) patterns.emplace_back(line, domain);
  }
}

/// Every file of the tree is compared with every pattern, so neither may be without end.
Result<void> AppendBounded(const std::string& what, std::string_view text, std::string_view domain, std::vector<IgnorePattern>& patterns) {
  if (text.size() > kMaxBytes)
    return MakeError(Reason::TooLarge, what + ": more than " + std::to_string(kMaxBytes) + " bytes of ignore patterns");
  AppendLines(text, domain, patterns);
  if (patterns.size() > kMaxPatterns)
    return MakeError(Reason::TooLarge, what + ": more than " + std::to_string(kMaxPatterns) + " ignore patterns");
  return {};
}

Result<void> AppendTree(const Files& tree, const std::string& directory, std::vector<IgnorePattern>& patterns) {
  const std::string prefix = directory == "." ? "" : directory + "/";
  TRY(const std::vector<FileInfo> entries, tree.List(directory));
  for (const FileInfo& entry : entries) {
    if (entry.name != ".sourceignore") continue;
    const Result<std::string> text = tree.Read(prefix + entry.name);
    if (!text && text.error().reason != Reason::NotFound) return text.error();
    if (text) TRY(AppendBounded(tree.Describe(prefix + entry.name), *text, directory, patterns));
  }
  for (const FileInfo& entry : entries) {
    if (entry.type == FileType::Directory && entry.name != ".git") TRY(AppendTree(tree, prefix + entry.name, patterns));
  }
  return {};
}

template <std::size_t N>
void Prepend(const std::string_view (&lines)[N], std::vector<IgnorePattern>& patterns, std::string_view domain = ".") {
  std::vector<IgnorePattern> first;
  for (const std::string_view line : lines) first.emplace_back(line, domain);
  patterns.insert(patterns.begin(), first.begin(), first.end());
}

}  // namespace

IgnorePattern::IgnorePattern(std::string_view line, std::string_view domain) : domain_(domain == "." ? "" : std::string(domain) + "/") {
  domain_depth_ = static_cast<std::size_t>(std::count(domain_.begin(), domain_.end(), '/'));
  included_ = line.starts_with('!');
  if (included_) line.remove_prefix(1);
  if (!line.ends_with("\\ ")) {
    while (line.ends_with(' ')) line.remove_suffix(1);
  }
  directory_only_ = line.ends_with('/');
  if (directory_only_) line.remove_suffix(1);
  rooted_ = line.find('/') != line.npos;
  const auto is_gap = [](const Part& part) { return part.what == Part::What::Empty || part.what == Part::What::AnyDepth; };
  for (const std::string_view part : Split(line)) {
    // Of several `**` (or nothing) in a row only the last says anything; a thousand of them shall not cost a thousand steps for each path.
    if (rooted_ && (part.empty() || part == "**") && !parts_.empty() && is_gap(parts_.back())) parts_.pop_back();
    if (rooted_ && part.empty())
      parts_.push_back({Part::What::Empty});
    else if (rooted_ && part == "**")
      parts_.push_back({Part::What::AnyDepth});
    else if (auto glob = Glob::Parse(part); glob && !(rooted_ && part.find("**") != part.npos))
      parts_.push_back({Part::What::Name, std::move(*glob)});
    else
      parts_.push_back({Part::What::Never});
  }
}

bool IgnorePattern::Matches(std::string_view path, bool is_directory) const { return Matches(path, Split(path), is_directory); }

bool IgnorePattern::Matches(std::string_view path, std::span<const std::string_view> names, bool is_directory) const {
  if (!path.starts_with(domain_) || path == ".") return false;
  names = names.subspan(domain_depth_);
  return rooted_ ? MatchesPath(names, is_directory) : MatchesName(names, is_directory);
}

// A pattern without a slash is about any name of the path.
bool IgnorePattern::MatchesName(std::span<const std::string_view> names, bool is_directory) const {
  if (parts_[0].what == Part::What::Never) return false;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (!parts_[0].glob.Matches(names[i])) continue;
    return !directory_only_ || is_directory || i + 1 < names.size();
  }
  return false;
}

// A pattern with a slash counts from its domain; names left over after its last part are below what it names.
bool IgnorePattern::MatchesPath(std::span<const std::string_view> names, bool is_directory) const {
  bool matched = false, any_depth = false;
  std::size_t at = 0;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    const Part& part = parts_[i];
    if (part.what == Part::What::AnyDepth && i + 1 == parts_.size()) break;
    if (part.what == Part::What::Empty || part.what == Part::What::AnyDepth) {
      any_depth = part.what == Part::What::AnyDepth;
      continue;
    }
    if (part.what == Part::What::Never || at == names.size()) return false;
    const auto found = std::find_if(names.begin() + static_cast<std::ptrdiff_t>(at), names.end(),
                                    [&](std::string_view name) { return part.glob.Matches(name); });
    const auto index = static_cast<std::size_t>(found - names.begin());
    if (!any_depth && index != at) return false;
    any_depth = false;
    matched = index < names.size();
    at = std::min(index + 1, names.size());
  }
  return matched && !(directory_only_ && !is_directory && at == names.size());
}

IgnoreMatcher IgnoreMatcher::FromText(std::string_view text) {
  IgnoreMatcher matcher;
  AppendLines(text, ".", matcher.patterns_);
  Prepend(kVersionControl, matcher.patterns_);
  matcher.defaults_ = std::size(kVersionControl);
  return matcher;
}

Result<IgnoreMatcher> IgnoreMatcher::LoadBelow(const Files& tree, const std::string& directory, std::string_view more) {
  IgnoreMatcher matcher;
  TRY(AppendTree(tree, directory, matcher.patterns_));
  TRY(AppendBounded("ignore", more, directory, matcher.patterns_));
  Prepend(kDefaults, matcher.patterns_, directory);
  Prepend(kVersionControl, matcher.patterns_, directory);
  matcher.defaults_ = std::size(kVersionControl) + std::size(kDefaults);
  return matcher;
}

Result<IgnoreMatcher> IgnoreMatcher::Load(const Files& tree, std::string_view spec_ignore) {
  IgnoreMatcher matcher;
  TRY(AppendTree(tree, ".", matcher.patterns_));
  TRY(AppendBounded("ignore", spec_ignore, ".", matcher.patterns_));
  const std::size_t own = matcher.patterns_.size();
  if (own == 0) Prepend(kDefaults, matcher.patterns_);
  Prepend(kVersionControl, matcher.patterns_);
  matcher.defaults_ = matcher.patterns_.size() - own;
  return matcher;
}

bool IgnoreMatcher::Ignored(std::string_view path, bool is_directory) const {
  const std::vector<std::string_view> names = Split(path);
  const auto last = std::find_if(patterns_.rbegin(), patterns_.rend(),
                                 [&](const IgnorePattern& pattern) { return pattern.Matches(path, names, is_directory); });
  return last != patterns_.rend() && !last->included();
}

bool IgnoreMatcher::CanPrune() const {
  return std::none_of(patterns_.begin(), patterns_.end(), [](const IgnorePattern& pattern) { return pattern.included(); });
}

}  // namespace sluice::base
