// controller/worker_talk.h: what the conversations with a worker's jobs have in common, whatever their kind (kustomization/build_protocol.h, helm_release/render_protocol.h): the
// parent tells the job, the child asks until it says its last word. An answer begins with a number: 0 for a value, else 1 + the Reason of an error, whose message follows.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "isolation/channel.h"
#include "isolation/packed.h"

namespace sluice::controller {

void PackTexts(isolation::Packer& to, const std::vector<std::string>& texts);

// ---- The parent's side -----------------------------------------------------------------------------------------------------------------

std::string PackError(const base::Error& error);
std::string PackAnswer(const base::Result<std::string>& text);

/// Tells `job` and answers with what `hear` says to each frame, until that is nothing: the last word was said. Errors: those of the channel, and of `hear`.
base::Result<void> TalkToJob(isolation::Channel& child, const isolation::Frame& job, std::uint8_t answer_type,
                             const std::function<base::Result<std::optional<std::string>>(const isolation::Frame&)>& hear);

// ---- The child's side: it takes the parent at its word ---------------------------------------------------------------------------------

/// The bytes of the answer; ends the process when the parent is gone.
std::string AskParent(isolation::Channel& parent, std::uint8_t what, std::string_view bytes);
/// What is behind the leading 0 of an answer, or the error that it is.
base::Result<std::string> OpenAnswer(std::string answer);
/// The text that PackAnswer packed.
base::Result<std::string> OpenTextAnswer(std::string answer);

/// A process that waits for its next job keeps little of what a large one took.
void GiveBackMemory();

}  // namespace sluice::controller
