// controller/kustomization/build_protocol.h: a build in another process (isolation/pool.h). The parent sends the job, with answers to the questions that nearly every build asks; the
// child asks for what else it needs of the tree and of the keys, as it goes, and says in the end what it has built and what of the tree it depends on. So the keys stay here.
// A child that keeps a dependency to itself harms nobody but its own Kustomization, which it then does not build anew.
//
// What the child says is hostile: the parent takes a path for a path, opens data keys and nothing else, fetches what any manifest could name, and reads objects with
// the JSON parser, which has limits.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/files.h"
#include "base/parser_limits.h"
#include "base/result.h"
#include "controller/kustomization/build.h"
#include "isolation/channel.h"
#include "isolation/packed.h"

namespace sluice::controller::kustomization {

/// What a frame is. Of the first two the child is told; the others it says.
enum class BuildFrame : std::uint8_t {
  Job = 1,
  Answer,     ///< to one question
  Stat = 16,  ///< the questions, in the words of base::Files ...
  Read,
  List,
  Resolve,
  Describe,
  OpenKey,     ///< ... of sops::KeyHolder,
  FetchTree,   ///< ... and of kustomize::RemoteResolver: the answer to an entry that names a repository is the number of its tree,
  FetchFile,   ///< to an address the text
  OfTree,      ///< one of the first five, of a tree with a number
  Built = 32,  ///< the last word: what Build returned,
  Failed,      ///< the error that it returned,
  Threw,       ///< or the exception that left it
};

struct BuildProtocolLimits {
  std::size_t max_questions = 1'000'000;
  std::uint64_t max_answered_bytes = 1u << 30;  ///< of all files together
  std::size_t max_objects_bytes = 64u << 20;    ///< as JSON
  std::size_t max_values = 2'000'000;           ///< in all objects
  std::size_t max_trees = 10'000;               ///< that are asked for, each as often as it is
  std::size_t max_message_bytes = 1u << 20;     ///< of an error
};

/// What a build may cost, as a job carries it: numbers of 64 bits.
struct JobLimits {
  kustomize::BuildLimits build;
  sops::Limits sops;
  base::ParserLimits parsers;
  std::size_t max_manifests_bytes = 0;
  std::uint64_t max_program_bytes = 0, cpu_nanoseconds = 0, wall_nanoseconds = 0;  ///< no time: 0

  static JobLimits Of(const BuildInput& input);
  std::vector<std::uint64_t*> Numbers();
  /// Sets them, those of the parsers for the whole process: in a child, which has one thread.
  void Apply(BuildInput& input);
};

// ---- The parent's side -----------------------------------------------------------------------------------------------------------------

/// The bytes of the Job frame.
std::string PackJob(const BuildInput& input);
/// Files of the directory that is built which are sent along with the job; larger ones, and those after them, are asked for.
inline constexpr std::uint64_t kMaxForeseenFile = 64u << 10, kMaxForeseen = 256u << 10;

/// Answers one job's questions.
class BuildHost {
 public:
  /// `files` are shown to the child: those of `input`, through a record of what is read. Both outlive this, and so does the resolver of `input`.
  BuildHost(const BuildInput& input, const base::Files& files, BuildProtocolLimits limits = {})
      : input_(input), files_(files), limits_(limits) {}

  /// The bytes of the Answer frame to `frame`; nothing once `outcome` is there. Invalid, TooLarge: no build says that, or so much.
  base::Result<std::optional<std::string>> Hear(const isolation::Frame& frame);
  /// What came of the build: objects that carry the owner's labels and have names, without a read set; or its error. Of an exception: Internal.
  std::optional<base::Result<BuildOutput>>& outcome() { return outcome_; }

 private:
  /// The answer to a question about `files`; nothing if it is none.
  static std::optional<std::string> AnswerOf(const base::Files& files, BuildFrame question, std::string_view path);
  base::Result<std::string> AnswerOfTree(std::string_view bytes) const;
  base::Result<std::string> Fetch(BuildFrame question, std::string_view entry);
  base::Result<void> Conclude(const isolation::Frame& frame);
  base::Result<void> NoteReads(isolation::Unpacker& in);

  const BuildInput& input_;
  const base::Files& files_;
  const BuildProtocolLimits limits_;
  std::size_t questions_ = 0;
  std::uint64_t answered_ = 0;
  std::vector<std::shared_ptr<const base::Files>> trees_;  ///< of other repositories; the first has number 0
  std::optional<base::Result<BuildOutput>> outcome_;
};

/// Whether `json` holds more than `limit` values, those that are empty or repeated included. What is no JSON may count for anything.
bool HoldsMoreValues(std::string_view json, std::size_t limit);

// ---- The child's side ------------------------------------------------------------------------------------------------------------------

/// Builds what `first` tells, then what else it is told, until the parent is gone or says something else.
void BuildForParent(isolation::Channel& parent, isolation::Frame first);

}  // namespace sluice::controller::kustomization
