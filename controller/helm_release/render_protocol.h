// controller/helm_release/render_protocol.h: a chart is read, or rendered, in another process (isolation/pool.h). The parent sends the job; the child asks for the
// archive, unless it has read that chart before, and for what templates look up as they go, and says in the end what came of it.
//
// What the child says is hostile: the parent looks up with the account of the release and with nothing else, reads a zone's file only by a zone's name, and takes objects that
// name another owner for what they are.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "controller/helm_release/renderer.h"
#include "isolation/channel.h"
#include "isolation/packed.h"

namespace sluice::controller::helm_release {

/// What a frame is; others than those of kustomization::BuildFrame. Of the first two the child is told; the others it says.
enum class RenderFrame : std::uint8_t {
  Job = 64,
  Answer,        ///< to one question
  Archive = 80,  ///< the questions: the bytes of the chart,
  Lookup,        ///< an object of the cluster, or a list of them,
  Host,          ///< the address of a name,
  Zone,          ///< the file of a time zone
  Done = 96,     ///< the last word: what the task came to,
  Failed,        ///< the error that it ended in,
  Threw,         ///< or the exception
};

enum class RenderTask : std::uint8_t {
  Open,   ///< which chart is this?
  Crds,   ///< which CRDs does it have with these values; which at all, with none?
  Draft,  ///< what is a release of it?
};

struct RenderProtocolLimits {
  std::size_t max_questions = 100'000;
  std::uint64_t max_answered_bytes = 512u << 20;  ///< of all answers together
  std::size_t max_answer_bytes = 64u << 20;       ///< of one lookup
  std::size_t max_fact_bytes = 64u << 10;         ///< of a chart's name, its versions
  std::size_t max_message_bytes = 1u << 20;       ///< of an error
  std::size_t max_hooks = 100'000, max_crds = 10'000;
};

// ---- The parent's side -----------------------------------------------------------------------------------------------------------------

/// The bytes of the Job frame; of `input` a job that opens needs the chart and the limits.
std::string PackJob(RenderTask task, const RenderInput& input);

/// What a task came to.
struct RenderOutcome {
  ChartFacts facts;                 ///< of Open
  std::vector<helm::CrdFile> crds;  ///< of Crds
  helm::Draft draft;                ///< of Draft, without chart and config
  std::string chart_json;           ///< of Draft
};

/// Answers one job's questions.
class RenderHost {
 public:
  /// `input` outlives this.
  RenderHost(RenderTask task, const RenderInput& input, RenderProtocolLimits limits = {}) : task_(task), input_(input), limits_(limits) {}

  /// The bytes of the Answer frame to `frame`; nothing once `outcome` is there. Invalid, TooLarge: no render says that, or so much.
  base::Result<std::optional<std::string>> Hear(const isolation::Frame& frame);
  /// What came of the task, or its error. Of an exception: Internal.
  std::optional<base::Result<RenderOutcome>>& outcome() { return outcome_; }

 private:
  base::Result<std::string> Look(std::string_view question) const;
  base::Result<void> Conclude(const isolation::Frame& frame);
  base::Result<RenderOutcome> Read(isolation::Unpacker& in) const;
  base::Result<ChartFacts> ReadFacts(isolation::Unpacker& in) const;
  base::Result<helm::Draft> ReadDraft(isolation::Unpacker& in) const;
  base::Result<void> CheckOwner(std::string_view manifest) const;
  void PassOnNotices(isolation::Unpacker& in);

  const RenderTask task_;
  const RenderInput& input_;
  const RenderProtocolLimits limits_;
  std::size_t questions_ = 0;
  std::uint64_t answered_ = 0;
  std::optional<base::Result<RenderOutcome>> outcome_;
};

// ---- Both sides ------------------------------------------------------------------------------------------------------------------------

/// Template values of the kinds that YAML and JSON have. Packing reads without touching the counts in `value`.
void PackValue(isolation::Packer& to, const helm::Value& value);
/// Of what PackValue made.
helm::Value UnpackValue(isolation::Unpacker& in);

/// The numbers of `limits` that a render heeds, and those of the parsers.
void PackLimits(isolation::Packer& to, const Limits& limits);
/// Sets the parsers' for the whole process: in a child, which has one thread.
Limits UnpackLimits(isolation::Unpacker& in);

ChartFacts FactsOf(const helm::Chart& chart);

// ---- The child's side ------------------------------------------------------------------------------------------------------------------

/// Of address space, over what the process has at its start, without the stack that templates run on.
inline constexpr std::size_t kRenderMemory = 512u << 20;

/// Does what `first` tells, then what else it is told, until the parent is gone or says something else.
void RenderForParent(isolation::Channel& parent, isolation::Frame first);

}  // namespace sluice::controller::helm_release
