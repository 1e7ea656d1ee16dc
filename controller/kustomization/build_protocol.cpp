// What both sides agree on, and the parent's side.
#include "controller/kustomization/build_protocol.h"

#include <algorithm>

#include "base/paths.h"
#include "controller/worker_talk.h"
#include "document/json.h"
#include "document/object.h"
#include "isolation/packed.h"

namespace sluice::controller::kustomization {
namespace {

using base::Error;
using base::FileInfo;
using base::Invalid;
using base::MakeError;
using base::Reason;
using base::Result;
using document::Value;
using isolation::Frame;
using isolation::Packer;
using isolation::Unpacker;

constexpr std::size_t kMaxPath = 64u << 10, kMaxEncryptedKey = 2u << 20, kMaxDigest = 128;
/// Of what a build makes (kustomize/budget.h: kMaxNesting), and the list around it.
constexpr std::size_t kMaxDepth = 1'100;

Error NoBuildSaysThat(std::string_view what) { return Invalid("the process said what no build says: " + std::string(what)); }

void PackPairs(Packer& to, const std::vector<std::pair<std::string, std::string>>& pairs) {
  to.Number(pairs.size());
  for (const auto& [key, value] : pairs) to.Text(key).Text(value);
}

void PackInfo(Packer& to, const FileInfo& info) {
  to.Text(info.name).Number(static_cast<std::uint64_t>(info.type)).Number(info.size).Number(info.executable ? 1 : 0);
}

std::string Pack(const Result<FileInfo>& info) {
  if (!info) return PackError(info.error());
  Packer out;
  out.Number(0);
  PackInfo(out, *info);
  return out.Take();
}

std::string Pack(const Result<std::vector<FileInfo>>& entries) {
  if (!entries) return PackError(entries.error());
  Packer out;
  out.Number(0).Number(entries->size());
  for (const FileInfo& info : *entries) PackInfo(out, info);
  return out.Take();
}

bool IsDigest(std::string_view text) {
  constexpr std::string_view kPrefix = "sha256:";
  return text.size() <= kMaxDigest && text.starts_with(kPrefix) &&
         std::ranges::all_of(text.substr(kPrefix.size()), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

/// What we rely on afterwards, whatever the child made: each has a name, and the labels that say whose it is.
Result<void> Adopt(std::vector<Value>& objects, const BuildInput& input) {
  for (Value& object : objects) {
    const bool named = object.IsMapping() && !object.StringAt({"apiVersion"}).empty() && !object.StringAt({"kind"}).empty() &&
                       !document::NameOf(object).empty();
    if (!named) return NoBuildSaysThat("an object without apiVersion, kind or name");
    LabelBuilt(object, input);
  }
  return {};
}

/// Answers to come before their questions: what is in the directory, which names of a kustomization file are not, and the bytes of its small files.
void PackForeseen(Packer& to, const BuildInput& input) {
  struct Answered {
    BuildFrame question;
    std::string path, answer;
  };
  std::vector<Answered> all;
  const base::Files& files = input.files;
  const std::string directory = base::NormalizeBelowRoot(input.spec.path).value_or("");
  const auto entries = files.List(directory);
  if (!directory.empty() && entries) {
    all.push_back({BuildFrame::List, directory, Pack(entries)});
    all.push_back({BuildFrame::Stat, directory, Pack(files.Stat(directory))});
    all.push_back({BuildFrame::Resolve, directory, PackAnswer(files.Resolve(directory))});
    for (const std::string_view name : {"kustomization.yaml", "kustomization.yml", "Kustomization"}) {
      if (std::ranges::find(*entries, name, &FileInfo::name) != entries->end()) continue;
      const std::string path = *base::JoinPath(directory, name);
      all.push_back({BuildFrame::Stat, path, Pack(files.Stat(path))});
      all.push_back({BuildFrame::Read, path, PackAnswer(files.Read(path))});
    }
    std::uint64_t room = kMaxForeseen;
    for (const FileInfo& entry : *entries) {
      if (entry.type != base::FileType::Regular || entry.size > kMaxForeseenFile) continue;
      if (entry.size > room) break;
      room -= entry.size;
      const std::string path = *base::JoinPath(directory, entry.name);
      all.push_back({BuildFrame::Read, path, PackAnswer(files.Read(path))});
    }
  }
  to.Number(all.size());
  for (const Answered& each : all) to.Number(static_cast<std::uint64_t>(each.question)).Text(each.path).Text(each.answer);
}

}  // namespace

std::vector<std::uint64_t*> JobLimits::Numbers() {
  return {&build.max_depth,           &build.max_kustomizations,
          &build.max_objects,         &build.max_nodes,
          &build.max_comparisons,     &build.max_bytes,
          &max_manifests_bytes,       &sops.max_bytes,
          &sops.max_master_keys,      &sops.max_pgp_keys,
          &parsers.max_text_bytes,    &parsers.max_depth,
          &parsers.max_nodes,         &parsers.max_manifests_bytes,
          &parsers.max_pattern_bytes, &max_program_bytes,
          &cpu_nanoseconds,           &wall_nanoseconds};
}

std::string PackJob(const BuildInput& input) {
  const Spec& spec = input.spec;
  Packer out;
  JobLimits limits = JobLimits::Of(input);
  for (const std::uint64_t* number : limits.Numbers()) out.Number(*number);
  out.Text(input.name).Text(input.ns).Number(input.strict_substitution).Number(input.mask_encrypted).Number(input.normalize);
  out.Text(spec.path).Text(spec.target_namespace).Text(spec.name_prefix).Text(spec.name_suffix);
  out.Text(document::EmitJson(spec.patches)).Text(document::EmitJson(spec.images));
  PackTexts(out, spec.components);
  PackTexts(out, spec.build_metadata);
  out.Number(spec.ignore_missing_components);
  PackPairs(out, spec.common_labels);
  PackPairs(out, spec.common_annotations);
  out.Number(spec.post_build.has_value()).Number(spec.post_build && spec.post_build->always).Number(spec.decryption.has_value());
  out.Number(input.remote != nullptr);
  PackPairs(out, input.variables);
  PackForeseen(out, input);
  return out.Take();
}

JobLimits JobLimits::Of(const BuildInput& input) {
  JobLimits out{
      .build = input.limits, .sops = input.decryption.limits, .parsers = base::Parsers(), .max_manifests_bytes = input.max_manifests_bytes};
  out.max_program_bytes = static_cast<std::uint64_t>(out.parsers.max_program_bytes);
  if (!input.time) return out;
  out.cpu_nanoseconds = static_cast<std::uint64_t>(input.time->cpu.count());
  out.wall_nanoseconds = static_cast<std::uint64_t>(input.time->wall.count());
  return out;
}

void JobLimits::Apply(BuildInput& input) {
  parsers.max_program_bytes = static_cast<std::int64_t>(max_program_bytes);
  base::SetParserLimits(parsers);
  input.limits = build;
  input.decryption.limits = sops;
  input.max_manifests_bytes = max_manifests_bytes;
  if (wall_nanoseconds == 0) return;
  input.time = {.cpu = base::Duration(static_cast<std::int64_t>(cpu_nanoseconds)),
                .wall = base::Duration(static_cast<std::int64_t>(wall_nanoseconds))};
}

bool HoldsMoreValues(std::string_view json, std::size_t limit) {
  std::size_t values = 1;  // each further one follows a comma or opens a collection
  bool quoted = false;
  for (std::size_t i = 0; i < json.size(); ++i) {
    const char c = json[i];
    if (c == '"') quoted = !quoted;
    if (quoted && c == '\\') ++i;
    if (!quoted && (c == ',' || c == '[' || c == '{') && ++values > limit) return true;
  }
  return false;
}

std::optional<std::string> BuildHost::AnswerOf(const base::Files& files, BuildFrame question, std::string_view path) {
  switch (question) {
    case BuildFrame::Stat: return Pack(files.Stat(path));
    case BuildFrame::Read: return PackAnswer(files.Read(path));
    case BuildFrame::List: return Pack(files.List(path));
    case BuildFrame::Resolve: return PackAnswer(files.Resolve(path));
    case BuildFrame::Describe: return PackAnswer(files.Describe(path));
    default: return std::nullopt;
  }
}

Result<std::string> BuildHost::AnswerOfTree(std::string_view bytes) const {
  Unpacker in(bytes);
  const std::uint64_t tree = in.Number();
  const auto question = static_cast<BuildFrame>(in.Number(static_cast<std::uint64_t>(BuildFrame::Describe)));
  const std::string_view path = in.Text();
  if (!in.finished() || tree >= trees_.size()) return NoBuildSaysThat("a damaged question");
  std::optional<std::string> answer = AnswerOf(*trees_[tree], question, path);
  if (!answer) return NoBuildSaysThat("a damaged question");
  return *std::move(answer);
}

Result<std::string> BuildHost::Fetch(BuildFrame question, std::string_view entry) {
  if (input_.remote == nullptr) return NoBuildSaysThat("it asks for what is elsewhere, and may not");
  if (question == BuildFrame::FetchFile) return PackAnswer(input_.remote->FetchFile(entry));
  const auto url = kustomize::ParseGitUrl(entry);
  if (!url) return NoBuildSaysThat("it asks for a repository without an address");
  if (trees_.size() >= limits_.max_trees) return MakeError(Reason::TooLarge, "the process asks for too many repositories");
  auto tree = input_.remote->FetchTree(*url);
  if (!tree) return PackError(tree.error());
  trees_.push_back(*std::move(tree));
  return Packer().Number(0).Number(trees_.size() - 1).Take();
}

Result<std::optional<std::string>> BuildHost::Hear(const Frame& frame) {
  const auto type = static_cast<BuildFrame>(frame.type);
  if (type == BuildFrame::Built || type == BuildFrame::Failed || type == BuildFrame::Threw) {
    TRY(Conclude(frame));
    return std::optional<std::string>();
  }
  if (++questions_ > limits_.max_questions) return MakeError(Reason::TooLarge, "the process asks too many questions");
  const bool key = type == BuildFrame::OpenKey;
  if (frame.bytes.size() > (key ? kMaxEncryptedKey : kMaxPath)) return MakeError(Reason::TooLarge, "the process asks too long a question");
  std::string answer;
  switch (type) {
    case BuildFrame::FetchTree:
    case BuildFrame::FetchFile: {
      TRY(answer, Fetch(type, frame.bytes));
      break;
    }
    case BuildFrame::OfTree: {
      TRY(answer, AnswerOfTree(frame.bytes));
      break;
    }
    case BuildFrame::OpenKey: {
      if (!input_.spec.decryption || input_.mask_encrypted) return NoBuildSaysThat("it asks for keys, and decrypts nothing");
      Unpacker in(frame.bytes);
      const auto kind = static_cast<sops::MasterKind>(in.Number(static_cast<std::uint64_t>(sops::MasterKind::Pgp)));
      const std::string_view encrypted = in.Text();
      if (!in.finished()) return NoBuildSaysThat("a damaged question");
      answer = PackAnswer(sops::OpenMasterKey(kind, encrypted, input_.decryption.keys, input_.decryption.now));
      break;
    }
    default: {
      std::optional<std::string> of_files = AnswerOf(files_, type, frame.bytes);
      if (!of_files) return NoBuildSaysThat("frame " + std::to_string(frame.type));
      answer = *std::move(of_files);
    }
  }
  answered_ += answer.size();
  if (answered_ > limits_.max_answered_bytes) return MakeError(Reason::TooLarge, "the process reads too much");
  return std::optional(std::move(answer));
}

/// What the child depends on, looked at once more, so that it is on record with the ids that it has here.
Result<void> BuildHost::NoteReads(Unpacker& in) {
  for (const BuildFrame what : {BuildFrame::Stat, BuildFrame::List, BuildFrame::Resolve}) {
    for (std::uint64_t left = in.Count(8); left > 0; --left) {
      const std::string_view path = in.Text();
      if (++questions_ > limits_.max_questions || path.size() > kMaxPath)
        return MakeError(Reason::TooLarge, "the process depends on too much");
      switch (what) {
        case BuildFrame::Stat: (void)files_.Stat(path); break;
        case BuildFrame::List: (void)files_.List(path); break;
        default: (void)files_.Resolve(path); break;
      }
    }
  }
  return {};
}

Result<void> BuildHost::Conclude(const Frame& frame) {
  Unpacker in(frame.bytes);
  switch (static_cast<BuildFrame>(frame.type)) {
    case BuildFrame::Built: {
      BuildOutput built;
      built.digest = in.Text();
      for (std::uint64_t left = in.Count(8); left > 0; --left) built.warnings.emplace_back(in.Text());
      TRY(NoteReads(in));
      const std::string_view json = in.Text();
      if (!in.finished() || !IsDigest(built.digest)) return NoBuildSaysThat("a damaged result");
      if (HoldsMoreValues(json, limits_.max_values)) return MakeError(Reason::TooLarge, "the process built more than we take");
      document::JsonOptions options;
      options.max_bytes = limits_.max_objects_bytes;
      options.max_depth = kMaxDepth;
      auto objects = document::ParseJson(json, options);
      if (!objects || !objects->IsSequence()) return NoBuildSaysThat(objects ? "no list of objects" : objects.error().message);
      built.objects = std::move(objects->mutable_items());
      TRY(Adopt(built.objects, input_));
      outcome_.emplace(std::move(built));
      return {};
    }
    case BuildFrame::Failed: {
      const auto reason = static_cast<Reason>(in.Number(static_cast<std::uint64_t>(Reason::Internal)));
      std::string message(in.Text());
      if (!in.finished() || message.size() > limits_.max_message_bytes) return NoBuildSaysThat("a damaged error");
      outcome_.emplace(MakeError(reason, std::move(message)));
      return {};
    }
    default: {
      const std::string what(in.Text().substr(0, 1024));
      if (!in.finished()) return NoBuildSaysThat("a damaged exception");
      outcome_.emplace(MakeError(Reason::Internal, "the process met an exception: " + what));
      return {};
    }
  }
}

}  // namespace sluice::controller::kustomization
