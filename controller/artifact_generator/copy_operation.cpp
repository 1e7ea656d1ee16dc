// One copy operation: what it selects, and where that goes.
#include <algorithm>

#include "base/archive.h"
#include "base/doublestar.h"
#include "base/glob.h"
#include "controller/artifact_generator/staging.h"
#include "document/yaml.h"

namespace sluice::controller::artifact_generator {
namespace {

using base::Doublestar;
using base::FileInfo;
using base::Files;
using base::FileType;
using base::Glob;
using base::Invalid;
using base::NotFound;
using base::Result;
using document::Value;

constexpr std::string_view kTo = "@artifact/";
/// Of one archive that is unpacked: what Flux's tar library allows.
constexpr std::uint64_t kMaxExtracted = 100u << 20;

bool HasMeta(std::string_view text) { return text.find_first_of("*?[\\") != std::string_view::npos; }
bool IsPattern(std::string_view text) { return text.find_first_of("*?[]") != std::string_view::npos; }

/// Go's fs.ValidPath: no empty name, no `.` and `..`.
bool IsValidPath(std::string_view path) { return path == "." || base::NormalizePath(path) == path; }

base::Error Escapes(const std::string& path) { return Invalid(path + ": path escapes from parent"); }

std::string Below(std::string_view directory, std::string_view name) {
  return directory == "." ? std::string(name) : std::string(directory) + "/" + std::string(name);
}

/// Go's fs.Glob: what matches, name by name, in the order of the directories.
Result<std::vector<std::string>> GlobByName(const Files& tree, const std::string& pattern) {
  if (!Glob::Parse(pattern)) return Invalid("syntax error in pattern");
  if (!HasMeta(pattern)) return IsValidPath(pattern) && tree.Stat(pattern) ? std::vector<std::string>{pattern} : std::vector<std::string>();
  const std::size_t slash = pattern.rfind('/');
  const std::string last = slash == std::string::npos ? pattern : pattern.substr(slash + 1);
  const std::string directory = slash == std::string::npos ? "." : pattern.substr(0, slash);
  std::vector<std::string> directories{directory};
  if (HasMeta(directory)) {
    TRY(directories, GlobByName(tree, directory));
  }
  const std::optional<Glob> glob = Glob::Parse(last);
  if (!glob) return Invalid("syntax error in pattern");
  std::vector<std::string> out;
  for (const std::string& where : directories) {
    if (!IsValidPath(where)) continue;
    const auto entries = tree.List(where);
    if (!entries) continue;  // a file, or not there: nothing matches in it
    for (const FileInfo& entry : *entries) {
      if (glob->Matches(entry.name)) out.push_back(Below(where, entry.name));
    }
  }
  return out;
}

Result<void> WalkMatching(const Files& tree, const std::string& directory, const Doublestar& pattern, std::vector<std::string>& out) {
  TRY(const std::vector<FileInfo> entries, tree.List(directory));
  for (const FileInfo& entry : entries) {
    const std::string path = Below(directory, entry.name);
    if (pattern.Matches(path)) out.push_back(path);
    if (entry.type == FileType::Directory) TRY(WalkMatching(tree, path, pattern, out));
  }
  return {};
}

/// doublestar.Glob over the whole tree.
Result<std::vector<std::string>> GlobDeeply(const Files& tree, const std::string& pattern) {
  const auto parsed = Doublestar::Parse(pattern);
  if (!parsed) return Invalid("syntax error in pattern");
  std::vector<std::string> out;
  TRY(WalkMatching(tree, ".", *parsed, out));
  return out;
}

/// The part of a pattern before its first name with a wildcard.
std::string LiteralPrefix(const std::string& pattern) {
  const std::string clean = base::NormalizePath(pattern).value_or(".");
  std::size_t end = 0;
  while (end < clean.size()) {
    const std::size_t slash = std::min(clean.find('/', end), clean.size());
    if (IsPattern(std::string_view(clean).substr(end, slash - end))) break;
    end = slash + 1;
  }
  return end == 0 ? "." : clean.substr(0, std::min(end, clean.size() + 1) - 1);
}

bool IsTarball(std::string_view path) {
  const auto ends = [&](std::string_view end) {
    return path.size() >= end.size() && std::equal(end.begin(), end.end(), path.end() - static_cast<std::ptrdiff_t>(end.size()),
                                                   [](char want, char c) { return want == (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c); });
  };
  return ends(".tar.gz") || ends(".tgz");
}

class Excludes {
 public:
  static Result<Excludes> Parse(const std::vector<std::string>& patterns) {
    Excludes out;
    for (const std::string& pattern : patterns) {
      auto parsed = Doublestar::Parse(pattern);
      if (!parsed) return Invalid("invalid exclude pattern '" + pattern + "'");
      out.patterns_.push_back({std::move(*parsed), pattern.find('/') == std::string::npos});
    }
    return out;
  }

  /// `path` is from the source's root, `base` what the operation selects from.
  bool Match(std::string_view path, std::string_view base) const {
    if (MatchOne(path)) return true;
    if (base == "." || !path.starts_with(std::string(base) + "/")) return false;
    return MatchOne(path.substr(base.size() + 1));
  }

 private:
  struct Pattern {
    Doublestar glob;
    bool of_names;  ///< without a slash: held against the name alone, too
  };
  bool MatchOne(std::string_view path) const {
    return std::any_of(patterns_.begin(), patterns_.end(), [&](const Pattern& pattern) {
      return pattern.glob.Matches(path) || (pattern.of_names && pattern.glob.Matches(base::BaseName(path)));
    });
  }
  std::vector<Pattern> patterns_;
};

/// As Helm merges values: mappings deeply, all else is the later one's.
void MergeInto(Value& base, const Value& overlay) {
  for (const document::Member& member : overlay.members()) {
    Value* there = base.Find(member.key);
    if (there != nullptr && there->IsMapping() && member.value.IsMapping()) {
      MergeInto(*there, member.value);
    } else {
      base.Set(member.key, member.value);
    }
  }
}

/// As it is after sigs.k8s.io/yaml has taken it through JSON: keys are strings, numbers are plain, times are text.
void ThroughJson(Value& value) {
  if (value.IsMapping()) {
    for (document::Member& member : value.mutable_members()) {
      member.key_kind = document::Kind::String;
      member.key_style = document::Style::Any;
      ThroughJson(member.value);
    }
  } else if (value.IsSequence()) {
    for (Value& item : value.mutable_items()) ThroughJson(item);
  } else if (const auto number = value.IsInt() ? value.AsInt() : std::nullopt) {
    value = Value(*number);
  } else if (value.kind() == document::Kind::Timestamp) {
    value = Value(std::string(value.text()));
  }
  value.set_style(document::Style::Any);
}

/// All documents of a text, each merged into those before it.
Result<Value> ReadMerged(std::string_view text, const std::string& path) {
  const document::YamlOptions options{
      .resolver = document::Resolver::Yaml11, .duplicate_keys = document::DuplicateKeys::LastWins, .file = path};
  auto documents = document::ParseYamlStream(text, options);
  if (!documents) return std::move(documents).error().Wrap("cannot unmarshal YAML document");
  Value out = Value::Mapping();
  for (const Value& document : *documents) {
    if (document.IsNull()) continue;
    if (!document.IsMapping()) return Invalid("cannot unmarshal YAML document: " + path + ": not a mapping");
    MergeInto(out, document);
  }
  ThroughJson(out);
  return out;
}

/// One operation at work.
class Operation {
 public:
  Operation(const CopyOperation& what, const Files& tree, std::string pattern, std::string to, Excludes excludes, Staging& staging)
      : what_(what), tree_(tree), pattern_(std::move(pattern)), to_(std::move(to)), excludes_(std::move(excludes)), staging_(staging) {}

  Result<void> Run(const std::string& alias) { return IsPattern(pattern_) ? CopyMatches(alias) : CopyOne(); }

 private:
  Result<void> CopyOne() {
    const auto source = base::NormalizePath(pattern_);
    if (!source) return Escapes("failed to stat source '" + pattern_ + "'");
    const auto info = tree_.Stat(*source);
    if (!info && info.error().reason == base::Reason::NotFound) return NotFound("source '" + *source + "' does not exist");
    if (!info) return info.error().Wrap("failed to stat source '" + *source + "'");
    if (info->type == FileType::Directory) {
      if (what_.strategy == Strategy::Extract) return Invalid("extract strategy is not supported for directories, got '" + *source + "'");
      TRY(const std::string to, Join(to_, *source == "." ? "." : base::BaseName(*source)));
      return CopyDirectory(*source, to, *source);
    }
    if (excludes_.Match(*source, ".")) return {};
    if (what_.strategy == Strategy::Extract) {
      if (!IsTarball(*source)) return Invalid("extract strategy requires tarball file (.tar.gz or .tgz), got '" + *source + "'");
      return Extract(*source);
    }
    TRY(std::string to, Join(to_, "."));
    if (what_.to.ends_with('/') || staging_.HasDirectory(to)) {
      TRY(to, Join(to_, base::BaseName(*source)));
    }
    return CopyFile(*source, to);
  }

  Result<void> CopyMatches(const std::string& alias) {
    auto matches = what_.strategy == Strategy::Extract ? GlobDeeply(tree_, pattern_) : GlobByName(tree_, pattern_);
    if (!matches) return std::move(matches).error().Wrap("invalid glob pattern '" + pattern_ + "'");
    if (matches->empty()) return NotFound("no files match pattern '" + pattern_ + "' in source '" + alias + "'");
    const std::string base = LiteralPrefix(pattern_);
    std::erase_if(*matches, [&](const std::string& match) { return excludes_.Match(match, base); });
    if (matches->empty()) return Invalid("all files matching pattern '" + pattern_ + "' in source '" + alias + "' were excluded");
    for (const std::string& match : *matches) {
      if (what_.strategy == Strategy::Extract) {
        if (IsTarball(match)) TRY(Extract(match));
        continue;
      }
      TRY(const std::string to, Join(to_, Kept(match)));
      auto copied = CopyMatch(match, to, base);
      if (!copied) return std::move(copied).error().Wrap("failed to copy file '" + match + "' to '" + to + "'");
    }
    return {};
  }

  Result<void> CopyMatch(const std::string& match, const std::string& to, const std::string& base) {
    TRY(const FileInfo info, tree_.Stat(match));
    if (info.type == FileType::Directory) return CopyDirectory(match, to, base);
    return CopyFile(match, to);
  }

  /// What of a match's path goes below `to`.
  std::string_view Kept(std::string_view match) const {
    const std::string_view pattern = pattern_;
    if (pattern.ends_with("/**")) {
      const std::string_view prefix = pattern.substr(0, pattern.size() - 2);
      if (match.starts_with(prefix)) return match.substr(prefix.size());
    }
    return match;
  }

  static Result<std::string> Join(std::string_view to, std::string_view name) {
    auto joined = base::JoinPath(to.empty() ? "." : to, name);
    if (!joined) return Escapes(std::string(to));
    return std::move(*joined);
  }

  Result<void> CopyDirectory(const std::string& from, const std::string& to, const std::string& base) {
    TRY(staging_.MakeDirectory(to));
    TRY(const std::vector<FileInfo> entries, tree_.List(from));
    for (const FileInfo& entry : entries) {
      const std::string path = Below(from, entry.name);
      if (excludes_.Match(path, base)) continue;
      if (entry.type == FileType::Directory) TRY(CopyDirectory(path, Below(to, entry.name), base));
      if (entry.type == FileType::Regular) TRY(CopyRegular(path, Below(to, entry.name)));
    }
    return {};
  }

  Result<void> CopyFile(const std::string& from, const std::string& to) {
    if (what_.strategy == Strategy::Merge && staging_.HasFile(to)) return MergeFile(from, to);
    return CopyRegular(from, to);
  }

  Result<void> CopyRegular(const std::string& from, const std::string& to) {
    TRY(const FileInfo info, tree_.Stat(from));
    TRY(std::string content, tree_.Read(from));
    return staging_.Write(to, std::move(content), info.executable);
  }

  Result<void> MergeFile(const std::string& from, const std::string& to) {
    TRY(const std::string text, tree_.Read(from));
    TRY(const Value overlay, ReadMerged(text, from));
    TRY(Value merged, ReadMerged(staging_.Content(to), to));
    MergeInto(merged, overlay);
    return staging_.Write(to, document::EmitYaml(merged), false);
  }

  Result<void> Extract(const std::string& from) {
    auto extracted = ExtractBelow(from);
    if (!extracted) return std::move(extracted).error().Wrap("failed to extract tarball '" + from + "' to '" + to_ + "'");
    return {};
  }

  Result<void> ExtractBelow(const std::string& from) {
    TRY(const std::string to, Join(to_, "."));
    TRY(const std::string packed, tree_.Read(from));
    base::ArchiveOptions options;
    options.limits.max_unpacked_bytes = kMaxExtracted;
    TRY(const std::unique_ptr<Files> files, base::ArchiveFiles(packed, options));
    TRY(staging_.MakeDirectory(to));
    return CopyAll(*files, ".", to);
  }

  Result<void> CopyAll(const Files& files, const std::string& from, const std::string& to) {
    TRY(const std::vector<FileInfo> entries, files.List(from));
    for (const FileInfo& entry : entries) {
      const std::string path = Below(from, entry.name), target = Below(to, entry.name);
      if (entry.type == FileType::Directory) {
        TRY(staging_.MakeDirectory(target));
        TRY(CopyAll(files, path, target));
      } else {
        TRY(std::string content, files.Read(path));
        TRY(staging_.Write(target, std::move(content), entry.executable));
      }
    }
    return {};
  }

  const CopyOperation& what_;
  const Files& tree_;
  const std::string pattern_, to_;
  const Excludes excludes_;
  Staging& staging_;
};

}  // namespace

Result<void> Apply(const CopyOperation& operation, const SourceTrees& trees, Staging& staging) {
  const std::string_view from = operation.from;
  const std::size_t slash = from.find('/');
  if (!from.starts_with('@')) return Invalid("invalid copy source '" + operation.from + "': source must start with '@'");
  if (slash == std::string_view::npos)
    return Invalid("invalid copy source '" + operation.from + "': source format must be '@alias/pattern'");
  if (!operation.to.starts_with(kTo))
    return Invalid("invalid copy destination '" + operation.to + "': destination must start with '@artifact/'");
  const std::string alias(from.substr(1, slash - 1));
  const auto tree = trees.find(alias);
  if (tree == trees.end()) return NotFound("source alias '" + alias + "' not found");
  TRY(Excludes excludes, Excludes::Parse(operation.exclude));
  Operation work(operation, *tree->second, std::string(from.substr(slash + 1)), operation.to.substr(kTo.size()), std::move(excludes),
                 staging);
  return work.Run(alias);
}

}  // namespace sluice::controller::artifact_generator
