// The child's side of build_protocol.h. It takes the parent at its word; when the parent is gone, so is the child.
#include <exception>
#include <map>
#include <memory>
#include <new>
#include <optional>
#include <utility>

#include "controller/kustomization/build_protocol.h"
#include "controller/worker_talk.h"
#include "document/json.h"
#include "isolation/packed.h"
#include "isolation/sandbox.h"

namespace sluice::controller::kustomization {
namespace {

using base::Error;
using base::FileInfo;
using base::FileType;
using base::MakeError;
using base::Reason;
using base::Result;
using document::Value;
using isolation::Channel;
using isolation::Frame;
using isolation::Packer;
using isolation::Unpacker;

/// A question and its answer.
class Parent {
 public:
  explicit Parent(Channel& channel) : channel_(channel) {}

  /// Takes over the answers that came with the job.
  void Foresee(Unpacker& in) {
    foreseen_.clear();
    for (std::uint64_t left = in.Number(); left > 0; --left) {
      const auto what = static_cast<BuildFrame>(in.Number());
      const std::string_view path = in.Text();
      foreseen_[std::pair(what, std::string(path))] = in.Text();
    }
  }

  /// The bytes after the leading 0 of the answer.
  Result<std::string> Ask(BuildFrame what, std::string_view bytes) const { return OpenAnswer(AnswerTo(what, bytes)); }
  Result<std::string> AskText(BuildFrame what, std::string_view bytes) const { return OpenTextAnswer(AnswerTo(what, bytes)); }

 private:
  std::string AnswerTo(BuildFrame what, std::string_view bytes) const {
    const auto foreseen = foreseen_.find(std::pair(what, std::string(bytes)));
    return foreseen != foreseen_.end() ? foreseen->second : AskParent(channel_, static_cast<std::uint8_t>(what), bytes);
  }

  Channel& channel_;
  std::map<std::pair<BuildFrame, std::string>, std::string> foreseen_;
};

/// A tree, asked for piece by piece: the artifact's, or one of another repository, which has a number. What was said once is not asked again, for it does not
/// change under a build. A listing also says what its entries are, links excepted: whoever depends on that depends on the listing, which the parent has on record.
class AskedFiles final : public base::Files {
 public:
  explicit AskedFiles(const Parent& parent, std::optional<std::uint64_t> tree = std::nullopt) : parent_(parent), tree_(tree) {}

  Result<FileInfo> Stat(std::string_view path) const override {
    const std::string key = Key(path);
    const auto known = infos_.find(key);
    if (known != infos_.end()) return known->second;
    return infos_.emplace(key, AskInfo(path)).first->second;
  }

  Result<std::string> Read(std::string_view path) const override { return AskText(BuildFrame::Read, path); }

  Result<std::vector<FileInfo>> List(std::string_view path) const override {
    const std::string key = Key(path);
    const auto known = listings_.find(key);
    if (known != listings_.end()) return known->second;
    Result<std::vector<FileInfo>> entries = AskEntries(path);
    for (const FileInfo& entry : entries ? *entries : std::vector<FileInfo>()) {
      const auto at = base::JoinPath(key, entry.name);
      if (at && (entry.type == FileType::Regular || entry.type == FileType::Directory)) infos_.emplace(*at, entry);
    }
    return listings_.emplace(key, std::move(entries)).first->second;
  }

  Result<std::string> Resolve(std::string_view path) const override {
    const std::string key = Key(path);
    const auto known = resolved_.find(key);
    if (known != resolved_.end()) return known->second;
    return resolved_.emplace(key, AskText(BuildFrame::Resolve, path)).first->second;
  }

  std::string Describe(std::string_view path) const override { return AskText(BuildFrame::Describe, path).value_or(std::string(path)); }

 private:
  static std::string Key(std::string_view path) { return base::NormalizePath(path).value_or(std::string(path)); }

  Result<std::string> Ask(BuildFrame what, std::string_view path) const {
    if (!tree_) return parent_.Ask(what, path);
    return parent_.Ask(BuildFrame::OfTree, OfTree(what, path));
  }
  Result<std::string> AskText(BuildFrame what, std::string_view path) const {
    if (!tree_) return parent_.AskText(what, path);
    return parent_.AskText(BuildFrame::OfTree, OfTree(what, path));
  }
  std::string OfTree(BuildFrame what, std::string_view path) const {
    return Packer().Number(*tree_).Number(static_cast<std::uint64_t>(what)).Text(path).Take();
  }

  static FileInfo Unpack(Unpacker& in) {
    FileInfo info;
    info.name = in.Text();
    info.type = static_cast<FileType>(in.Number());
    info.size = in.Number();
    info.executable = in.Number() != 0;
    info.content_id = "asked for";  // the parent notes what was read, so nobody here needs to know
    return info;
  }

  Result<FileInfo> AskInfo(std::string_view path) const {
    TRY(const std::string packed, Ask(BuildFrame::Stat, path));
    Unpacker in(packed);
    return Unpack(in);
  }

  Result<std::vector<FileInfo>> AskEntries(std::string_view path) const {
    TRY(const std::string packed, Ask(BuildFrame::List, path));
    Unpacker in(packed);
    std::vector<FileInfo> entries(in.Number());
    for (FileInfo& entry : entries) entry = Unpack(in);
    return entries;
  }

  const Parent& parent_;
  const std::optional<std::uint64_t> tree_;
  mutable std::map<std::string, Result<FileInfo>> infos_;
  mutable std::map<std::string, Result<std::vector<FileInfo>>> listings_;
  mutable std::map<std::string, Result<std::string>> resolved_;
};

class AskedRemotes final : public kustomize::RemoteResolver {
 public:
  explicit AskedRemotes(const Parent& parent) : parent_(parent) {}
  Result<std::shared_ptr<const base::Files>> FetchTree(const kustomize::GitUrl& url) override {
    TRY(const std::string packed, parent_.Ask(BuildFrame::FetchTree, url.raw));
    Unpacker in(packed);
    return std::make_shared<const AskedFiles>(parent_, in.Number());
  }
  Result<std::string> FetchFile(std::string_view url) override { return parent_.AskText(BuildFrame::FetchFile, url); }

 private:
  const Parent& parent_;
};

class AskedKeys final : public sops::KeyHolder {
 public:
  explicit AskedKeys(const Parent& parent) : parent_(parent) {}
  Result<std::string> Open(sops::MasterKind kind, std::string_view encrypted) const override {
    return parent_.AskText(BuildFrame::OpenKey, Packer().Number(static_cast<std::uint64_t>(kind)).Text(encrypted).Take());
  }

 private:
  const Parent& parent_;
};

std::vector<std::string> Texts(Unpacker& in) {
  std::vector<std::string> out(in.Number());
  for (std::string& text : out) text = in.Text();
  return out;
}

std::vector<std::pair<std::string, std::string>> Pairs(Unpacker& in) {
  std::vector<std::pair<std::string, std::string>> out(in.Number());
  for (auto& [key, value] : out) {
    key = in.Text();
    value = in.Text();
  }
  return out;
}

/// Of what the parent printed. Should it be no JSON all the same, the build ends with this exception and not without its patches.
Value Json(Unpacker& in) { return document::ParseJson(in.Text()).value(); }

/// The frame that says what came of `built`.
struct LastWord {
  BuildFrame type = BuildFrame::Failed;
  std::string head, objects;
};

LastWord Say(const Error& error) {
  const std::string_view message = std::string_view(error.message).substr(0, BuildProtocolLimits().max_message_bytes);
  return {BuildFrame::Failed, Packer().Number(static_cast<std::uint64_t>(error.reason)).Text(message).Take(), ""};
}

LastWord Say(BuildOutput built) {
  Packer head;
  head.Text(built.digest).Number(built.warnings.size());
  for (const std::string& warning : built.warnings) head.Text(warning);
  for (const auto* paths : {&built.reads.files, &built.reads.directories, &built.reads.links}) {
    head.Number(paths->size());
    for (const auto& [path, id] : *paths) head.Text(path);
  }
  std::string objects = document::EmitJson(Value::Sequence(std::move(built.objects)));
  const BuildProtocolLimits limits;
  if (objects.size() > limits.max_objects_bytes || HoldsMoreValues(objects, limits.max_values)) {
    return Say(MakeError(Reason::TooLarge, "the objects of this build are more than " + std::to_string(limits.max_objects_bytes >> 20) +
                                               " MiB or " + std::to_string(limits.max_values) + " values: split it"));
  }
  head.Number(objects.size());
  return {BuildFrame::Built, head.Take(), std::move(objects)};
}

LastWord BuildJob(std::string_view job, Parent& parent) {
  Unpacker in(job);
  JobLimits limits;
  for (std::uint64_t* number : limits.Numbers()) *number = in.Number();
  const AskedFiles files(parent);
  const AskedKeys keys(parent);
  Spec spec;
  BuildInput input{.files = files, .spec = spec, .name = std::string(in.Text()), .ns = std::string(in.Text())};
  input.strict_substitution = in.Number() != 0;
  input.mask_encrypted = in.Number() != 0;
  input.normalize = in.Number() != 0;
  for (std::string* text : {&spec.path, &spec.target_namespace, &spec.name_prefix, &spec.name_suffix}) *text = in.Text();
  spec.patches = Json(in);
  spec.images = Json(in);
  spec.components = Texts(in);
  spec.build_metadata = Texts(in);
  spec.ignore_missing_components = in.Number() != 0;
  spec.common_labels = Pairs(in);
  spec.common_annotations = Pairs(in);
  if (in.Number() != 0) spec.post_build.emplace();
  if (in.Number() != 0 && spec.post_build) spec.post_build->always = true;
  if (in.Number() != 0) spec.decryption.emplace();
  AskedRemotes remotes(parent);
  if (in.Number() != 0) input.remote = &remotes;
  input.variables = Pairs(in);
  parent.Foresee(in);
  input.decryption.keys.elsewhere = &keys;
  limits.Apply(input);
  Result<BuildOutput> built = Build(input);
  return built ? Say(std::move(*built)) : Say(built.error());
}

}  // namespace

void BuildForParent(Channel& channel, Frame first) {
  Parent parent(channel);
  for (Result<Frame> frame = std::move(first); frame && frame->type == static_cast<std::uint8_t>(BuildFrame::Job);
       frame = channel.Receive()) {
    LastWord word;
    try {
      word = BuildJob(frame->bytes, parent);
    } catch (const std::bad_alloc& error) {
      const std::string most = std::to_string(isolation::Limits().memory_bytes >> 20);
      word = {BuildFrame::Threw, Packer().Text(std::string(error.what()) + ": a build may take " + most + " MiB").Take(), ""};
    } catch (const std::exception& error) {
      word = {BuildFrame::Threw, Packer().Text(error.what()).Take(), ""};
    } catch (...) {
      word = {BuildFrame::Threw, Packer().Text("unknown").Take(), ""};
    }
    if (!channel.Send(static_cast<std::uint8_t>(word.type), {word.head, word.objects})) return;
    word = {};
    GiveBackMemory();
  }
}

}  // namespace sluice::controller::kustomization
